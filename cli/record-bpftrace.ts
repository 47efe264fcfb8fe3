// A bpftrace script whose output is ftrace text, so that the importer of ftrace reads it.
import type { RecordProbeForm } from '../corpus/schema/forms.js';

/**
 * `comm-pid [cpu] time: `, in ftrace's layout without flags. Seconds are padded so that the lines of all CPUs can be sorted; the
 * clock is read once for both of its parts.
 */
const HEAD = '%16s-%-7d [%03d] %010llu.%09llu: ';
const HEAD_VALUES = 'comm, tid, cpu, $t / 1000000000, $t % 1000000000';

function probe(target: string, format: string, values: readonly string[]): string {
  const all = [HEAD_VALUES, ...values].join(', ');
  return `${target}${filterOf(target)} { $t = nsecs; printf("${HEAD}${format}\\n", ${all}); }`;
}

/** Each line that bpftrace prints makes it take locks and switch: of its own doings it would print little else. */
const OTHERS = 'comm != "bpftrace"';
/** That a CPU was idle says nothing. Interrupts stay, whomever they come over. */
const SWITCHES = `pid != 0 && ${OTHERS}`;

function filterOf(target: string): string {
  if (target === 'tracepoint:sched:sched_switch') return ` /${SWITCHES}/`;
  return target.startsWith('tracepoint:') && !target.startsWith('tracepoint:lock:') ? '' : ` /${OTHERS}/`;
}

/** What a tracepoint prints behind its name: format, and the fields that fill it. */
type Payload = readonly [format: string, ...values: string[]];

const LOCK: Payload = ['name=%s lockdep_addr=0x%llx', 'str(args->name)', 'args->lockdep_addr'];
const WORK: Payload = [
  'work struct=0x%llx function=%s',
  '(uint64)args->work',
  'ksym((uint64)args->function)',
];

const PAYLOADS: Readonly<Record<string, Payload>> = {
  'lock:lock_acquire': [`${LOCK[0]} flags=%d`, ...LOCK.slice(1), 'args->flags'],
  'lock:lock_acquired': LOCK,
  'lock:lock_release': LOCK,
  'sched:sched_switch': [
    'prev_comm=%s prev_pid=%d prev_state=0x%llx next_comm=%s next_pid=%d',
    'args->prev_comm',
    'args->prev_pid',
    'args->prev_state',
    'args->next_comm',
    'args->next_pid',
  ],
  'sched:sched_waking': ['comm=%s pid=%d', 'args->comm', 'args->pid'],
  // Its names are arrays in some kernels and `__data_loc` strings in others (6.18), which are printed otherwise; the child names itself.
  'sched:sched_process_fork': ['child_pid=%d', 'args->child_pid'],
  'sched:sched_process_exit': ['comm=%s pid=%d', 'comm', 'tid'],
  'workqueue:workqueue_queue_work': WORK,
  'workqueue:workqueue_execute_start': WORK,
  'workqueue:workqueue_execute_end': WORK,
  'irq:irq_handler_entry': ['irq=%d', 'args->irq'],
  'irq:irq_handler_exit': ['irq=%d', 'args->irq'],
  'irq:softirq_entry': ['vec=%d', 'args->vec'],
  'irq:softirq_exit': ['vec=%d', 'args->vec'],
};

/** Lines of the script for those events (SYSTEM:NAME) and probes. */
export function bpftraceScript(events: readonly string[], probes: readonly RecordProbeForm[]): string[] {
  const tracepoints = events.map((event) => {
    const payload = PAYLOADS[event];
    if (payload === undefined) throw new Error(`bpftrace: nothing is known of ${event}`);
    const [format, ...values] = payload;
    return probe(`tracepoint:${event}`, `${event.slice(event.indexOf(':') + 1)}: ${format}`, values);
  });
  const functions = probes.map(({ event, function: name, returns, line }) => {
    if (!returns) {
      const argument = / (\w+)=/.exec(line)?.[1];
      return argument === undefined
        ? probe(`kprobe:${name}`, `${event}: (${name}+0x0/0x0)`, [])
        : probe(`kprobe:${name}`, `${event}: (${name}+0x0/0x0) ${argument}=0x%llx`, ['arg0']);
    }
    return line.includes('$retval')
      ? probe(`kretprobe:${name}`, `${event}: (00000000 <- ${name}) ret=%d`, ['(int32)retval'])
      : probe(`kretprobe:${name}`, `${event}: (00000000 <- ${name})`, []);
  });
  return ['BEGIN { printf("# tracer: nop\\n#\\n"); }', ...tracepoints, ...functions];
}
