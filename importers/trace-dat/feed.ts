// Feeds records to the one mapping of kernel events: for each event of the file a function that was made from its format.
import { IRQ_STATE } from '../../corpus/schema/event.js';
import type { TraceMachine } from '../ftrace/platform.js';
import { tableOf } from '../trace-events/lists.js';
import { type LockFunction, lockFunction } from '../trace-events/lock-functions.js';
import { type LockEventMapper, levelOfFlags } from '../trace-events/mapper.js';
import type { Level } from '../trace-events/runners.js';
import { CallChains, FunctionNames, functionReader } from './call-chains.js';
import { RecordClock } from './clock.js';
import type { TraceDat } from './container.js';
import type { EventFormat, Field } from './event-format.js';
import { ByteStrings, halvesReader, numberReader, type ReadNumber, stringReader } from './fields.js';
import { LOCK_EVENTS, LockFields } from './lock-fields.js';
import type { CpuRecords } from './ring-buffer.js';
import { TaskNames } from './task-names.js';
import { LEFT, stateBits } from './task-states.js';

/** What a record of one event does. */
export type Handler = (record: CpuRecords) => void;

/** Index into CONTEXTS by `common_flags`, all 256 of them. */
const LEVELS: readonly Level[] = Array.from({ length: 256 }, (_, flags) => levelOfFlags(flags));
/** Bits of IRQ_STATE by `common_flags`: 0x01 interrupts off, 0x80 bottom halves off (include/linux/trace_events.h). */
const IRQ_STATES: readonly number[] = Array.from(
  { length: 256 },
  (_, flags) =>
    IRQ_STATE.known |
    ((flags & 0x01) !== 0 ? IRQ_STATE.hardOff : 0) |
    ((flags & 0x80) !== 0 ? IRQ_STATE.softOff : 0),
);
/** What a record has of a field that it is too short for. */
const NOWHERE = 1 << 30;

/** User fields of a probe that hold the lock; else the first one that is as wide as a pointer. */
const LOCK_ARGUMENT = /^(lock|mutex|sem|rwsem|rwlock|l|m)$/;
const RETURN_ARGUMENT = /^(ret|retval|rv|r|rc)$/;

/** Makes handlers for the events of one file. */
export class Feed {
  readonly #mapper: LockEventMapper;
  readonly #bigEndian: boolean;
  readonly #longSize: 4 | 8;
  readonly #names: FunctionNames;
  readonly #tasks: TaskNames;
  readonly #lockNames: ByteStrings;
  readonly #comms: ByteStrings;
  /** By the number of a lock's address: the entry of the name that it had last. */
  readonly #namesOfLocks = tableOf<number>();
  /** Mapper's numbers of function names, by the number of the address. */
  readonly #functionIds = tableOf<number>();
  /** Functions by the number of the address. */
  readonly #functions = tableOf<LockFunction>();

  /** By event id: handlers that want the mapper to be told of the record first, and those that see to it themselves. */
  readonly #plain: (Handler | null)[] = [];
  readonly #own: (Handler | null)[] = [];
  readonly #pidAt: number;
  readonly #flagsAt: number;
  readonly #commonEnd: number;
  /** By CPU: the task of its last record, and 1 if that meant something; for stacks. */
  readonly #lastPid = tableOf<number>();
  readonly #lastMapped = tableOf<number>();
  /** The record at hand. */
  #pid = -1;
  #flags = 0;
  #clock = new RecordClock(0n, 0n, null);

  constructor(mapper: LockEventMapper, dat: TraceDat, formats: Iterable<EventFormat>, machine: TraceMachine) {
    this.#mapper = mapper;
    this.#bigEndian = dat.bigEndian;
    this.#longSize = dat.longSize;
    this.#names = new FunctionNames(dat.kallsyms, machine);
    this.#tasks = new TaskNames(mapper, dat.cmdlines);
    this.#lockNames = new ByteStrings((text) => mapper.name(text));
    this.#comms = new ByteStrings((text) => this.#tasks.text(text));
    let pidAt = NOWHERE;
    let flagsAt = NOWHERE;
    const all = [...formats];
    const ids = all.reduce((most, { id }) => Math.max(most, id + 1), 0);
    for (let id = 0; id < ids; id++) {
      this.#plain.push(null);
      this.#own.push(null);
    }
    for (const format of all) {
      if (pidAt === NOWHERE) {
        const pid = format.fields.get('common_pid');
        const flags = format.fields.get('common_flags');
        if (pid?.size === 4) pidAt = pid.offset;
        if (flags?.size === 1) flagsAt = flags.offset;
      }
      this.#handle(format);
    }
    this.#pidAt = pidAt;
    this.#flagsAt = flagsAt;
    this.#commonEnd = Math.max(pidAt + 4, flagsAt + 1);
  }

  /** Times from here on are those of that clock. */
  useClock(clock: RecordClock): void {
    this.#clock = clock;
  }

