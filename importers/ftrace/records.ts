// What records mean: events, calls, stacks and comments go to the mapper of lock events; what was read before is said again.
import type { CaptureBuilder } from '../builder.js';
import { concernsLocks } from '../trace-events/lock-functions.js';
import { LockEventMapper } from '../trace-events/mapper.js';
import type { Level } from '../trace-events/runners.js';
import { Coverage } from './coverage.js';
import { type SourceEvent, SourceEvents } from './events.js';
import { GraphLine, readCall } from './graph.js';
import { Head, readFlags } from './head.js';
import { hashOf, NameTable } from './names.js';
import { Payloads } from './payload.js';
import { TraceMachine } from './platform.js';
import { DO, type SaidRecord } from './said.js';
import { OpenStack } from './stacks.js';
import { addressOf, isProbe, isWord, targetOf } from './words.js';

/** What is assumed where a format has no interrupt flags. */
export const NO_CONTEXT =
  'the recording does not say which records were made in interrupts: each is taken for one of the task that ran';

/** A power of two. */
const RECENT = 64;

/** Takes the records of one recording, whose heads and columns stand in `head` and `graph`. `finish` must be called at the end. */
export class TraceRecords {
  readonly head = new Head();
  readonly graph = new GraphLine();
  readonly #events = new SourceEvents();
  readonly #machine = new TraceMachine();
  readonly #functionEvent = this.#events.named('function');
  readonly #entryEvent = this.#events.named('funcgraph_entry');
  readonly #exitEvent = this.#events.named('funcgraph_exit');
  /** Functions by name, with whether a call of them means anything. */
  readonly functions = new NameTable((name) => {
    this.#machine.name(name);
    return { name, concerns: concernsLocks(name) };
  });
  readonly stack = new OpenStack(this.#machine);
  #mapper: LockEventMapper | null = null;
  #payloads: Payloads | null = null;
  /** By CPU: the pid of the last record and whether it went to the mapper; for stacks. */
  readonly #lastPid: number[] = [];
  readonly #lastMapped: boolean[] = [];
  /** By CPU: interrupt levels entered by events, for recordings without flags. Bit 1 softirq, bit 2 hardirq. */
  readonly #levels: number[] = [];
  /** By CPU: who runs, by the switches of function_graph. */
  readonly #running: number[] = [];
  readonly #named = new Set<number>();
  /** Of those, the ones met last, by the low bits of the pid. */
  readonly #recentlyNamed = new Float64Array(RECENT).fill(-1);
  readonly #coverage = new Coverage();
  sawRecord = false;
  /** What the last record was found to say. */
  #does: (typeof DO)[keyof typeof DO] = DO.read;
  #event: SourceEvent = this.#functionEvent;
  #target = -1;
  #ofProgram = false;
  /** Lines that were records, frames or losses. */
  understood = 0;
  readonly #builder: CaptureBuilder;
  readonly #inside: boolean;

  /** `inside`: the lines are picked from another text, which says nothing of CPUs that are missing. */
  constructor(builder: CaptureBuilder, inside: boolean) {
    this.#builder = builder;
    this.#inside = inside;
  }

  #start(hasContext: boolean): LockEventMapper {
    const mapper = new LockEventMapper(this.#builder, {
      lines: true,
      assumes: hasContext ? [] : [NO_CONTEXT],
    });
    this.#mapper = mapper;
    this.#payloads = new Payloads(mapper);
    return mapper;
  }

  /** The stack that is open ends; a record that is none of it follows. */
  closeStack(): void {
    this.stack.close(this.#mapper);
  }

  /** Records are missing here. */
  lost(): void {
    this.closeStack();
    this.#mapper?.lost();
  }

  /** ` => symbol+0x1/0x2 [module] <address>` of the stack that is open; false for any other line. */
  frame(text: string, from: number, to: number): boolean {
    const id = this.stack.frameId(text, from, to);
    if (id === -2) return false;
    this.understood++;
    this.stack.add(id);
    return true;
  }

  /** A record whose head was read: `text` from `head.body` to `to` is the event. */
  record(text: string, to: number, where: number): void {
    if (this.stack.open !== null) this.closeStack();
    this.sawRecord = true;
    this.understood++;
    const head = this.head;
    this.#coverage.record(head.cpu);
    this.#does = DO.read;
    let at = head.body;
    let hash = 0;
    let code = text.charCodeAt(at);
    // Event names hold letters, digits, underscores, points and dashes.
    while (
      (code >= 97 && code <= 122) ||
      code === 95 ||
      (code >= 48 && code <= 57) ||
      (code >= 65 && code <= 90) ||
      code === 46
    ) {
      hash = (hash * 31 + code) | 0;
      code = text.charCodeAt(++at);
    }
    if (at > to) at = to;
    if (code === 32 && text.charCodeAt(at + 1) === 60 && text.charCodeAt(at + 2) === 45) {
      // The function tracer's `callee <-caller`.
      this.#event = this.#functionEvent;
      this.#functionEvent.count++;
      this.#function(text, head.body, at, hash, to, where);
      return;
    }
    let event: SourceEvent;
    if (code === 58 && at < to) event = this.#events.at(text, head.body, at, hash);
    else event = this.#oddEvent(text, head.body, at, to);
    event.count++;
    this.#event = event;
    const { meaning } = event;
    const cpu = head.cpu;
    if (meaning === 'none') {
      if (event.count === 1 && isProbe(text, at + 1, to)) event.meaning = 'probe';
      else {
        this.#does = DO.touch;
        if (this.#mapper !== null) {
          this.#lastMapped[cpu] = false;
          const level = head.level < 0 ? this.#levelOf(cpu) : head.level;
          this.#mapper.touch(cpu, level as Level);
        }
        return;
      }
    }
    this.#mapped(event, text, at, to, where);
  }

  #levelOf(cpu: number): Level {
    const levels = this.#levels[cpu] ?? 0;
    return (levels & 4) !== 0 ? 2 : (levels & 2) !== 0 ? 1 : 0;
  }

  #mapped(event: SourceEvent, text: string, at: number, to: number, where: number): void {
    const head = this.head;
    const { pid, cpu } = head;
    const mapper = this.#mapper ?? this.#start(head.level >= 0);
    const { meaning } = event;
    if (meaning === 'stack') {
      this.#openStack(
        text,
        head.body,
        to,
        pid,
        cpu,
        (head.level < 0 ? this.#levelOf(cpu) : head.level) as Level,
      );
      return;
    }
    if (meaning === 'marker') {
      this.stack.open = 'marker';
      return;
    }
    if (event.isInterrupt) {
      const bit = meaning.startsWith('soft') ? 2 : 4;
      const before = this.#levels[cpu] ?? 0;
      this.#levels[cpu] = meaning.endsWith('entry') ? before | bit : before & ~bit;
      if (head.level < 0) mapper.touch(cpu, this.#levelOf(cpu));
      return;
    }
    if (meaning === 'function') {
      let from = head.body;
      if (text.startsWith('function:', from)) {
        // In reports the name of the event stands before it.
        from += 9;
        while (text.charCodeAt(from) === 32) from++;
      }
      let end = from;
      for (let code = text.charCodeAt(end); isWord(code) && end < to; code = text.charCodeAt(++end));
      this.#function(text, from, end, hashOf(text, from, end), to, where);
      return;
    }
    const level = (head.level < 0 ? this.#levelOf(cpu) : head.level) as Level;
    head.computeTime();
    mapper.record(pid, cpu, level, head.irqState, head.timeHigh, head.timeLow, where);
    this.#name(mapper, pid, text);
    this.#lastPid[cpu] = pid;
    this.#lastMapped[cpu] = true;
    let from = at + 1;
    while (from < to && text.charCodeAt(from) === 32) from++;
    if (meaning === 'funcgraph_entry' || meaning === 'funcgraph_exit') {
      const bar = text.indexOf('|', from);
      if (bar === -1 || bar >= to || !readCall(this.graph, text.slice(bar + 1, to), 2)) return;
      this.#call(mapper);
      return;
    }
    const isWake = meaning === 'sched_waking' || meaning === 'sched_wakeup';
    if (isWake) {
      this.#target = targetOf(text, from, to);
      if (this.#target !== -1) this.#coverage.wakes(this.#target, where);
    }
    const unsaid = this.#payloads?.read(meaning, event.name, text, from, to, pid) ?? null;
    if (unsaid === null)
      this.#does = isWake
        ? DO.wake
        : meaning === 'sched_switch'
          ? DO.leave
          : meaning === 'probe'
            ? DO.probe
            : meaning.startsWith('lock_')
              ? DO.lock
              : DO.read;
    else
      this.#builder.skips.count(
        unsaid === 'no-address' ? 'lock_without_address' : 'trace_line_unreadable',
        where,
      );
  }

  /** The name of the task at the head of the line counts the first time that the task is met. */
  #name(mapper: LockEventMapper, pid: number, text: string): void {
    const slot = pid & (RECENT - 1);
    if (this.#recentlyNamed[slot] === pid) return;
    this.#recentlyNamed[slot] = pid;
    if (this.#named.has(pid)) return;
    this.#named.add(pid);
    const { comm, commFrom, commTo } = this.head;
    mapper.nameTask(pid, comm ?? text.slice(commFrom, commTo).trimStart());
  }

  #openStack(text: string, body: number, to: number, pid: number, cpu: number, level: Level): void {
    // In reports the name of the event stands before it.
    this.#ofProgram = text.slice(body, Math.min(to, body + 80)).includes('<user');
    this.#does = DO.stack;
    this.#begins(this.#ofProgram, pid, cpu, level);
  }

  #begins(ofProgram: boolean, pid: number, cpu: number, level: Level): void {
    this.stack.begin(
      !ofProgram && this.#lastPid[cpu] === pid && this.#lastMapped[cpu] === true,
      pid,
      cpu,
      level,
    );
  }

  /** Events whose name does not end in a colon: functions, stacks, what the kernel could not print. */
  #oddEvent(text: string, body: number, at: number, to: number): SourceEvent {
    if (text.startsWith('<stack trace>', body)) return this.#stackEvent('<stack trace>');
    if (text.startsWith('<user stack trace>', body)) return this.#stackEvent('<user stack trace>');
    const rest = text.slice(at, Math.min(to, at + 400));
    if (/^(?:\+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?)?(?: \[[\w-]+\])?(?: <[0-9a-f]+>)?(?:\(.*\))? <-/.test(rest))
      return this.#events.named('function');
    // With option sym-offset the printer of a marker is `tracing_mark_write+0xdb/0x280`.
    if (/^\+0x[0-9a-f]+\/0x[0-9a-f]+(?: <[0-9a-f]+>)?:/.test(rest))
      return this.#events.named(text.slice(body, at));
    const colon = text.indexOf(':', at);
    if (at === body && colon !== -1 && colon < to && colon - body < 60)
      return this.#events.named(text.slice(body, colon));
    const word = text.slice(body, at);
    return this.#events.named(word === '' ? 'unknown' : word);
  }

  #stackEvent(name: string): SourceEvent {
    const event = this.#events.named(name);
    event.meaning = 'stack';
    return event;
  }

  /** `callee <-caller`, with arguments, offsets or modules in between; in reports the caller may be missing. */
  #function(text: string, from: number, end: number, hash: number, to: number, where: number): void {
    const head = this.head;
    const { pid, cpu } = head;
    const called = this.functions.at(text, from, end, hash);
    const level = (head.level < 0 ? this.#levelOf(cpu) : head.level) as Level;
    this.#lastPid[cpu] = pid;
    if (!called.concerns) {
      this.#does = DO.call;
      this.#lastMapped[cpu] = false;
      this.#mapper?.touch(cpu, level);
      return;
    }
    const mapper = this.#mapper ?? this.#start(head.level >= 0);
    this.#lastMapped[cpu] = true;
    let caller: string | null = null;
    let start = text.charCodeAt(end) === 32 ? end : text.indexOf(' <-', end);
    if (start !== -1 && start < to && text.charCodeAt(start + 1) === 60) {
      start += 3;
      while (start < to && !isWord(text.charCodeAt(start))) start++;
      let stop = start;
      let callerHash = 0;
      for (let code = text.charCodeAt(stop); isWord(code) && stop < to; code = text.charCodeAt(++stop))
        callerHash = (callerHash * 31 + code) | 0;
      if (stop > start) caller = this.functions.at(text, start, stop, callerHash).name;
    }
    head.computeTime();
    mapper.record(pid, cpu, level, head.irqState, head.timeHigh, head.timeLow, where);
    this.#name(mapper, pid, text);
    const argument =
      text.charCodeAt(end) === 40 ? /0x([0-9a-f]{4,16})\b/.exec(text.slice(end, to))?.[1] : undefined;
    mapper.calls.function(called.name, caller, argument === undefined ? -1 : addressOf(mapper, argument));
  }

  #call(mapper: LockEventMapper): void {
    const graph = this.graph;
    if (graph.kind === 'exit') mapper.calls.graphExit(graph.depth, graph.ret);
    else if (graph.kind === 'entry' || graph.kind === 'leaf') {
      if (graph.concerns) this.#machine.name(graph.name);
      const address = graph.argument === null ? -1 : addressOf(mapper, graph.argument);
      mapper.calls.graphEntry(graph.name, graph.depth, graph.kind === 'leaf', address, graph.concerns);
      if (graph.kind === 'leaf' && graph.concerns) mapper.calls.leafReturns(graph.depth, graph.ret);
    }
  }

  /** `said`: what the comment says, if it was read before. */
  graphRecord(where: number, said: SaidRecord | null = null): void {
    const graph = this.graph;
    const { cpu } = graph;
    this.#does = DO.read;
    if (this.stack.open !== null && graph.kind !== 'rule') this.closeStack();
    if (graph.kind === 'rule') return;
    const mapper = this.#mapper ?? this.#start(graph.flags !== null);
    if (graph.kind === 'switch') {
      const before = this.#running[cpu];
      if (before === undefined) mapper.adopt(unknownOn(cpu), graph.previousPid, graph.previousComm);
      this.#running[cpu] = graph.pid;
      mapper.nameTask(graph.pid, graph.comm ?? '');
      return;
    }
    if (graph.kind === 'irq-in' || graph.kind === 'irq-out') {
      const levels = this.#levels[cpu] ?? 0;
      this.#levels[cpu] = graph.kind === 'irq-in' ? levels | 4 : levels & ~4;
      return;
    }
    this.sawRecord = true;
    this.understood++;
    const head = this.head;
    head.level = -1;
    head.irqState = 0;
    if (graph.flags !== null) readFlags(head, graph.flags, 0);
    const level = (head.level < 0 ? this.#levelOf(cpu) : head.level) as Level;
    const pid = graph.pid >= 0 ? graph.pid : (this.#running[cpu] ?? unknownOn(cpu));
    if (graph.hasTime) {
      head.seconds = graph.seconds;
      head.fraction = graph.fraction;
      head.fractionDigits = 6;
      head.computeTime();
    } else {
      head.timeHigh = -0x80000000;
      head.timeLow = 0;
    }
    head.pid = pid;
    head.cpu = cpu;
    mapper.record(pid, cpu, level, head.irqState, head.timeHigh, head.timeLow, where);
    if (graph.comm !== null && !this.#named.has(pid)) {
      this.#named.add(pid);
      mapper.nameTask(pid, graph.comm);
    }
    this.#lastPid[cpu] = pid;
    this.#lastMapped[cpu] = true;
    if (graph.kind === 'comment') {
      if (said !== null) {
        said.event.count++;
        this.#lockAgain(mapper, said);
      } else this.#comment(graph.name, pid, where);
      return;
    }
    if (graph.kind === 'exit') this.#exitEvent.count++;
    else this.#entryEvent.count++;
    this.#call(mapper);
  }

  /** An event between calls: `lock_acquire: 00000000c2 &dev->mutex`; a marker is its bare text. */
  #comment(text: string, pid: number, where: number): void {
    if (text.startsWith('<stack trace')) {
      this.#stackEvent('<stack trace>').count++;
      this.#openStack(text, 0, text.length, pid, this.head.cpu, 0);
      return;
    }
    const name = /^([A-Za-z_]\w*): /.exec(text);
    if (name?.[1] === undefined) {
      this.#events.named('print').count++;
      return;
    }
    const event = this.#events.named(name[1]);
    event.count++;
    if (
      event.meaning === 'none' &&
      text.charCodeAt(name[0].length) === 40 &&
      isProbe(text, name[0].length, text.length)
    )
      event.meaning = 'probe';
    if (event.meaning === 'none' || event.meaning === 'marker' || event.isInterrupt) return;
    const unsaid =
      this.#payloads?.read(event.meaning, event.name, text, name[0].length, text.length, pid) ?? null;
    if (unsaid === null && event.meaning.startsWith('lock_')) {
      this.#does = DO.lock;
      this.#event = event;
    }
    if (unsaid !== null)
      this.#builder.skips.count(
        unsaid === 'no-address' ? 'lock_without_address' : 'trace_line_unreadable',
        where,
      );
  }

  /** The record that was read last, with what it was found to say. */
  said(text: string): SaidRecord {
    const does = this.#does;
    const payloads = this.#payloads;
    const isLock = does === DO.lock;
    return {
      does,
      event: this.#event,
      text: does === DO.read || does === DO.touch || does === DO.wake ? text : '',
      address: isLock ? (payloads?.address ?? 0) : does === DO.wake ? (payloads?.peer ?? 0) : 0,
      name: isLock ? (payloads?.name ?? 0) : does === DO.wake ? this.#target : 0,
      flags: isLock
        ? (payloads?.flags ?? 0)
        : does === DO.leave
          ? (payloads?.how ?? 0)
          : does === DO.stack && this.#ofProgram
            ? 1
            : 0,
      probe: does === DO.probe ? (payloads?.probe ?? null) : null,
    };
  }

  /** The same if it was an event of a lock, else null. */
  saidLock(): SaidRecord | null {
    return this.#does === DO.lock ? this.said('') : null;
  }

  sayAgain(said: SaidRecord, where: number): void {
    const head = this.head;
    const { event, does } = said;
    if (
      does === DO.read ||
      (does === DO.touch && event.meaning !== 'none') ||
      (does === DO.wake && this.#mapper?.isUnnamed(said.address) !== false)
    ) {
      head.body = 0;
      this.record(said.text, said.text.length, where);
      return;
    }
    if (this.stack.open !== null) this.closeStack();
    this.sawRecord = true;
    this.understood++;
    const { cpu, pid } = head;
    this.#coverage.record(cpu);
    event.count++;
    const level = (head.level < 0 ? this.#levelOf(cpu) : head.level) as Level;
    const mapper = this.#mapper;
    if (does === DO.touch || does === DO.call) {
      if (does === DO.call) this.#lastPid[cpu] = pid;
      if (mapper === null && does === DO.touch) return;
      this.#lastMapped[cpu] = false;
      mapper?.touch(cpu, level);
      return;
    }
    // Whoever said it first has made the mapper.
    if (mapper === null) return;
    if (does === DO.stack) {
      this.#begins(said.flags === 1, pid, cpu, level);
      return;
    }
    head.computeTime();
    mapper.record(pid, cpu, level, head.irqState, head.timeHigh, head.timeLow, where);
    this.#name(mapper, pid, said.text);
    this.#lastPid[cpu] = pid;
    this.#lastMapped[cpu] = true;
    if (does === DO.lock) this.#lockAgain(mapper, said);
    else if (does === DO.probe) {
      const { probe } = said;
      if (probe !== null)
        mapper.calls.probe(probe.name, probe.address, probe.isReturn, probe.caller, probe.ret);
    } else if (does === DO.leave) mapper.schedSwitch(pid, said.flags as 0 | 1 | 2);
    else {
      if (said.name !== -1) this.#coverage.wakes(said.name, where);
      if (event.meaning === 'sched_waking') mapper.schedWaking(said.address);
      else mapper.schedWakeup(said.address);
    }
  }

  #lockAgain(mapper: LockEventMapper, { event, address, name, flags }: SaidRecord): void {
    if (event.meaning === 'lock_acquire') mapper.lockAcquire(address, name, flags);
    else if (event.meaning === 'lock_acquired') mapper.lockAcquired(address, name);
    else if (event.meaning === 'lock_contended') mapper.lockContended(address, name);
    else mapper.lockRelease(address, name);
  }

  /** Settles what waits for the end, and hands counts and machine to the builder. */
  finish(): void {
    this.closeStack();
    for (const [high] of this.#mapper?.someAddresses(500) ?? []) this.#machine.address(high);
    this.#mapper?.finish();
    let switches = false;
    for (const event of this.#events.all()) {
      if (event.count === 0) continue;
      this.#builder.count(event.name, event.count);
      switches ||= event.meaning === 'sched_switch';
    }
    if (!this.#inside) this.#coverage.finish(switches, this.#builder.skips);
    this.#machine.tell(this.#builder);
  }
}

/** Stands for the pid of a task that ran before the first switch that a CPU shows. */
function unknownOn(cpu: number): number {
  return -2 - cpu;
}
