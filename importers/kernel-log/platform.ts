// Concludes from stacks, registers and modules on which architecture and with which drivers a log was made.
import type { Report } from '../../corpus/schema/report.js';

/** Architecture by what only it prints or calls; the first that fits stands. */
const ARCH_BY_LINE: readonly (readonly [string, RegExp])[] = [
  [
    's390x',
    /Krnl (?:PSW|GPRS|Code)|Hardware name: .*\b(?:IBM \d{4} |QEMU \d{4} QEMU|LPAR|z\/VM)|\[<0*3(?:ff|[0-9a-f]{2})[0-9a-f]{8}>\] \w+\+0x/,
  ],
  [
    'arm64',
    /^ *(?:pc : [0-9a-z_]|pstate: |x29: )|\b(?:el[01]t?_?(?:64_)?(?:sync|svc|irq)\w*|el1h_64_\w+|__arm64_sys_\w+|do_el0_svc|el0_sync\w*)\+0x/,
  ],
  [
    'ppc64',
    /\bNIP:? +\[?[c0-9a-f]|\[c0[0-9a-f]{14}\] \[c0[0-9a-f]{14}\]|\bGPR\d\d: |\bsystem_call_(?:exception|common|vectored_common)\+0x/,
  ],
  [
    'riscv64',
    /\bepc : |\b(?:do_trap_ecall_u|__riscv_sys_\w+|ret_from_exception)\+0x|\[<ffffffff80[0-9a-f]{6}>\] \w+\+0x.*\bhandle_exception/,
  ],
  [
    'x86_64',
    /\bRIP: 00|\bORIG_RAX: |\bR15: [0-9a-f]{16}|\b(?:do_syscall_64|entry_SYSCALL_64\w*|__x64_sys_\w+|asm_(?:sysvec|exc)_\w+|ret_from_fork_asm|do_syscall_x64|secondary_startup_64\w*|x86_64_start_\w+|system_call_fastpath|cpu_startup_entry_x86)\+0x/,
  ],
  [
    'x86',
    /\bEIP: |\b(?:do_int80_syscall_32|do_fast_syscall_32|entry_INT80_32|sysenter_do_call|startup_32_smp)\+0x/,
  ],
  [
    'arm',
    /\b(?:ret_fast_syscall|__irq_svc|__irq_usr|unwind_backtrace|kernel_thread_exit)\b|PC is at |\) from \[<[0-9a-f]{8}>\]/,
  ],
  ['loongarch64', /\bera +: |\bera: [0-9a-f]{16}/],
  ['mips', /\bepc +: [0-9a-f]{8}|\bhandle_sys64?\+0x/],
];

/** Architecture as distributions write it into release names. */
const ARCH_BY_RELEASE: readonly (readonly [string, RegExp])[] = [
  ['x86_64', /[.-](?:x86_64|amd64)\b/],
  ['arm64', /[.-](?:aarch64|arm64)\b/],
  ['s390x', /[.-]s390x?\b/],
  ['ppc64', /[.-]ppc64(?:le)?\b/],
  ['riscv64', /[.-]riscv64\b/],
];

const MODULE = /\[([a-z][\w-]*)(?: [0-9a-f]{8,})?\] *$/;

/** Drivers by module, or by what their functions begin with where they are built in. */
const DRIVERS: readonly (readonly [string, RegExp, RegExp])[] = [
  [
    'intel-xe',
    /^(?:xe|xe_\w+)$/,
    /^xe_(?:pm|gt|guc|bo|vm|exec|device|display|ggtt|mmio|force|pci|tile|sync|sched|uc|gsc|huc|query|migrate|drm|ttm|pt)_/,
  ],
  ['intel-i915', /^i915$/, /^(?:i915_|__i915_|gen\d+_\w+gt)/],
  ['nouveau', /^nouveau$/, /^(?:nouveau_|nvkm_|nvif_|nv50_|nv04_|gf100_|gk104_)/],
  [
    'nvidia',
    /^(?:nvidia(?:_\w+)?|mlx[45]_\w+)$/,
    /^(?:nvidia_|nv_(?:open|close|stop|start|acpi)_|_?nv\d{6}rm$|rm_(?:init|shutdown|ioctl)|mlx[45]_|nvUvm|uvm_(?:suspend|ioctl|api))/,
  ],
  ['amdgpu', /^amdgpu$/, /^(?:amdgpu_|amdgpu_dm_)/],
  [
    's390',
    /^(?:zcrypt\w*|vfio_ap|vfio_ccw|qeth\w*|dasd\w*|zfcp|ism|smc)$/,
    /^(?:zpci_|__zpci_|s390_|ccw_|chsc_|crw_|css_|ap_bus|sclp_|__s390)/,
  ],
];

/** Gathers hints line by line while reports are read. */
export class MachineHints {
  #arch: string | null = null;
  readonly #modules = new Set<string>();

  /** Notes one peeled line of a report. */
  note(message: string): void {
    if (this.#arch === null) {
      for (const [arch, pattern] of ARCH_BY_LINE) {
        if (pattern.test(message)) {
          this.#arch = arch;
          break;
        }
      }
    }
    if (message.includes(']')) {
      const module = MODULE.exec(message)?.[1];
      if (module !== undefined && this.#modules.size < 10_000) this.#modules.add(module);
    }
  }

  /** The architecture, or null where nothing tells. */
  arch(kernel: string | null): string | null {
    if (this.#arch !== null) return this.#arch;
    if (kernel === null) return null;
    return ARCH_BY_RELEASE.find(([, pattern]) => pattern.test(kernel))?.[0] ?? null;
  }

  /** Platform tags of the drivers and machines that the reports pass through, sorted. */
  platforms(reports: readonly Report[], kernel: string | null): readonly string[] {
    const tags = new Set<string>();
    if (this.arch(kernel) === 's390x') tags.add('s390');
    const functions = new Set<string>();
    for (const report of reports) {
      for (const link of report.chain) for (const frame of link.frames) functions.add(frame);
      for (const task of report.blocked) for (const frame of task.frames) functions.add(frame);
      for (const frame of report.backtrace ?? []) functions.add(frame);
      for (const list of report.held)
        for (const lock of list.locks) if (lock.site !== null) functions.add(lock.site);
    }
    for (const [tag, module, func] of DRIVERS) {
      if (tags.has(tag)) continue;
      if (
        [...this.#modules].some((name) => module.test(name)) ||
        [...functions].some((name) => func.test(name))
      )
        tags.add(tag);
    }
    return [...tags].sort();
  }
}