  /** Takes the next record. */
  take(record: CpuRecords): void {
    // Too short for what all records have: nobody knows whose it is.
    if (record.length < this.#commonEnd) return;
    const { view, payload, type, cpu } = record;
    const flags = view.getUint8(payload + this.#flagsAt);
    const plain = type < this.#plain.length ? this.#plain[type]! : null;
    if (plain !== null) {
      const pid = view.getInt32(payload + this.#pidAt, !this.#bigEndian);
      this.#lastPid[cpu] = pid;
      this.#lastMapped[cpu] = 1;
      if (this.#tell(record, pid, flags)) plain(record);
      return;
    }
    const own = type < this.#own.length ? this.#own[type]! : null;
    if (own === null) {
      this.#lastMapped[cpu] = 0;
      this.#mapper.touch(cpu, LEVELS[flags]!);
      return;
    }
    this.#pid = view.getInt32(payload + this.#pidAt, !this.#bigEndian);
    this.#flags = flags;
    own(record);
  }

  #tell(record: CpuRecords, pid: number, flags: number): boolean {
    const clock = this.#clock;
    clock.of(record);
    return this.#mapper.record(
      pid,
      record.cpu,
      LEVELS[flags]!,
      IRQ_STATES[flags]!,
      clock.high,
      clock.low,
      record.where,
    );
  }

  #handle(format: EventFormat): void {
    const { id, name } = format;
    if (format.system === 'ftrace' && (name === 'function' || name === 'kernel_stack'))
      this.#own[id] = name === 'function' ? this.#functionHandler(format) : this.#stackHandler(format);
    else this.#plain[id] = this.#handler(format);
  }

  #number(field: Field | undefined, absent: number): ReadNumber {
    return numberReader(field, this.#bigEndian, absent);
  }

  /** Reads a pointer as its number in the mapper. */
  #address(field: Field | undefined): ReadNumber {
    const { high, low } = halvesReader(field, this.#bigEndian);
    const mapper = this.#mapper;
    return (record) => mapper.address(high(record), low(record));
  }

  /** Reads the address of a function as the mapper's number of its name; -1 if it has none. */
  #functionName(field: Field | undefined): ReadNumber {
    const read = functionReader(this.#names, field, this.#bigEndian);
    if (read === null) return () => -1;
    return (record) => {
      const id = read(record);
      let name = this.#functionIds[id];
      if (name === undefined) {
        const text = this.#names.nameOf(id);
        name = text === null ? -1 : this.#mapper.name(text);
        this.#functionIds[id] = name;
      }
      return name;
    };
  }

  /** The handler of an event, or null if it means nothing for locks. */
  #handler(format: EventFormat): Handler | null {
    switch (format.system) {
      case 'lock':
        return this.#lockHandler(format);
      case 'sched':
        return this.#schedHandler(format);
      case 'workqueue':
        return this.#workHandler(format);
      case 'ftrace':
        return this.#tracerHandler(format);
      default:
        return this.#probeHandler(format);
    }
  }

