// Concludes from stacks, registers and modules on which architecture and with which drivers a log was made.
import type { Report } from '../../corpus/schema/report.js';

/** What only one architecture prints, calls or addresses, with how much it tells. A line may speak for several. */
const ARCH_SIGNS: readonly (readonly [string, number, RegExp])[] = [
  [
    's390x',
    5,
    /Krnl (?:PSW|GPRS|Code)|Hardware name: (?:IBM \d{4} |QEMU \d{4} QEMU)|\b__s390x?_sys_\w+|\barch\/s390\/|\bz\/VM\b|\(LPAR\)/,
  ],
  [
    's390x',
    3,
    /\b(?:zpci_|chsc_|crw_collect|ccw_device|css_(?:process_crw|sched_sch|evaluate)|vfio_pci_zdev)\w+|&zdev->|\bsystem_call\+0x[0-9a-f]+\/0x/,
  ],
  ['s390x', 1, /\[<0{4,5}[0-9a-f]{10,12}>\] \w+\+0x/],
  [
    'arm64',
    5,
    /^ *(?:pc : \w|pstate: [0-9a-f]{8}|x29: [0-9a-f]{16})|\b(?:el[01]t?_?(?:64_)?(?:sync|svc|irq|interrupt)\w*|__arm64_sys_\w+|do_el0_svc\w*|el1h_64_\w+|gic_handle_irq)\+0x|\barch\/arm64\/|Hardware name: .*\(DT\)|QEMU KVM Virtual Machine/,
  ],
  ['arm64', 1, /\bffff(?:0000|8000)[0-9a-f]{8}\b/],
  [
    'ppc64',
    5,
    /\bNIP:? +\[?c0|\[c0[0-9a-f]{14}\] \[c0[0-9a-f]{14}\]|\bGPR\d\d: |\bsystem_call_(?:exception|common|vectored_common)\+0x|\barch\/powerpc\/|\bret_from_kernel_(?:user_)?thread\+0x/,
  ],
  ['ppc64', 1, /\bc0{2}[0-9a-f]{13}\b/],
  ['riscv64', 5, /\bepc : |\b(?:do_trap_ecall_u|__riscv_sys_\w+|riscv_intc_irq)\+0x|\barch\/riscv\//],
  [
    'riscv64',
    1,
    /\b(?:ff6[0-9a-f]{13}|ff2[0-9a-f]{13}|ffffffd[0-9a-f]{9}|ffffffff80[0-9a-f]{6}|ffffffe[0-9a-f]{9})\b/,
  ],
  [
    'x86_64',
    5,
    /\bRIP: 00|\bORIG_RAX: |\bR15: [0-9a-f]{16}|\b(?:do_syscall_64|entry_SYSCALL_64\w*|entry_SYSENTER_compat\w*|__x64_sys_\w+|__ia32_compat_sys_\w+|asm_(?:sysvec|exc|common)_\w+|ret_from_fork_asm|do_syscall_x64|secondary_startup_64\w*|x86_64_start_\w+|system_call_fastpath|tracesys|apic_timer_interrupt|ret_from_intr)\+0x|\barch\/x86\/|Hardware name: .*(?:Google Compute Engine|Standard PC|VMware|Dell Inc|Supermicro|LENOVO|ASUS|Intel Corp|Gigabyte|HP |HPE |Hyper-V)/,
  ],
  [
    'x86_64',
    1,
    /\bffff8[89a-f][0-9a-f]{10}\b|\bffffffff(?:8[1-9a-f]|[9a-c][0-9a-f])[0-9a-f]{6}\b|\bffffc9[0-9a-f]{10}\b/,
  ],
  ['x86', 5, /\bEIP: 0|\b(?:entry_INT80_32|entry_SYSENTER_32|sysenter_do_call|startup_32_smp)\+0x/],
  [
    'arm',
    5,
    /\b(?:ret_fast_syscall|__irq_svc|__irq_usr|kernel_thread_exit)\b|\) from \[<[0-9a-f]{8}>\]|^ *PC is at |\barch\/arm\//,
  ],
  ['loongarch64', 5, /\bera ?: [0-9a-f]{16}|\barch\/loongarch\//],
  ['mips', 5, /\barch\/mips\/|\bhandle_sys(?:64|n32)?\+0x/],
];
/** Votes after which no more lines are looked at. */
const ENOUGH = 60;

/** Architecture as distributions write it into release names. */
const ARCH_BY_RELEASE: readonly (readonly [string, RegExp])[] = [
  ['x86_64', /[.-](?:x86_64|amd64)\b/],
  ['arm64', /[.-](?:aarch64|arm64)\b/],
  ['s390x', /[.-]s390x?\b/],
  ['ppc64', /[.-]ppc64(?:le)?\b/],
  ['riscv64', /[.-]riscv64\b/],
];

/** Names of `uname -m`, and of the `MACHINE:` line of crash(8). */
const ARCH_BY_MACHINE: Readonly<Record<string, string>> = {
  x86_64: 'x86_64',
  amd64: 'x86_64',
  i686: 'x86',
  i386: 'x86',
  aarch64: 'arm64',
  arm64: 'arm64',
  s390x: 's390x',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  riscv64: 'riscv64',
  armv7l: 'arm',
  loongarch64: 'loongarch64',
};

/** The architecture by what `uname -m` prints, or null. */
export function archOfMachine(machine: string): string | null {
  const name = machine.toLowerCase();
  return Object.hasOwn(ARCH_BY_MACHINE, name) ? (ARCH_BY_MACHINE[name] ?? null) : null;
}

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
    /^(?:zcrypt\w*|vfio_ap|vfio_ccw|qeth\w*|dasd\w*|zfcp|ism)$/,
    /^(?:zpci_|__zpci_|s390_|ccw_|chsc_|crw_|css_(?:process_crw|sched_sch|evaluate)|ap_bus_|sclp_|__s390)/,
  ],
];

