// What stands behind an event's name on a line of ftrace or report text, handed to the mapper of lock events.
import { lockFunction } from '../trace-events/lock-functions.js';
import { ACQUIRE_READ, ACQUIRE_TRY, CONTENTION, type LockEventMapper } from '../trace-events/mapper.js';
import type { Meaning } from './events.js';
import { hashOf, NameTable } from './names.js';
import type { SaidProbe } from './said.js';

const SPACE = 32;

/** Why a payload said nothing. */
export type Unsaid = 'no-address' | 'unreadable' | null;

/** A hexadecimal number read from a text, in halves. */
class Hex {
  high = 0;
  low = 0;

  /** Reads hex digits, with or without 0x, from `at`; returns the place behind them, or -1 if there are none. */
  read(text: string, at: number): number {
    let i = at;
    if (text.charCodeAt(i) === 48 && (text.charCodeAt(i + 1) | 32) === 120) i += 2;
    const start = i;
    let high = 0;
    let low = 0;
    for (; ; i++) {
      const code = text.charCodeAt(i);
      let digit: number;
      if (code >= 48 && code <= 57) digit = code - 48;
      else if (code >= 97 && code <= 102) digit = code - 87;
      else if (code >= 65 && code <= 70) digit = code - 55;
      else break;
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    this.high = high;
    this.low = low;
    return i === start ? -1 : i;
  }
}

function numberAt(text: string, at: number): number {
  let value = 0;
  let i = at;
  if (text.charCodeAt(i) === 48 && text.charCodeAt(i + 1) === 120) {
    const hex = /^0x[0-9a-f]{1,8}/.exec(text.slice(i, i + 10));
    return hex === null ? -1 : Number(hex[0]);
  }
  const negative = text.charCodeAt(i) === 45;
  if (negative) i++;
  const start = i;
  for (let code = text.charCodeAt(i); code >= 48 && code <= 57; code = text.charCodeAt(++i))
    value = value * 10 + code - 48;
  return i === start ? -1 : negative ? -value : value;
}

/** The place behind `key` between `from` and `to`, or -1. */
function behind(text: string, key: string, from: number, to: number): number {
  // Within the line: a search of the text would run to the end of the block where the key is missing.
  const at = text.slice(from, to).indexOf(key);
  return at === -1 ? -1 : from + at + key.length;
}

/** How a task left the CPU, by the number in `prev_state`: 0 preempted, 1 of its own will, 2 dead. */
export function howLeft(state: number): 0 | 1 | 2 {
  // TASK_REPORT_MAX (0x100) marks preemption; include/trace/events/sched.h __trace_sched_switch_state().
  if (state <= 0 || (state & 0x100) !== 0) return 0;
  return (state & 0x30) !== 0 ? 2 : 1;
}

/** What stands in the brackets of a probe. */
interface ProbePlace {
  readonly isReturn: boolean;
  /** The function probed, or for a return who it returns to; null where there is an address. */
  readonly first: string | null;
  /** For a return the function probed. */
  readonly second: string | null;
}

function probePlace(text: string): ProbePlace {
  // The same string for the same name: what is known of a caller is looked up by it for each probe.
  const symbol = (part: string): string | null => {
    const name = SYMBOL.exec(part)?.[0];
    return name === undefined ? null : lockFunction(name).name;
  };
  const arrow = text.indexOf(' <- ');
  return arrow === -1
    ? { isReturn: false, first: symbol(text), second: null }
    : { isReturn: true, first: symbol(text.slice(0, arrow)), second: symbol(text.slice(arrow + 4)) };
}

interface LockName {
  readonly name: string;
  /** Its number in the mapper. */
  readonly value: number;
}

/** Reads payloads of one recording. */
export class Payloads {
  readonly #mapper: LockEventMapper;
  readonly #hex = new Hex();
  readonly #names: NameTable<LockName>;
  readonly #places = new NameTable(probePlace);
  /** By the number of a lock's address: the name that it had last. */
  readonly #lastNames: LockName[] = [];
  /** What the last event of a lock said, by the numbers of the mapper. */
  address = -1;
  name = -1;
  flags = 0;
  /** Whom the last wake-up was for. */
  peer = -1;
  /** How the last task left its CPU. */
  how: 0 | 1 | 2 = 0;
  /** What the last probe said. */
  probe: SaidProbe | null = null;

