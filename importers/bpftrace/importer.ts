// The importer of what bpftrace prints: records of the bundled recorder, maps, losses; as JSON and as text.
import type { CaptureBuilder } from '../builder.js';
import { TraceMachine } from '../ftrace/platform.js';
import { BPFTRACE_LOSSES, NO_CONTEXT } from '../ftrace/records.js';
import type { Importer } from '../importer.js';
import type { Source } from '../source.js';
import { lockFunction } from '../trace-events/lock-functions.js';
import { LockEventMapper } from '../trace-events/mapper.js';
import { noteJsonMap, noteTextMap } from './maps.js';
import { beginsRecord, type RecorderRecord, readChainLine, readRecord } from './record-line.js';

/** Each CPU has a buffer of its own, and they are read in turn: records may be so many places late. */
const WINDOW = 50_000;
const MOST_FRAMES = 64;
const JSON_LINE =
  /^\{"type": ?"(?:attached_probes|map|hist|stats|value|printf|time|cat|join|syscall|lost_events)", ?"data":/;
const TEXT_LOST = /^Lost (\d+) events$/;
/** Names, brackets and bars of histograms, and the line that tells of the probes. */
const TEXT_CHATTER = /^(?:Attach(?:ing|ed) \d+ probes?(?:\.\.\.)?|[[(].*\|.*\||@\w*(?:\[.*\])?:)\s*$/;
const COMMENT = /^\s*(?:#.*)?$/;

class OutputReader {
  readonly #builder: CaptureBuilder;
  readonly #machine = new TraceMachine();
  readonly #named = new Set<number>();
  #mapper: LockEventMapper | null = null;
  #waiting: RecorderRecord[] = [];
  /** The record whose call chain is being read. */
  #open: RecorderRecord | null = null;
  #lastNs = 0n;
  #lost = false;

  constructor(builder: CaptureBuilder) {
    this.#builder = builder;
  }

  line(line: string, where: number): void {
    if (COMMENT.test(line)) {
      this.#open = null;
      return;
    }
    if (line.startsWith('{')) this.#json(line, where);
    else this.#text(line, where, true);
  }

  #json(line: string, where: number): void {
    let message: { readonly type?: unknown; readonly data?: unknown };
    try {
      message = JSON.parse(line);
    } catch {
      this.#builder.skips.count('bpftrace_line_unused', where);
      return;
    }
    const { type, data } = message;
    switch (type) {
      case 'printf':
        // A record and its call chain are one message.
        this.#open = null;
        for (const part of String(data).split('\n')) if (part !== '') this.#text(part, where, false);
        return;
      case 'map':
      case 'hist':
      case 'stats':
        this.#builder.count(type);
        noteJsonMap(this.#builder, type, data, where);
        return;
      case 'lost_events':
        this.#loses(Number((data as { readonly events?: unknown } | null)?.events) || 1, where);
        return;
      case 'attached_probes':
        return;
      default:
        this.#builder.skips.count('bpftrace_line_unused', where);
    }
  }

  #text(line: string, where: number, isText: boolean): void {
    if (beginsRecord(line)) {
      this.#open = readRecord(line, where);
      if (this.#open === null) this.#builder.skips.count('bpftrace_record_unreadable', where);
      else this.#take(this.#open);
      return;
    }
    if (this.#open !== null) {
      const frame = readChainLine(line);
      if (frame !== null) {
        if (frame !== 'nameless' && this.#open.frames.length < MOST_FRAMES)
          this.#open.frames.push(frame.func);
        return;
      }
      this.#open = null;
    }
    if (isText) {
      const lost = TEXT_LOST.exec(line);
      if (lost !== null) {
        this.#loses(Number(lost[1]), where);
        return;
      }
      if (TEXT_CHATTER.test(line)) return;
      if (noteTextMap(this.#builder, line, where)) {
        this.#builder.count('map');
        return;
      }
    }
    this.#builder.skips.count('bpftrace_line_unused', where);
  }

  #loses(events: number, where: number): void {
    if (events > 0) this.#lost = true;
    this.#builder.skips.count('records_lost', where, events);
  }

  #take(record: RecorderRecord): void {
    this.#builder.count(record.probe);
    this.#waiting.push(record);
    // One more than is handed on stays: its call chain is still to come.
    if (this.#waiting.length > 2 * WINDOW) this.#hand(WINDOW);
  }

  /** Hands the first `most` of those that wait to the mapper, in order of time. */
  #hand(most: number): void {
    const open = this.#open;
    this.#waiting.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : a.where - b.where));
    let handed = 0;
    for (const record of this.#waiting.slice(0, most)) {
      if (record === open) break;
      this.#record(record);
      handed++;
    }
    this.#waiting = this.#waiting.slice(handed);
  }

  #record(record: RecorderRecord): void {
    const { ns, cpu, tid, comm, probe, value, frames, where } = record;
    this.#mapper ??= new LockEventMapper(this.#builder, { lines: true, assumes: [NO_CONTEXT] });
    const mapper = this.#mapper;
    if (ns < this.#lastNs) {
      // Later than anything waits: who held what in between is not known.
      this.#builder.skips.count('bpftrace_out_of_order', where);
      mapper.lost();
      return;
    }
    this.#lastNs = ns;
    if (!mapper.record(tid, cpu, 0, 0, Number(ns >> 32n), Number(ns & 0xffff_ffffn) | 0, where)) return;
    if (!this.#named.has(tid)) {
      this.#named.add(tid);
      mapper.nameTask(tid, comm);
    }
    this.#probe(mapper, probe, value, tid);
    for (const frame of frames) this.#machine.frame(frame, '');
    if (frames.length > 0) mapper.stack(frames);
  }

  #probe(mapper: LockEventMapper, probe: string, value: string | number, tid: number): void {
    const [group = '', ...rest] = probe.split(':');
    const name = rest[rest.length - 1] ?? '';
    if (group !== 'tracepoint') {
      this.#machine.name(name);
      const isReturn = group === 'kretprobe';
      mapper.calls.probe(
        lockFunction(name),
        this.#address(value),
        isReturn,
        null,
        isReturn ? Number(value) : null,
      );
    } else if (name === 'sched_process_fork') mapper.fork(Number(value));
    else if (name === 'sched_process_exit') mapper.processExit(tid);
    else if (name === 'sched_waking') mapper.schedWaking(Number(value));
    else if (name === 'sched_switch') mapper.schedSwitch(tid, howLeft(Number(value)));
  }

  #address(value: string | number): number {
    if (typeof value === 'number') return -1;
    const high = Number.parseInt(value.slice(0, 8), 16);
    const low = Number.parseInt(value.slice(8), 16);
    return this.#mapper?.address(high | 0, low | 0) ?? -1;
  }

  finish(): void {
    this.#open = null;
    this.#hand(this.#waiting.length);
    for (const [high] of this.#mapper?.someAddresses(500) ?? []) this.#machine.address(high);
    if (this.#lost) this.#mapper?.assume(BPFTRACE_LOSSES);
    this.#mapper?.finish();
    this.#machine.tell(this.#builder);
  }
}

/** The state in which a task left its CPU: TASK_REPORT_MAX (0x100) marks preemption, 0x30 are EXIT_DEAD and EXIT_ZOMBIE. */
function howLeft(state: number): 0 | 1 | 2 {
  if (state <= 0 || (state & 0x100) !== 0) return 0;
  return (state & 0x30) !== 0 ? 2 : 1;
}

/** Lines of the head that are looked at. */
const SNIFFED = 50;

export const bpftraceImporter: Importer = {
  id: 'bpftrace',
  priority: 245,
  title: 'bpftrace output: records of the bundled recorder.bt, maps as annotations, -f json or text',

  sniff(head) {
    const lines = head.split('\n', SNIFFED).filter((line) => !COMMENT.test(line));
    const [first = ''] = lines;
    if (JSON_LINE.test(first)) return true;
    if (lines.some((line) => readRecord(line, 1) !== null)) return true;
    return (
      /^Attach(?:ing|ed) \d+ probes?(?:\.\.\.)?\s*$/.test(first) &&
      lines.some((line) => /^@\w*(?:\[|:)/.test(line))
    );
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const reader = new OutputReader(builder);
    let no = 0;
    for await (const batch of source.lines()) for (const line of batch) reader.line(line, ++no);
    reader.finish();
  },
};
