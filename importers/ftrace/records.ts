// What records mean: events, calls, stacks and comments go to the mapper of lock events; what was read before is said again.
import { BEYOND_THE_LOG } from '../../corpus/schema/capture.js';
import type { CaptureBuilder } from '../builder.js';
import { lockFunction } from '../trace-events/lock-functions.js';
import { LockEventMapper } from '../trace-events/mapper.js';
import type { Level } from '../trace-events/runners.js';
import { Coverage } from './coverage.js';
import { TraceCpus, unknownOn } from './cpus.js';
import { type SourceEvent, SourceEvents } from './events.js';
import { GraphLine, readCall } from './graph.js';
import { Head, readFlags } from './head.js';
import { hashOf, NameTable } from './names.js';
import { Payloads } from './payload.js';
import { TraceMachine } from './platform.js';
import { DO, type SaidRecord } from './said.js';
import { OpenStack } from './stacks.js';
import { NamedTasks } from './task-names.js';
import { addressOf, isProbe, isWord, targetOf } from './words.js';

/** What is assumed where a format has no interrupt flags. */
export const NO_CONTEXT =
  'the recording does not say which records were made in interrupts: each is taken for one of the task that ran';

/** What is assumed where bpftrace lost events: it says so when it notices, which is later, and in sorted text before all others. */
export const BPFTRACE_LOSSES = `${BEYOND_THE_LOG}bpftrace lost records without saying when: none of them bears on these orders`;

/** Takes the records of one recording, whose heads and columns stand in `head` and `graph`. `finish` must be called at the end. */
export class TraceRecords {
  readonly head = new Head();
  readonly graph = new GraphLine();
  readonly #events = new SourceEvents();
  readonly #machine = new TraceMachine();
  readonly #functionEvent = this.#events.named('function');
  readonly #entryEvent = this.#events.named('funcgraph_entry');
  readonly #exitEvent = this.#events.named('funcgraph_exit');
  /** Functions by name. */
  readonly functions = new NameTable((name) => {
    this.#machine.name(name);
    return lockFunction(name);
  });
  readonly stack = new OpenStack(this.#machine, () =>
    this.#builder.skips.count('trace_functions_beyond', null),
  );
  #mapper: LockEventMapper | null = null;
  #payloads: Payloads | null = null;
  readonly #cpus = new TraceCpus();
  readonly #named = new NamedTasks();
  readonly #coverage = new Coverage();
  sawRecord = false;
  /** What the last record was found to say. */
  #does: (typeof DO)[keyof typeof DO] = DO.read;
  #event: SourceEvent = this.#functionEvent;
  #target = -1;
  #ofProgram = false;
  #lostSomewhere = false;
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

  /** bpftrace lost records, and nobody knows where. */
  lostSomewhere(): void {
    this.understood++;
    this.#lostSomewhere = true;
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
    else event = this.#events.odd(text, head.body, at, to);
    event.count++;
    this.#event = event;
    const { meaning } = event;
    const cpu = head.cpu;
    if (meaning === 'none') {
      if (event.count === 1 && isProbe(text, at + 1, to)) event.meaning = 'probe';
      else {
        this.#does = DO.touch;
        if (this.#mapper !== null) {
          this.#cpus.passed(cpu);
          this.#mapper.touch(cpu, this.#cpus.level(cpu, head.level));
        }
        return;
      }
    }
    this.#mapped(event, text, at, to, where);
  }