/** Gathers hints line by line while reports are read. */
export class MachineHints {
  readonly #votes = new Map<string, number>();
  #most = 0;
  readonly #modules = new Set<string>();

  /** Notes one peeled line of a report. */
  note(message: string): void {
    if (this.#most < ENOUGH) {
      for (const [arch, weight, sign] of ARCH_SIGNS) {
        if (!sign.test(message)) continue;
        const votes = (this.#votes.get(arch) ?? 0) + weight;
        this.#votes.set(arch, votes);
        if (votes > this.#most) this.#most = votes;
      }
    }
    if (message.includes(']')) {
      const module = MODULE.exec(message)?.[1];
      if (module !== undefined && this.#modules.size < 10_000) this.#modules.add(module);
    }
  }

  /** Notes a module that a stack passes through. */
  module(name: string): void {
    if (this.#modules.size < 10_000) this.#modules.add(name);
  }

  /** Notes the machine as `uname -m` and debuggers print it; that settles the architecture. */
  named(machine: string): void {
    const arch = archOfMachine(machine);
    if (arch !== null) this.#votes.set(arch, Number.MAX_SAFE_INTEGER);
  }

  /** The architecture, or null where nothing tells. */
  arch(kernel: string | null): string | null {
    let best: string | null = null;
    for (const [arch, votes] of this.#votes)
      if (votes > (best === null ? 0 : (this.#votes.get(best) ?? 0))) best = arch;
    if (best !== null) return best;
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
    for (const tag of driversOf(functions, this.#modules)) tags.add(tag);
    return [...tags].sort();
  }
}

/** Tags of the drivers that functions and modules belong to. */
export function driversOf(functions: ReadonlySet<string>, modules: ReadonlySet<string>): readonly string[] {
  return DRIVERS.filter(
    ([, module, func]) =>
      [...modules].some((name) => module.test(name)) || [...functions].some((name) => func.test(name)),
  ).map(([tag]) => tag);
}
