// The importer of `perf script` text: columns, call chains and losses, handed to the mapper of kernel events.
import { BEYOND_THE_LOG } from '../../corpus/schema/capture.js';
import type { CaptureBuilder } from '../builder.js';
import { type SourceEvent, SourceEvents } from '../ftrace/events.js';
import { Head } from '../ftrace/head.js';
import { Payloads } from '../ftrace/payload.js';
import { TraceMachine } from '../ftrace/platform.js';
import { NO_CONTEXT } from '../ftrace/records.js';
import type { Importer } from '../importer.js';
import type { Source } from '../source.js';
import { InterruptLevels } from '../trace-events/interrupt-levels.js';
import { LockEventMapper } from '../trace-events/mapper.js';
import {
  isWithoutTask,
  lostHere,
  lostSomewhere,
  readFrame,
  readScriptHead,
  type ScriptEvent,
  taskRecord,
} from './script-line.js';

/** Lines at the top that are looked at. */
const LOOK_AT = 200;
/** Frames of one stack are kept up to this many. */
const MOST_FRAMES = 128;
/** Groups of probes in the kernel; `probe_libc` and the like are those of programs. */
const KERNEL_PROBES = /^(?:probe|kprobes)$/;
/** Groups whose events say something of locks. Another tracer's event of the same name is another thing. */
const GROUPS = /^(?:lock|sched|workqueue|irq)$/;
/** What perf prints around the records. */
const CHATTER = /^(?:#|Warning:|Check IO\/CPU overload!|\[ perf record: |PERF_RECORD_FINISHED_ROUND$)/;
const UNPLACED_LOSS = `${BEYOND_THE_LOG}perf lost records without saying where: none of them bears on these orders`;

class ScriptReader {
  readonly #builder: CaptureBuilder;
  readonly #head = new Head();
  readonly #events = new SourceEvents();
  readonly #machine = new TraceMachine();
  readonly #named = new Set<number>();
  readonly #levels = new InterruptLevels();
  #mapper: LockEventMapper | null = null;
  #payloads: Payloads | null = null;
  /** Whether the last record may have a call chain behind it, and whether the mapper has that record. */
  #open: 'none' | 'mapped' | 'other' = 'none';
  #frames: string[] = [];
  #unplaced = false;
  /** Tasks whose fork perf told itself: the tracepoint of the same fork comes behind it. */
  readonly #forked = new Set<number>();

  constructor(builder: CaptureBuilder) {
    this.#builder = builder;
  }

  line(raw: string, where: number): void {
    const line = raw.trimEnd();
    if (line === '') {
      this.#closeStack();
      return;
    }
    const { skips } = this.#builder;
    if (this.#open !== 'none' && this.#frame(line)) return;
    const event = readScriptHead(this.#head, line);
    if (event !== null) {
      this.#closeStack();
      const lost = lostHere(event, line.slice(this.#head.body));
      if (lost !== null) {
        skips.count('records_lost', where, lost);
        this.#mapper?.lost();
        return;
      }
      this.#record(event, line, where);
      return;
    }
    // With `srcline` a place stands below each frame.
    if (this.#open !== 'none' && /^\s/.test(line)) return;
    const unplaced = lostSomewhere(line);
    if (unplaced !== null) {
      skips.count('perf_losses_unplaced', where, unplaced);
      this.#unplaced = true;
    } else if (CHATTER.test(line)) this.#header(line);
    else skips.count(isWithoutTask(line) ? 'perf_without_task' : 'perf_line_unreadable', where);
  }

  /** `perf script --header`: `# os release : 6.12.0`, `# arch : x86_64`. */
  #header(line: string): void {
    const found = /^# (os release|arch) : (\S+)$/.exec(line);
    if (found?.[2] === undefined) return;
    if (found[1] === 'arch') this.#builder.arch(found[2]);
    else this.#builder.kernel(found[2]);
  }

  #frame(line: string): boolean {
    if (!/^\s/.test(line)) return false;
    // A record may be indented too, where names of tasks are padded.
    const frame = readFrame(line);
    if (frame === null) return false;
    if (frame === 'user' || this.#frames.length >= MOST_FRAMES) return true;
    this.#frames.push(frame.symbol);
    this.#machine.frame(frame.symbol, frame.module === null ? '' : `[${frame.module}]`);
    return true;
  }

  #closeStack(): void {
    if (this.#open === 'mapped' && this.#frames.length > 0) this.#mapper?.stack(this.#frames);
    if (this.#frames.length > 0) this.#frames = [];
    this.#open = 'none';
  }

  #event(group: string, name: string): SourceEvent {
    const isProbe = KERNEL_PROBES.test(group);
    const known = isProbe || GROUPS.test(group);
    const event = this.#events.named(
      known && !isProbe ? name : group === '' ? `perf ${name}` : `${group}:${name}`,
    );
    if (isProbe) event.meaning = 'probe';
    event.count++;
    return event;
  }

  #record(said: ScriptEvent, line: string, where: number): void {
    const head = this.#head;
    const { pid, cpu } = head;
    const { group, name } = said;
    const { meaning } = this.#event(group, name);
    this.#open = 'other';
    if (meaning.includes('irq-')) {
      if (cpu < 0) return;
      this.#levels.set(cpu, meaning.startsWith('soft'), meaning.endsWith('entry'));
      this.#mapper?.touch(cpu, this.#levels.at(cpu));
      return;
    }
    const task = taskRecord(said, head, line.slice(head.body));
    if (meaning === 'none' && task === null) {
      this.#mapper?.touch(cpu, this.#levels.at(cpu));
      return;
    }
    if (pid < 0) {
      // perf writes -1 where it does not know the thread: that may be anybody, who may have given a lock back here.
      this.#mapper?.lost();
      this.#builder.skips.count('perf_without_task', where);
      return;
    }
    this.#mapper ??= new LockEventMapper(this.#builder, { lines: true, assumes: [NO_CONTEXT] });
    const mapper = this.#mapper;
    this.#payloads ??= new Payloads(mapper);
    if (!mapper.record(pid, cpu, this.#levels.at(cpu), 0, head.timeHigh, head.timeLow, where)) return;
    if (!this.#named.has(pid)) {
      this.#named.add(pid);
      const comm = line.slice(head.commFrom, head.commTo);
      // perf writes `:123` for a thread whose name it did not see.
      if (!/^:-?\d+$/.test(comm)) mapper.nameTask(pid, comm);
    }
    if (task !== null) {
      if (task.what === 'exit') mapper.processExit(task.tid);
      else {
        this.#forked.add(task.tid);
        mapper.fork(task.tid);
      }
      return;
    }
    if (meaning === 'fork') {
      const child = Number(/\bchild_pid=(\d+)/.exec(line)?.[1]);
      if (this.#forked.delete(child)) return;
    }
    const unsaid = this.#payloads.read(meaning, name, line, head.body, line.length, pid);
    if (unsaid === null) this.#open = 'mapped';
    else
      this.#builder.skips.count(
        unsaid === 'no-address' ? 'lock_without_address' : 'perf_line_unreadable',
        where,
      );
  }

  finish(): void {
    this.#closeStack();
    for (const [high] of this.#mapper?.someAddresses(500) ?? []) this.#machine.address(high);
    if (this.#unplaced) this.#mapper?.assume(UNPLACED_LOSS);
    this.#mapper?.finish();
    for (const event of this.#events.all()) if (event.count > 0) this.#builder.count(event.name, event.count);
    this.#machine.tell(this.#builder);
  }
}

function looksLikeScript(head: string): boolean {
  const record = new Head();
  let [records, others, stack] = [0, 0, false];
  for (const raw of head.split('\n').slice(0, LOOK_AT)) {
    const line = raw.trimEnd();
    if (line === '' || CHATTER.test(line) || lostSomewhere(line) !== null) continue;
    if (stack && /^\s/.test(line) && readFrame(line) !== null) continue;
    const event = readScriptHead(record, line);
    stack = true;
    const isRecord = event !== null && (event.group !== '' || event.name.startsWith('PERF_RECORD_'));
    if (isRecord && (record.cpu >= 0 || record.timeHigh !== -0x80000000)) records++;
    else if (event === null && isWithoutTask(line)) records++;
    else if (event === null) others++;
  }
  return records > 0 && records >= others;
}

export const perfScriptImporter: Importer = {
  id: 'perf-script',
  priority: 260,
  title: 'perf script text: lock, sched, workqueue events and probes, with call chains (docs/formats.md)',

  sniff: looksLikeScript,

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const reader = new ScriptReader(builder);
    let no = 0;
    for await (const batch of source.lines()) for (const line of batch) reader.line(line, ++no);
    reader.finish();
  },
};
