// The importer of CTF as babeltrace2 prints it: kernel events of LTTng and of `perf data convert --to-ctf`.
import { BEYOND_THE_LOG } from '../../corpus/schema/capture.js';
import { IRQ_STATE } from '../../corpus/schema/event.js';
import type { CaptureBuilder } from '../builder.js';
import { type Meaning, type SourceEvent, SourceEvents } from '../ftrace/events.js';
import { Head } from '../ftrace/head.js';
import { TraceMachine } from '../ftrace/platform.js';
import { NO_CONTEXT } from '../ftrace/records.js';
import type { Importer } from '../importer.js';
import type { Source } from '../source.js';
import { InterruptLevels } from '../trace-events/interrupt-levels.js';
import { LockEventMapper, levelOfFlags } from '../trace-events/mapper.js';
import type { Level } from '../trace-events/runners.js';
import {
  beginsRecord,
  type CtfRecord,
  numberIn,
  readCtfLine,
  readDiscarded,
  type Stamp,
  stringIn,
} from './line.js';
import { Losses } from './losses.js';
import { isLttngProbe, readPayload, threadIn } from './payload.js';

/** Lines at the top that are looked at. */
const LOOK_AT = 200;
/** Groups of the kernel's events as perf names them; LTTng names the kernel's events without a group. */
const GROUP = /^(lock|sched|workqueue|irq|probe|kprobes):(?=[A-Za-z_])/;
/** What lttng-modules names otherwise than the kernel. */
const RENAMED: Readonly<Record<string, Meaning>> = {
  irq_softirq_entry: 'softirq-entry',
  irq_softirq_exit: 'softirq-exit',
};
const COMMENT = /^\s*(?:#.*)?$/;
const ESCAPE = '\u001b';
const COLOUR = /\u001b\[[0-9;]*m/g;
const UNPLACED = `${BEYOND_THE_LOG}the tracer discarded events without saying where: none of them bears on these orders`;

const plain = (raw: string): string => (raw.includes(ESCAPE) ? raw.replace(COLOUR, '') : raw).trimEnd();

/** Events without which nobody knows who holds what. */
const isOfLocks = (meaning: Meaning): boolean =>
  meaning.startsWith('lock_') || meaning.startsWith('contention_') || meaning === 'probe';

class CtfReader {
  readonly #builder: CaptureBuilder;
  readonly #events = new SourceEvents();
  readonly #machine = new TraceMachine();
  readonly #losses = new Losses();
  readonly #head = new Head();
  readonly #named = new Set<number>();
  /** By CPU: the thread that runs, as sched_switch said. */
  readonly #running = new Map<number, number>();
  readonly #levels = new InterruptLevels();
  #mapper: LockEventMapper | null = null;
  #unplaced = false;

  constructor(builder: CaptureBuilder) {
    this.#builder = builder;
  }

  line(raw: string, where: number): void {
    if (COMMENT.test(raw)) return;
    const { skips } = this.#builder;
    const line = plain(raw);
    const discarded = readDiscarded(line);
    if (discarded !== null && !beginsRecord(line)) {
      skips.count('ctf_events_discarded', where, discarded.count);
      if (!this.#losses.discarded(discarded)) this.#unplacedLoss(where, discarded.count);
      return;
    }
    const record = readCtfLine(line);
    if (record !== null && record !== 'cut') this.#record(record, where);
    else {
      skips.count('ctf_line_unreadable', where);
      // A record of which half is left may have been anything.
      if (record === 'cut') this.#gap();
    }
  }

  #unplacedLoss(where: number | null, times: number): void {
    this.#builder.skips.count('ctf_losses_unplaced', where, times);
    this.#unplaced = true;
  }

  #gap(): void {
    this.#mapper?.lost();
    this.#running.clear();
    this.#levels.clear();
  }

  #event(name: string): SourceEvent {
    const group = GROUP.exec(name)?.[1];
    const isProbe = group === 'probe' || group === 'kprobes';
    const event = this.#events.named(group !== undefined && !isProbe ? name.slice(group.length + 1) : name);
    if (isProbe) event.meaning = 'probe';
    else if (Object.hasOwn(RENAMED, event.name)) event.meaning = RENAMED[event.name]!;
    event.count++;
    return event;
  }

  #record(record: CtfRecord, where: number): void {
    const { skips } = this.#builder;
    const event = this.#event(record.name);
    if (event.meaning === 'none' && isLttngProbe(event.name, record.payload)) event.meaning = 'probe';
    const { name, meaning } = event;
    let stamp: Stamp | null = null;
    if (record.stamp !== null) {
      const found = this.#losses.at(record.stamp);
      stamp = found.stamp;
      if (found.place.gap) this.#gap();
      if (found.place.inside) {
        if (meaning !== 'none') skips.count('ctf_between_losses', where);
        return;
      }
    }
    if (!record.named) {
      if (meaning !== 'none') skips.count('ctf_without_names', where);
      return;
    }
    const cpu = numberIn(record.context, 'cpu_id') ?? -1;
    const flags = numberIn(record.payload, 'common_flags');
    if (meaning.includes('irq-')) {
      this.#interrupt(cpu, meaning, flags);
      return;
    }
    if (meaning === 'none') {
      if (record.name === 'lttng_statedump_process_state') this.#listed(record);
      this.#mapper?.touch(cpu, this.#level(cpu, flags));
      return;
    }
    const pid = this.#thread(record, meaning, cpu);
    if (pid === null) {
      skips.count('ctf_without_thread', where);
      // Anybody may have taken or given back a lock here.
      if (isOfLocks(meaning)) this.#mapper?.lost();
      return;
    }
    this.#map(record, name, meaning, pid, cpu, flags, stamp, where);
  }

  /** What LTTng lists at the start: threads that were there before. */
  #listed(record: CtfRecord): void {
    const tid = numberIn(record.payload, 'tid');
    if (tid !== null) this.#start(null).nameTask(tid, stringIn(record.payload, 'name') ?? '', true);
  }

  #start(flags: number | null): LockEventMapper {
    this.#mapper ??= new LockEventMapper(this.#builder, {
      lines: true,
      assumes: flags === null ? [NO_CONTEXT] : [],
    });
    return this.#mapper;
  }

  #interrupt(cpu: number, meaning: Meaning, flags: number | null): void {
    if (cpu < 0) return;
    this.#levels.set(cpu, meaning.startsWith('soft'), meaning.endsWith('entry'));
    this.#mapper?.touch(cpu, this.#level(cpu, flags));
  }

  /** By the flags of the record where perf kept them, else by the events of interrupts. */
  #level(cpu: number, flags: number | null): Level {
    return flags === null ? this.#levels.at(cpu) : levelOfFlags(flags);
  }

  /** The thread of a record: a context, what perf kept, or who was switched to on that CPU. */
  #thread(record: CtfRecord, meaning: Meaning, cpu: number): number | null {
    const told =
      numberIn(record.context, 'tid') ??
      numberIn(record.payload, 'perf_tid') ??
      (meaning === 'sched_switch' ? threadIn(record.payload, 'prev_') : null) ??
      this.#running.get(cpu) ??
      null;
    return told === null || told < 0 || told > 0x7fff_ffff ? null : told;
  }

  #map(
    record: CtfRecord,
    name: string,
    meaning: Meaning,
    pid: number,
    cpu: number,
    flags: number | null,
    stamp: Stamp | null,
    where: number,
  ): void {
    const mapper = this.#start(flags);
    const { payload, context } = record;
    const head = this.#head;
    if (record.cycles !== null) {
      head.timeHigh = Number(record.cycles >> 32n) | 0;
      head.timeLow = Number(record.cycles & 0xffff_ffffn) | 0;
    } else if (stamp === null) {
      head.timeHigh = -0x80000000;
      head.timeLow = 0;
    } else {
      head.seconds = stamp.seconds;
      head.fraction = stamp.nanos;
      head.fractionDigits = 9;
      head.computeTime();
    }
    const irqState = flags === null ? 0 : irqStateOf(flags);
    const level = this.#level(cpu, flags);
    if (!mapper.record(pid, cpu, level, irqState, head.timeHigh, head.timeLow, where)) return;
    const comm = stringIn(context, 'procname');
    if (comm !== null && !this.#named.has(pid)) {
      this.#named.add(pid);
      mapper.nameTask(pid, comm);
    }
    const unsaid = readPayload(mapper, meaning, name, payload, pid);
    if (unsaid !== null)
      this.#builder.skips.count(
        unsaid === 'no-address' ? 'ctf_lock_without_address' : 'ctf_line_unreadable',
        where,
      );
    if (meaning === 'sched_switch') this.#switched(mapper, record, pid, cpu);
  }

  #switched(mapper: LockEventMapper, { payload }: CtfRecord, prev: number, cpu: number): void {
    const next = threadIn(payload, 'next_');
    if (next === null) this.#running.delete(cpu);
    else this.#running.set(cpu, next);
    for (const [pid, comm] of [
      [prev, stringIn(payload, 'prev_comm')],
      [next ?? 0, stringIn(payload, 'next_comm')],
    ] as const)
      if (comm !== null && mapper.isUnnamed(pid)) mapper.nameTask(pid, comm, true);
  }

  finish(): void {
    // What was discarded behind the last record lies between no two of them; without stamps none is the last.
    const { unplaced } = this.#losses;
    if (unplaced > 0) this.#unplacedLoss(null, unplaced);
    for (const [high] of this.#mapper?.someAddresses(500) ?? []) this.#machine.address(high);
    if (this.#unplaced) this.#mapper?.assume(UNPLACED);
    this.#mapper?.finish();
    for (const event of this.#events.all()) if (event.count > 0) this.#builder.count(event.name, event.count);
    this.#machine.tell(this.#builder);
  }
}

/** TRACE_FLAG_*: 0x01 interrupts off, 0x80 bottom halves off (include/linux/trace_events.h). */
function irqStateOf(flags: number): number {
  return (
    IRQ_STATE.known |
    ((flags & 0x01) !== 0 ? IRQ_STATE.hardOff : 0) |
    ((flags & 0x80) !== 0 ? IRQ_STATE.softOff : 0)
  );
}

export const ctfImporter: Importer = {
  id: 'ctf',
  priority: 265,
  title: 'CTF as babeltrace2 prints it: kernel events of LTTng, perf data convert --to-ctf (docs/formats.md)',

  sniff(head) {
    let [records, others] = [0, 0];
    for (const raw of head.split('\n', LOOK_AT)) {
      if (COMMENT.test(raw)) continue;
      const line = plain(raw);
      if (beginsRecord(line)) records++;
      else if (readDiscarded(line) === null) others++;
    }
    return records > 0 && records >= others;
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const reader = new CtfReader(builder);
    let no = 0;
    for await (const batch of source.lines()) for (const line of batch) reader.line(line, ++no);
    reader.finish();
  },
};