  constructor(mapper: LockEventMapper) {
    this.#mapper = mapper;
    this.#names = new NameTable((name) => ({ name, value: mapper.name(name) }));
  }

  #address(text: string, at: number): number {
    const end = this.#hex.read(text, at);
    return end === -1 ? -1 : this.#mapper.address(this.#hex.high, this.#hex.low);
  }

  /** Hands the payload between `from` and `to` to the mapper; says why if it could not. */
  read(meaning: Meaning, name: string, text: string, from: number, to: number, pid: number): Unsaid {
    const mapper = this.#mapper;
    switch (meaning) {
      case 'lock_acquire':
      case 'lock_acquired':
      case 'lock_contended':
      case 'lock_release':
        return this.#lock(meaning, text, from, to);
      case 'contention_begin': {
        const address = this.#lockAddress(text, from, to);
        if (address === -1) return 'no-address';
        const flags = behind(text, 'flags=', from, to);
        mapper.contentionBegin(address, flags === -1 ? 0 : contentionFlags(text, flags, to));
        return null;
      }
      case 'contention_end': {
        const address = this.#lockAddress(text, from, to);
        if (address === -1) return 'no-address';
        const ret = behind(text, 'ret=', from, to);
        mapper.contentionEnd(address, ret === -1 ? 0 : numberAt(text, ret));
        return null;
      }
      case 'sched_switch':
        this.how = this.#howLeft(text, from, to);
        mapper.schedSwitch(pid, this.how);
        return null;
      case 'sched_waking':
      case 'sched_wakeup': {
        const peer = this.#pidOf(text, from, to);
        if (peer < 0) return 'unreadable';
        this.peer = peer;
        if (meaning === 'sched_waking') mapper.schedWaking(peer);
        else mapper.schedWakeup(peer);
        if (mapper.isUnnamed(peer)) {
          const comm = behind(text, 'comm=', from, to);
          if (comm !== -1) mapper.nameTask(peer, text.slice(comm, text.indexOf(' pid=', comm)), true);
        }
        return null;
      }
      case 'fork': {
        const at = behind(text, 'child_pid=', from, to);
        if (at === -1) return 'unreadable';
        const child = numberAt(text, at);
        mapper.fork(child);
        const comm = behind(text, 'child_comm=', from, to);
        if (comm !== -1 && mapper.isUnnamed(child))
          mapper.nameTask(child, text.slice(comm, text.indexOf(' child_pid=', comm)), true);
        return null;
      }
      case 'exit':
        mapper.processExit(pid);
        return null;
      case 'queue-work':
      case 'start-work':
      case 'end-work': {
        const at = this.#behindWork(text, from, to);
        const address = at === -1 ? -1 : this.#address(text, at);
        if (address === -1) return 'no-address';
        const func = WORK_FUNCTION.exec(text.slice(at, to));
        const functionName = func?.[1] === undefined ? -1 : mapper.name(func[1]);
        if (meaning === 'queue-work') mapper.queueWork(address, functionName);
        else if (meaning === 'start-work') mapper.startWork(address, functionName);
        else mapper.endWork(address, functionName);
        return null;
      }
      case 'probe':
        return this.#probe(name, text, from, to);
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

  /** `ADDR [try ][read ]NAME`, or fields by name where option `fields` or `report -R` was used. */
  #lock(
    meaning: 'lock_acquire' | 'lock_acquired' | 'lock_contended' | 'lock_release',
    text: string,
    from: number,
    to: number,
  ): Unsaid {
    const mapper = this.#mapper;
    let flags = 0;
    let address: number;
    let name: number;
    let at = this.#hex.read(text, from);
    if (at !== -1 && text.charCodeAt(at) === SPACE) {
      address = mapper.address(this.#hex.high, this.#hex.low);
      at++;
      if (meaning === 'lock_acquire') {
        if (text.startsWith('try ', at)) {
          flags |= ACQUIRE_TRY;
          at += 4;
        }
        if (text.startsWith('read ', at)) {
          flags |= ACQUIRE_READ;
          at += 5;
        }
      }
      if (at >= to) return 'unreadable';
      name = this.#nameAt(text, at, to, address);
    } else {
      const line = text.slice(from, to);
      const fields = FIELDS.exec(line);
      const where = behind(text, 'lockdep_addr=', from, to);
      if (fields?.[1] === undefined || where === -1)
        return line.startsWith('(') ? 'no-address' : 'unreadable';
      address = this.#address(text, where);
      if (address === -1) return 'no-address';
      name = mapper.name(fields[1]);
      const raw = behind(text, 'flags=', from, to);
      if (raw !== -1) flags = numberAt(text, raw);
    }
    this.address = address;
    this.name = name;
    this.flags = flags;
    if (meaning === 'lock_acquire') mapper.lockAcquire(address, name, flags);
    else if (meaning === 'lock_acquired') mapper.lockAcquired(address, name);
    else if (meaning === 'lock_contended') mapper.lockContended(address, name);
    else mapper.lockRelease(address, name);
    return null;
  }

  /** The number of a lock's name; a lock mostly keeps it, so the last one is looked at first. */
  #nameAt(text: string, from: number, to: number, lock: number): number {
    const guess = this.#lastNames[lock];
    if (guess !== undefined && guess.name.length === to - from && text.startsWith(guess.name, from))
      return guess.value;
    const entry = this.#names.at(text, from, to, hashOf(text, from, to));
    this.#lastNames[lock] = entry;
    return entry.value;
  }

  #lockAddress(text: string, from: number, to: number): number {
    const direct = this.#address(text, from);
    if (direct !== -1) return direct;
    const named = behind(text, 'lock_addr=', from, to);
    return named === -1 ? -1 : this.#address(text, named);
  }