  #mapped(event: SourceEvent, text: string, at: number, to: number, where: number): void {
    const head = this.head;
    const { pid, cpu } = head;
    const mapper = this.#mapper ?? this.#start(head.level >= 0);
    const { meaning } = event;
    if (meaning === 'stack') {
      this.#openStack(text, head.body, to, pid, cpu, this.#cpus.level(cpu, head.level));
      return;
    }
    if (meaning === 'marker') {
      this.stack.open = 'marker';
      return;
    }
    if (event.isInterrupt) {
      this.#cpus.interrupt(cpu, meaning.startsWith('soft'), meaning.endsWith('entry'));
      if (head.level < 0) mapper.touch(cpu, this.#cpus.level(cpu, -1));
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
    const level = this.#cpus.level(cpu, head.level);
    head.computeTime();
    if (!mapper.record(pid, cpu, level, head.irqState, head.timeHigh, head.timeLow, where)) {
      this.#cpus.passed(cpu);
      return;
    }
    this.#name(mapper, pid, text);
    this.#cpus.record(cpu, pid, true);
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

  /** Names the task of the head of the line. */
  #name(mapper: LockEventMapper, pid: number, text: string): void {
    if (!this.#named.isNew(pid)) return;
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
    this.stack.begin(!ofProgram && this.#cpus.wasMapped(cpu, pid), pid, cpu, level);
  }

  /** `callee <-caller`, with arguments, offsets or modules in between; in reports the caller may be missing. */
  #function(text: string, from: number, end: number, hash: number, to: number, where: number): void {
    const head = this.head;
    const { pid, cpu } = head;
    const called = this.functions.at(text, from, end, hash);
    const level = this.#cpus.level(cpu, head.level);
    this.#cpus.record(cpu, pid, called.concerns);
    if (!called.concerns) {
      this.#does = DO.call;
      this.#mapper?.touch(cpu, level);
      return;
    }
    const mapper = this.#mapper ?? this.#start(head.level >= 0);
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
    if (!mapper.record(pid, cpu, level, head.irqState, head.timeHigh, head.timeLow, where)) {
      this.#cpus.passed(cpu);
      return;
    }
    this.#name(mapper, pid, text);
    const argument =
      text.charCodeAt(end) === 40 ? /0x([0-9a-f]{4,16})\b/.exec(text.slice(end, to))?.[1] : undefined;
    mapper.calls.function(called, caller, argument === undefined ? -1 : addressOf(mapper, argument));
  }

  #call(mapper: LockEventMapper): void {
    const { graph } = this;
    const { kind, depth } = graph;
    if (kind === 'exit') mapper.calls.graphExit(depth, graph.ret);
    else if (kind === 'entry' || kind === 'leaf') {
      if (graph.callee === null) {
        this.#machine.name(graph.name);
        graph.callee = lockFunction(graph.name);
      }
      const { callee } = graph;
      const address = graph.argument === null ? -1 : addressOf(mapper, graph.argument);
      mapper.calls.graphEntry(callee, depth, kind === 'leaf', address);
      if (kind === 'leaf' && callee.concerns) mapper.calls.leafReturns(depth, graph.ret);
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
      if (this.#cpus.switchTo(cpu, graph.pid))
        mapper.adopt(unknownOn(cpu), graph.previousPid, graph.previousComm);
      mapper.nameTask(graph.pid, graph.comm ?? '');
      return;
    }
    if (graph.kind === 'irq-in' || graph.kind === 'irq-out') {
      this.#cpus.interrupt(cpu, false, graph.kind === 'irq-in');
      return;
    }
    this.sawRecord = true;
    this.understood++;
    const head = this.head;
    head.level = -1;
    head.irqState = 0;
    if (graph.flags !== null) readFlags(head, graph.flags, 0);
    const level = this.#cpus.level(cpu, head.level);
    const pid = graph.pid >= 0 ? graph.pid : this.#cpus.running(cpu);
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
    const isTold = mapper.record(pid, cpu, level, head.irqState, head.timeHigh, head.timeLow, where);
    if (graph.comm !== null && this.#named.isNew(pid)) mapper.nameTask(pid, graph.comm);
    this.#cpus.record(cpu, pid, isTold);
    if (graph.kind === 'comment') {
      if (said === null) this.#comment(graph.name, pid, where, isTold);
      else {
        said.event.count++;
        if (isTold) this.#lockAgain(mapper, said);
      }
      return;
    }
    if (graph.kind === 'exit') this.#exitEvent.count++;
    else this.#entryEvent.count++;
    if (isTold) this.#call(mapper);
  }

  /** An event between calls: `lock_acquire: 00000000c2 &dev->mutex`; a marker is its bare text. */
  #comment(text: string, pid: number, where: number, isTold: boolean): void {
    if (text.startsWith('<stack trace')) {
      this.#events.stack('<stack trace>').count++;
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
    if (!isTold || event.meaning === 'none' || event.meaning === 'marker' || event.isInterrupt) return;
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
    const level = this.#cpus.level(cpu, head.level);
    const mapper = this.#mapper;
    if (does === DO.touch || does === DO.call) {
      if (does === DO.call) this.#cpus.record(cpu, pid, false);
      else this.#cpus.passed(cpu);
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
    if (!mapper.record(pid, cpu, level, head.irqState, head.timeHigh, head.timeLow, where)) {
      this.#cpus.passed(cpu);
      return;
    }
    this.#name(mapper, pid, said.text);
    this.#cpus.record(cpu, pid, true);
    if (does === DO.lock) this.#lockAgain(mapper, said);
    else if (does === DO.probe) {
      const { probe } = said;
      if (probe !== null)
        mapper.calls.probe(probe.probed, probe.address, probe.isReturn, probe.caller, probe.ret);
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
    if (this.#lostSomewhere) this.#mapper?.assume(BPFTRACE_LOSSES);
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
