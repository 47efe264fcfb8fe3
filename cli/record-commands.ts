// The commands that record what relock needs, as text: for trace-cmd, for tracefs by hand, and for bpftrace.
import type { RecordForm, RecordProbeForm, RecordWayForm } from '../corpus/schema/forms.js';
import { bpftraceScript } from './record-bpftrace.js';

/** As `uname -m` names them. */
export const ARCHITECTURES = ['x86_64', 's390x', 'aarch64', 'ppc64le', 'riscv64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** Register of the first argument as kprobe_events names it (regs_query_register_offset() of each arch/). */
const FIRST_ARGUMENT: Readonly<Record<Architecture, string>> = {
  x86_64: '%di',
  s390x: '%r2',
  aarch64: '%x0',
  ppc64le: '%gpr3',
  riscv64: '%a0',
};

/** The group of our probes: `-e relock`, events/relock. */
const GROUP = 'relock';
/** Returns that may be awaited at a time (r256): the default is twice the number of CPUs, and sleepers use it up. */
const MAXACTIVE = 256;
const TRACEFS = '/sys/kernel/tracing';
/** Pages of bpftrace's buffer for each CPU: 16 MiB. With its own 64 pages it loses thousands of events. */
const RING_PAGES = 4096;
/** KiB of buffer for each CPU. */
const BUFFER_KB = 65536;

/** Who runs, wakes, begins and ends; what work runs where; which interrupts stand between. */
const AROUND = [
  'sched:sched_switch',
  'sched:sched_waking',
  'sched:sched_process_fork',
  'sched:sched_process_exit',
  'workqueue:workqueue_queue_work',
  'workqueue:workqueue_execute_start',
  'workqueue:workqueue_execute_end',
  'irq:irq_handler_entry',
  'irq:irq_handler_exit',
  'irq:softirq_entry',
  'irq:softirq_exit',
] as const;

/** A function of a kernel without lockdep (there are no *_nested ones) and how its return tells of success. */
type Probed = readonly [name: string, returns: 'no' | 'always' | 'value'];

/** include/linux/mutex.h, include/linux/rwsem.h; what gives back is not watched when it returns. */
const LOCK_FUNCTIONS: readonly Probed[] = [
  ['mutex_lock', 'always'],
  ['mutex_lock_interruptible', 'value'],
  ['mutex_lock_killable', 'value'],
  ['mutex_trylock', 'value'],
  ['mutex_unlock', 'no'],
  ['down_read', 'always'],
  ['down_read_interruptible', 'value'],
  ['down_read_killable', 'value'],
  ['down_read_trylock', 'value'],
  ['up_read', 'no'],
  ['down_write', 'always'],
  ['down_write_killable', 'value'],
  ['down_write_trylock', 'value'],
  ['up_write', 'no'],
];

/**
 * Functions around one lock, whose entry gives its address a name. Their return is not probed: they end in a jump to mutex_lock,
 * and the caller of that would read `[unknown/kretprobe'd]`.
 */
const WRAPPERS = ['pci_lock_rescan_remove', 'pci_unlock_rescan_remove'] as const;

/** The probes for a kernel without lockdep, one line of kprobe_events each. */
export function probesFor(arch: Architecture): RecordProbeForm[] {
  const register = FIRST_ARGUMENT[arch];
  const entry = (name: string, argument: string): RecordProbeForm => ({
    event: name,
    function: name,
    returns: false,
    line: `p:${GROUP}/${name} ${name}${argument}`,
  });
  const taken = LOCK_FUNCTIONS.flatMap(([name, returns]) => [
    entry(name, ` lock=${register}:x64`),
    ...(returns === 'no'
      ? []
      : [
          {
            event: `${name}_ret`,
            function: name,
            returns: true,
            line: `r${MAXACTIVE}:${GROUP}/${name}_ret ${name}${returns === 'value' ? ' ret=$retval:s32' : ''}`,
          },
        ]),
  ]);
  return [
    ...taken,
    ...WRAPPERS.map((name) => entry(name, '')),
    // Not a lock: says in the recording which device is unbound when.
    entry('device_release_driver_internal', ` dev=${register}:x64`),
  ];
}

/** The events that are there in any case, with those of lockdep where the kernel has them. */
function eventsFor(lockdep: boolean, lockStat: boolean | null): string[] {
  const locks = [
    'lock:lock_acquire',
    ...(lockStat === false ? [] : ['lock:lock_acquired']),
    'lock:lock_release',
  ];
  return [...(lockdep ? locks : []), ...AROUND];
}

/** What the commands are made for. */
export interface RecordWish {
  readonly arch: Architecture;
  /** `uname -r` where the commands are for this machine, else null. */
  readonly kernel: string | null;
  readonly lockdep: boolean;
  readonly lockStat: boolean | null;
  readonly kprobes: boolean | null;
  /** Where `lockdep` is known from. */
  readonly from: string;
}

/** All of it: three ways to the same events. */
export function recordForm(wish: RecordWish): RecordForm {
  const { arch, kernel, lockdep, lockStat, kprobes, from } = wish;
  const probes = lockdep ? [] : probesFor(arch);
  const events = eventsFor(lockdep, lockStat);
  return {
    schema: 'relock.record/1',
    arch,
    kernel,
    lockdep,
    lockdep_from: from,
    lock_stat: lockStat,
    kprobes,
    events,
    probes,
    ways: [traceCmd(events, probes), tracefs(events, probes), bpftrace(events, probes)],
    notes: notesFor(wish),
  };
}

function notesFor({ lockdep, lockStat, kprobes }: RecordWish): string[] {
  if (!lockdep)
    return [
      'Without lockdep the events contention_begin and contention_end show only who had to wait, not who holds what: hence probes of the lock functions, with the address of the lock.',
      'A lock is known by its address then; only pci_rescan_remove_lock and locks of known callers get a name. Spinlocks are not probed.',
      kprobes === false
        ? 'THIS KERNEL HAS NO KPROBES (CONFIG_KPROBE_EVENTS is not set): it refuses all lines of kprobe_events below, and without them no holder of a lock is recorded. Boot one with CONFIG_KPROBE_EVENTS, or with CONFIG_LOCKDEP and CONFIG_LOCK_STAT.'
        : 'A line of kprobe_events for a function that this kernel does not have is refused; the others stand.',
    ];
  switch (lockStat) {
    case true:
      return [];
    case false:
      return [
        'lock:lock_acquired needs CONFIG_LOCK_STAT, which this kernel lacks: when a lock was got is inferred from what its task did next.',
      ];
    case null:
      return [
        'Where the kernel has no lock:lock_acquired (CONFIG_LOCK_STAT), leave it out; the rest will do.',
      ];
    default: {
      const never: never = lockStat;
      return never;
    }
  }
}

const quoted = (text: string): string => `'${text}'`;

/** Where nobody has mounted it yet, as without systemd. */
const MOUNT = `[ -e ${TRACEFS}/trace ] || mount -t tracefs tracefs ${TRACEFS}`;

function addProbes(probes: readonly RecordProbeForm[]): string[] {
  return probes.map(({ line }) => `echo ${quoted(line)} >> ${TRACEFS}/kprobe_events`);
}
/** One by one: only newer kernels remove a whole group at once. */
function removeProbes(probes: readonly RecordProbeForm[]): string[] {
  if (probes.length === 0) return [];
  return [
    `echo 0 > ${TRACEFS}/events/${GROUP}/enable`,
    `sed -n 's|^[pr][0-9]*:\\(${GROUP}/[^ ]*\\).*|-:\\1|p' ${TRACEFS}/kprobe_events |`,
    `  while read -r probe; do echo "$probe" >> ${TRACEFS}/kprobe_events; done`,
  ];
}

function traceCmd(events: readonly string[], probes: readonly RecordProbeForm[]): RecordWayForm {
  const wanted = [...(probes.length > 0 ? [GROUP] : []), ...events].map((event) => `  -e ${event} \\`);
  return {
    way: 'trace-cmd',
    says: 'compact, streamed to disk, with symbols; until Ctrl-C',
    // Probes first: trace-cmd saves the formats of the events that it finds when it starts. Its file holds addresses as they are,
    // whatever options/hash-ptr says.
    lines: [
      ...(probes.length > 0 ? [MOUNT] : []),
      ...addProbes(probes),
      `trace-cmd record -C mono -b ${BUFFER_KB} -O stacktrace \\`,
      ...wanted,
      '  -o relock.dat',
      ...removeProbes(probes),
      'relock import relock.dat',
    ],
    file: 'relock.dat',
  };
}

function tracefs(events: readonly string[], probes: readonly RecordProbeForm[]): RecordWayForm {
  const set = (value: string, file: string): string => `echo ${value} > ${TRACEFS}/${file}`;
  const enable = [
    ...(probes.length > 0 ? [GROUP] : []),
    ...events.map((event) => event.replace(':', '/')),
  ].map((path) => `events/${path}/enable`);
  return {
    way: 'tracefs',
    says: 'nothing to install; the last of what fits into the buffer',
    lines: [
      MOUNT,
      set('0', 'tracing_on'),
      set('nop', 'current_tracer'),
      set(String(BUFFER_KB), 'buffer_size_kb'),
      set('mono', 'trace_clock'),
      set('0', 'options/hash-ptr'),
      set('1', 'options/stacktrace'),
      ...addProbes(probes),
      ...enable.map((path) => set('1', path)),
      set("''", 'trace'),
      set('1', 'tracing_on'),
      'sleep 60   # or do what is to be recorded',
      set('0', 'tracing_on'),
      `cat ${TRACEFS}/trace > relock.ftrace.txt`,
      set("''", 'set_event'),
      set('0', 'options/stacktrace'),
      ...removeProbes(probes),
      'relock import relock.ftrace.txt',
    ],
    file: 'relock.ftrace.txt',
  };
}

function bpftrace(events: readonly string[], probes: readonly RecordProbeForm[]): RecordWayForm {
  return {
    way: 'bpftrace',
    says: 'no call sites and nothing of what bpftrace itself does, so prefer the others; until Ctrl-C',
    lines: [
      MOUNT,
      "cat > relock.bt << 'END'",
      ...bpftraceScript(events, probes),
      'END',
      // Each CPU has a buffer of its own, and they are read in turn.
      `BPFTRACE_PERF_RB_PAGES=${RING_PAGES} bpftrace -q -o relock.raw relock.bt`,
      "LC_ALL=C sort -s -t']' -k2,2 relock.raw > relock.ftrace.txt",
      'relock import relock.ftrace.txt',
    ],
    file: 'relock.ftrace.txt',
  };
}