  /** How the task left the CPU: by the state before ` ==> `, or `prev_state=0x2` where fields are printed raw. */
  #howLeft(text: string, from: number, to: number): 0 | 1 | 2 {
    const arrow = behind(text, ' ==> ', from, to) - 5;
    if (arrow >= from) {
      const last = text.charCodeAt(arrow - 1);
      // R, and R+ or S+ for a task that was preempted.
      if (last === 43 || last === 82) return 0;
      return last === 88 || last === 90 ? 2 : 1;
    }
    const raw = behind(text, 'prev_state=', from, to);
    if (raw === -1) return 0;
    return howLeft(numberAt(text, raw));
  }

  /** `comm=X pid=N`, or `X:N [prio]` as the plugin of trace-cmd rewrites it. */
  #pidOf(text: string, from: number, to: number): number {
    const plain = behind(text, ' pid=', from, to);
    if (plain !== -1) return numberAt(text, plain);
    const bracket = text.indexOf(' [', from);
    if (bracket === -1 || bracket >= to) return -1;
    const colon = text.lastIndexOf(':', bracket);
    return colon < from ? -1 : numberAt(text, colon + 1);
  }

  #behindWork(text: string, from: number, to: number): number {
    const at = behind(text, 'work struct', from, to);
    if (at === -1) return behind(text, 'work=', from, to);
    return at + 1;
  }

  /** `(func+off/size) lock=0x..`, `(caller+off/size <- func) ret=0x..`, or addresses instead of symbols. */
  #probe(event: string, text: string, from: number, to: number): Unsaid {
    const close = text.indexOf(')', from);
    if (text.charCodeAt(from) !== 40 || close === -1 || close >= to) return 'unreadable';
    const { isReturn, first, second } = this.#places.at(text, from + 1, close, hashOf(text, from + 1, close));
    // trace-cmd report prints addresses: then the name of the event must do.
    const probed = lockFunction((isReturn ? second : first) ?? functionOfProbe(event));
    const caller = isReturn && second !== null ? first : null;
    let ret: string | undefined;
    let address = -1;
    if (close + 1 < to) {
      const rest = text.slice(close + 1, to);
      if (isReturn) ret = RET.exec(rest)?.[1];
      else {
        const at = firstArgument(text, close + 1, to);
        const lock = at === -1 ? LOCK_ARGUMENT.exec(rest)?.[1] : undefined;
        if (at !== -1) address = this.#address(text, at);
        else if (lock !== undefined) address = this.#address(lock, 0);
      }
    }
    const value = ret === undefined ? null : Number(ret);
    this.probe = { probed, address, isReturn, caller, ret: value };
    this.#mapper.calls.probe(probed, address, isReturn, caller, value);
    return null;
  }
}