  #lockHandler({ name, fields }: EventFormat): Handler | null {
    const mapper = this.#mapper;
    if (name === 'contention_begin' || name === 'contention_end') {
      const address = this.#address(fields.get('lock_addr'));
      const flags = this.#number(fields.get('flags'), 0);
      const ret = this.#number(fields.get('ret'), 0);
      return name === 'contention_begin'
        ? (record) => mapper.contentionBegin(address(record), flags(record))
        : (record) => mapper.contentionEnd(address(record), ret(record));
    }
    const event = (LOCK_EVENTS as readonly string[]).indexOf(name);
    if (event === -1) return null;
    const read = new LockFields(
      mapper,
      this.#lockNames,
      this.#namesOfLocks,
      fields,
      this.#bigEndian,
      this.#address(fields.get('lockdep_addr')),
    );
    return (record) => read.take(event, record);
  }

  #schedHandler({ name, fields, printFormat }: EventFormat): Handler | null {
    const mapper = this.#mapper;
    const tasks = this.#tasks;
    const comm = (field: string): ReadNumber =>
      stringReader(fields.get(field), this.#bigEndian, this.#comms, -1);
    const pid = this.#number(fields.get('pid'), -1);
    const mentioned = comm('comm');
    switch (name) {
      case 'sched_switch': {
        const prev = this.#number(fields.get('prev_pid'), -1);
        const next = this.#number(fields.get('next_pid'), -1);
        const state = this.#number(fields.get('prev_state'), 0);
        const { asleep, dead } = stateBits(printFormat);
        const [prevComm, nextComm] = [comm('prev_comm'), comm('next_comm')];
        return (record) => {
          const from = prev(record);
          const bits = state(record);
          tasks.mention(from, prevComm(record));
          tasks.mention(next(record), nextComm(record));
          mapper.schedSwitch(
            from,
            (bits & dead) !== 0 ? LEFT.dead : (bits & asleep) !== 0 ? LEFT.slept : LEFT.preempted,
          );
        };
      }
      case 'sched_waking':
        return (record) => {
          tasks.mention(pid(record), mentioned(record));
          mapper.schedWaking(pid(record));
        };
      case 'sched_wakeup':
      case 'sched_wakeup_new': {
        // Kernels before 4.3 say whether it was asleep at all.
        const success = this.#number(fields.get('success'), 1);
        return (record) => {
          tasks.mention(pid(record), mentioned(record));
          if (success(record) !== 0) mapper.schedWakeup(pid(record));
        };
      }
      case 'sched_process_fork': {
        const child = this.#number(fields.get('child_pid'), -1);
        const childComm = comm('child_comm');
        return (record) => {
          mapper.fork(child(record));
          tasks.renew(child(record), childComm(record));
        };
      }
      case 'sched_process_exit':
        return (record) => mapper.processExit(pid(record));
      default:
        return null;
    }
  }

  #workHandler({ name, fields }: EventFormat): Handler | null {
    const mapper = this.#mapper;
    const work = this.#address(fields.get('work'));
    const run = this.#functionName(fields.get('function'));
    switch (name) {
      case 'workqueue_queue_work':
        return (record) => mapper.queueWork(work(record), run(record));
      case 'workqueue_execute_start':
        return (record) => mapper.startWork(work(record), run(record));
      case 'workqueue_execute_end':
        return (record) => mapper.endWork(work(record), run(record));
      default:
        return null;
    }
  }

  #tracerHandler({ name, fields }: EventFormat): Handler | null {
    const mapper = this.#mapper;
    switch (name) {
      case 'funcgraph_entry':
      case 'fgraph_retaddr_entry': {
        const callee = functionReader(this.#names, fields.get('func'), this.#bigEndian);
        const depth = this.#number(fields.get('depth'), 0);
        if (callee === null) return null;
        return (record) => mapper.calls.graphEntry(this.#function(callee(record)), depth(record), false, -1);
      }
      case 'funcgraph_exit':
      case 'fgraph_retval_exit': {
        const depth = this.#number(fields.get('depth'), 0);
        const field = fields.get('retval');
        const value = this.#number(field, 0);
        return (record) => mapper.calls.graphExit(depth(record), field === undefined ? null : value(record));
      }
      default:
        return null;
    }
  }

  /** A function that concerns no lock is not told to the mapper at all. */
  #functionHandler({ fields }: EventFormat): Handler | null {
    const callee = functionReader(this.#names, fields.get('ip'), this.#bigEndian);
    const caller = functionReader(this.#names, fields.get('parent_ip'), this.#bigEndian);
    if (callee === null || caller === null) return null;
    return (record) => {
      const called = this.#function(callee(record));
      this.#lastPid[record.cpu] = this.#pid;
      if (!called.concerns) {
        this.#lastMapped[record.cpu] = 0;
        this.#mapper.touch(record.cpu, LEVELS[this.#flags]!);
        return;
      }
      this.#lastMapped[record.cpu] = 1;
      if (!this.#tell(record, this.#pid, this.#flags)) return;
      this.#mapper.calls.function(called, this.#names.nameOf(caller(record)), -1);
    };
  }

  /** A stack belongs to the record before it on its CPU, if that is of the same task and meant something. */
  #stackHandler({ fields }: EventFormat): Handler {
    const chains = new CallChains(this.#names, fields, this.#bigEndian, this.#longSize);
    return (record) => {
      const { cpu } = record;
      if (this.#lastPid[cpu] !== this.#pid || this.#lastMapped[cpu] !== 1) return;
      this.#mapper.stackOf(this.#pid, cpu, LEVELS[this.#flags]!, chains.read(record));
    };
  }

  /** The function of an address; of those without a symbol nothing is known. */
  #function(id: number): LockFunction {
    const known = this.#functions[id];
    if (known !== undefined) return known;
    const made = lockFunction(this.#names.nameOf(id) ?? '');
    this.#functions[id] = made;
    return made;
  }

  /** kprobe, kretprobe and fprobe events, in whatever group. */
  #probeHandler({ fields }: EventFormat): Handler | null {
    const entry = functionReader(this.#names, fields.get('__probe_ip'), this.#bigEndian);
    const returned = functionReader(this.#names, fields.get('__probe_func'), this.#bigEndian);
    const isReturn = returned !== null;
    const probed = returned ?? entry;
    if (probed === null) return null;
    const caller = functionReader(this.#names, fields.get('__probe_ret_ip'), this.#bigEndian);
    const own = [...fields.values()].filter(({ name }) => !/^(common_|__probe_)/.test(name));
    const lock =
      own.find(({ name }) => LOCK_ARGUMENT.test(name)) ??
      (isReturn ? undefined : own.find(({ size, place }) => size === this.#longSize && place === 'here'));
    const ret = isReturn
      ? own.find((field) => field !== lock && RETURN_ARGUMENT.test(field.name))
      : undefined;
    const address = lock === undefined ? null : this.#address(lock);
    const value = this.#number(ret, 0);
    return (record) => {
      const at = this.#function(probed(record));
      if (!at.concerns) return;
      this.#mapper.calls.probe(
        at,
        address === null ? -1 : address(record),
        isReturn,
        caller === null ? null : this.#names.nameOf(caller(record)),
        ret === undefined ? null : value(record),
      );
    };
  }
}
