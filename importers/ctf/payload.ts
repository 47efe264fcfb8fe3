// The fields of a CTF event, as LTTng and perf name them, handed to the mapper of lock events.
import type { Meaning } from '../ftrace/events.js';
import { functionOfProbe, howLeft, type Unsaid } from '../ftrace/payload.js';
import { lockFunction } from '../trace-events/lock-functions.js';
import type { LockEventMapper } from '../trace-events/mapper.js';
import { addressIn, type Fields, numberIn, stringIn } from './line.js';

function address(mapper: LockEventMapper, fields: Fields, name: string): number {
  const bits = addressIn(fields, name);
  return bits === null ? -1 : mapper.address(Number(bits >> 32n), Number(bits & 0xffff_ffffn));
}

/** A thread: LTTng calls it `tid` and the process `pid`, the kernel calls it `pid`. */
export function threadIn(fields: Fields, prefix: string): number | null {
  return numberIn(fields, `${prefix}tid`) ?? numberIn(fields, `${prefix}pid`);
}

function lockEvent(
  mapper: LockEventMapper,
  meaning: 'lock_acquire' | 'lock_acquired' | 'lock_contended' | 'lock_release',
  fields: Fields,
): Unsaid {
  const lock = address(mapper, fields, 'lockdep_addr');
  if (lock === -1) return 'no-address';
  const text = stringIn(fields, 'name');
  if (text === null || text === '') return 'unreadable';
  const name = mapper.name(text);
  switch (meaning) {
    case 'lock_acquire':
      mapper.lockAcquire(lock, name, numberIn(fields, 'flags') ?? 0);
      return null;
    case 'lock_acquired':
      mapper.lockAcquired(lock, name);
      return null;
    case 'lock_contended':
      mapper.lockContended(lock, name);
      return null;
    case 'lock_release':
      mapper.lockRelease(lock, name);
      return null;
    default: {
      const never: never = meaning;
      throw new Error(`lock event ${String(never)}`);
    }
  }
}

/** Whether an event without a group may be a probe of LTTng: those have where it hit, who called, and nothing else. */
export function isLttngProbe(name: string, fields: Fields): boolean {
  if (!fields.has('ip') || name.includes(':')) return false;
  return fields.size === 1 || (fields.size === 2 && fields.has('parent_ip') && LTTNG_FUNCTION.test(name));
}

/** `lttng enable-event --function=F NAME` makes two events. */
const LTTNG_FUNCTION = /_(?:entry|exit)$/;

/** What perf puts into every event, and into those of probes. */
const NO_ARGUMENT = /^(?:perf_|common_|__probe_)/;

/** perf's probes: `__probe_ip` and the arguments, or `__probe_func`, `__probe_ret_ip` and what was returned. */
function probe(mapper: LockEventMapper, event: string, fields: Fields): Unsaid {
  if (isLttngProbe(event, fields)) {
    // Nothing but the name says which lock it is about: enough for functions around one lock.
    mapper.calls.probe(lockFunction(functionOfProbe(event)), -1, event.endsWith('_exit'), null, null);
    return null;
  }
  const isReturn = fields.has('__probe_ret_ip');
  const argument = [...fields.keys()].find((name) => !NO_ARGUMENT.test(name));
  const lock = isReturn || argument === undefined ? -1 : address(mapper, fields, argument);
  const ret = isReturn && argument !== undefined ? numberIn(fields, argument) : null;
  const probed = lockFunction(functionOfProbe(event.slice(event.indexOf(':') + 1)));
  mapper.calls.probe(probed, lock, isReturn, null, ret);
  return null;
}

function wakes(mapper: LockEventMapper, meaning: 'sched_waking' | 'sched_wakeup', fields: Fields): Unsaid {
  const peer = threadIn(fields, '');
  if (peer === null) return 'unreadable';
  if (meaning === 'sched_waking') mapper.schedWaking(peer);
  else mapper.schedWakeup(peer);
  if (mapper.isUnnamed(peer)) mapper.nameTask(peer, stringIn(fields, 'comm') ?? '', true);
  return null;
}

function work(
  mapper: LockEventMapper,
  meaning: 'queue-work' | 'start-work' | 'end-work',
  fields: Fields,
): Unsaid {
  const item = address(mapper, fields, 'work');
  if (item === -1) return 'no-address';
  // Functions are printed as addresses: those are no names.
  if (meaning === 'queue-work') mapper.queueWork(item, -1);
  else if (meaning === 'start-work') mapper.startWork(item, -1);
  else mapper.endWork(item, -1);
  return null;
}

/** Hands the fields of an event of thread `pid` to the mapper; says why if it could not. */
export function readPayload(
  mapper: LockEventMapper,
  meaning: Meaning,
  event: string,
  fields: Fields,
  pid: number,
): Unsaid {
  switch (meaning) {
    case 'lock_acquire':
    case 'lock_acquired':
    case 'lock_contended':
    case 'lock_release':
      return lockEvent(mapper, meaning, fields);
    case 'contention_begin':
    case 'contention_end': {
      const lock = address(mapper, fields, 'lock_addr');
      if (lock === -1) return 'no-address';
      if (meaning === 'contention_begin') mapper.contentionBegin(lock, numberIn(fields, 'flags') ?? 0);
      else mapper.contentionEnd(lock, numberIn(fields, 'ret') ?? 0);
      return null;
    }
    case 'sched_switch':
      mapper.schedSwitch(pid, howLeft(numberIn(fields, 'prev_state') ?? 0));
      return null;
    case 'sched_waking':
    case 'sched_wakeup':
      return wakes(mapper, meaning, fields);
    case 'fork': {
      const child = threadIn(fields, 'child_');
      if (child === null) return 'unreadable';
      mapper.fork(child);
      if (mapper.isUnnamed(child)) mapper.nameTask(child, stringIn(fields, 'child_comm') ?? '', true);
      return null;
    }
    case 'exit':
      mapper.processExit(pid);
      return null;
    case 'queue-work':
    case 'start-work':
    case 'end-work':
      return work(mapper, meaning, fields);
    case 'probe':
      return probe(mapper, event, fields);
    case 'irq-entry':
    case 'irq-exit':
    case 'softirq-entry':
    case 'softirq-exit':
    case 'function':
    case 'funcgraph_entry':
    case 'funcgraph_exit':
    case 'stack':
    case 'marker':
    case 'none':
      return null;
    default: {
      const never: never = meaning;
      throw new Error(`payload of unknown meaning ${String(never)}`);
    }
  }
}