const WORK_FUNCTION = /\bfunction[= ]\s*([\w.]+)/;
const FIELDS = /\bname=(.*?)(?: lockdep_addr=.*| \w+=0x[0-9a-f]+.*)?$/;
/** A bare address may look like a word: `ffffffff81c0a2e0`, `a2db28` of s390x. */
const SYMBOL = /^(?![0-9a-f]{5,16}(?: |$))[A-Za-z_.$][\w.$]*(?=\+|$| )/;
const RET = / (?:ret|retval|rc|\$retval)=(-?(?:0x[0-9a-f]+|\d+))/;
const LOCK_ARGUMENT = / (?:lock|sem|mutex|addr|rwsem|l|m|x|arg1|\w+)=(0x[0-9a-f]{4,16})\b/;

/** Where `0x` of a line's only argument ` name=0x..` stands, the most frequent form by far; -1 for any other. */
function firstArgument(text: string, from: number, to: number): number {
  let at = from + 1;
  while (at < to && text.charCodeAt(at) >= 97 && text.charCodeAt(at) <= 122) at++;
  const value = at + 1;
  const digits = to - value - 2;
  if (text.charCodeAt(from) !== SPACE || at === from + 1 || digits < 4 || digits > 16) return -1;
  if (text.charCodeAt(at) !== 61 || text.charCodeAt(value) !== 48 || text.charCodeAt(value + 1) !== 120)
    return -1;
  for (let i = value + 2; i < to; i++) {
    const code = text.charCodeAt(i);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return -1;
  }
  return value;
}

/** The function that a probe is named after, without what marks its end. */
export function functionOfProbe(event: string): string {
  return event
    .replace(/^(?:p|r|f|kp|kr)_(?=\w+_(?:lock|unlock|read|write)|mutex|down|up_)/, '')
    .replace(/_+(?:ret|return|exit|entry|enter|exit__return|_return)$/, '')
    .replace(/__(?:exit|return)$/, '');
}

const FLAG_NAMES: Readonly<Record<string, number>> = {
  SPIN: CONTENTION.spin,
  READ: CONTENTION.read,
  WRITE: CONTENTION.write,
  RT: CONTENTION.rt,
  PERCPU: CONTENTION.percpu,
  MUTEX: CONTENTION.mutex,
};

function contentionFlags(text: string, from: number, to: number): number {
  const close = text.indexOf(')', from);
  const flags = text.slice(from, close === -1 || close > to ? to : close).trim();
  if (/^(0x)?\d/.test(flags)) return numberAt(flags, 0);
  let bits = 0;
  for (const flag of flags.split('|')) bits |= FLAG_NAMES[flag] ?? 0;
  return bits;
}
