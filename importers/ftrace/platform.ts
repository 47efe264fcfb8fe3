// On which machine and with which drivers a trace was recorded, concluded from the functions that it names.
import type { CaptureBuilder } from '../builder.js';
import { driversOf } from '../kernel-log/platform.js';

/** Functions that only one architecture has: entry code (arch/*). */
const ARCH_BY_FUNCTION: readonly (readonly [string, RegExp])[] = [
  [
    's390x',
    /^(?:system_call|__do_syscall|io_int_handler|ext_int_handler|pgm_check_handler|do_io_irq|do_ext_irq|startup_continue|chsc_\w+|zpci_\w+|__zpci_\w+|crw_collect_info|css_\w+|__s390x?_sys_\w+|arch_cpu_idle_s390|psw_idle|smp_start_secondary)$/,
  ],
  [
    'x86_64',
    /^(?:do_syscall_64|entry_SYSCALL_64\w*|x64_sys_call|__x64_sys_\w+|asm_(?:sysvec|exc|common)_\w+|sysvec_\w+|ret_from_fork_asm|common_startup_64|secondary_startup_64\w*|x86_64_start_\w+|acpiphp_\w+|ldt_dup_context)$/,
  ],
  [
    'arm64',
    /^(?:el0t?_64_sync\w*|el0_svc|el1h?_64_\w+|invoke_syscall\w*|do_el0_svc|__arm64_sys_\w+|gic_handle_irq)$/,
  ],
  ['ppc64', /^(?:system_call_(?:exception|common|vectored_common)|ret_from_kernel_user_thread)$/],
  ['riscv64', /^(?:do_trap_ecall_u|__riscv_sys_\w+|riscv_intc_irq)$/],
];

/** Where kernels live, by the upper half of an address. Functions tell more. */
const ARCH_BY_ADDRESS: readonly (readonly [string, number, number])[] = [
  ['s390x', 0x0000_0300, 0x0000_03ff],
  ['ppc64', 0xc000_0000, 0xc00f_ffff],
  ['x86_64', 0xff10_0000, 0xff1f_ffff],
  ['arm64', 0xffff_0000, 0xffff_0fff],
  ['arm64', 0xffff_8000, 0xffff_80ff],
  ['x86_64', 0xffff_8800, 0xffff_c9ff],
  ['x86_64', 0xffff_ffff, 0xffff_ffff],
];

const MODULE = /\[([a-z][\w-]*)\]/;
/** Names that are looked at; a recording repeats a few thousand. */
const MOST_NAMES = 20_000;

/** Gathers names of functions while a recording is read. */
export class TraceMachine {
  readonly #functions = new Set<string>();
  readonly #modules = new Set<string>();
  readonly #votes = new Map<string, number>();

  name(name: string): void {
    if (this.#functions.size >= MOST_NAMES || this.#functions.has(name)) return;
    this.#functions.add(name);
    for (const [arch, pattern] of ARCH_BY_FUNCTION)
      if (pattern.test(name)) this.#votes.set(arch, (this.#votes.get(arch) ?? 0) + 1);
  }

  /** A frame with all that stands behind its symbol. */
  frame(name: string, text: string): void {
    this.name(name);
    if (!text.includes('[')) return;
    const module = MODULE.exec(text)?.[1];
    if (module !== undefined) this.#modules.add(module);
  }

  /** A kernel address with its upper half not zero: it was not hashed. */
  address(high: number): void {
    const arch = ARCH_BY_ADDRESS.find(([, from, to]) => high >= from && high <= to)?.[0];
    if (arch !== undefined) this.#votes.set(arch, (this.#votes.get(arch) ?? 0) + 0.01);
  }

  tell(builder: CaptureBuilder): void {
    let best: string | null = null;
    for (const [arch, votes] of this.#votes)
      if (votes > (best === null ? 0 : (this.#votes.get(best) ?? 0))) best = arch;
    if (best !== null) builder.arch(best);
    if (best === 's390x') builder.platform('s390');
    for (const tag of driversOf(this.#functions, this.#modules)) builder.platform(tag);
  }
}
