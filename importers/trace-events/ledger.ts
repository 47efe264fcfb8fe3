// The ledger of a recording: who asked for, got and gave back which lock, written as rows of a capture.
import { CONTEXTS, EVENT_KINDS, IRQ_STATE, KNOWN_BY } from '../../corpus/schema/event.js';
import { type EpisodeId, NONE, type SiteId, type TaskId } from '../../corpus/schema/ids.js';
import type { CaptureBuilder } from '../builder.js';
import { addHold, forgetHolds, holderAt, holdsOf, modeAt, takeBackHold } from './holds.js';
import { lastOf, lastPlaceOf, removeAt, shortList } from './lists.js';
import { EVIDENCE, type Lock, Locks, SOURCE, type Source } from './locks.js';
import { type Level, type Pending, type Runner, Runners } from './runners.js';

const code = (kind: (typeof EVENT_KINDS)[number]): number => EVENT_KINDS.indexOf(kind);
/** Indices into EVENT_KINDS. */
export const KIND = {
  request: code('request'),
  acquire: code('acquire'),
  release: code('release'),
  refuse: code('refuse'),
  wait: code('wait'),
  signal: code('signal'),
  fork: code('fork'),
  queueWork: code('queue-work'),
  startWork: code('start-work'),
  endWork: code('end-work'),
  irqEnter: code('irq-enter'),
  irqExit: code('irq-exit'),
  gap: code('gap'),
  tryAcquire: code('try-acquire'),
  sleep: code('sleep'),
  wake: code('wake'),
  exit: code('exit'),
} as const;
export const OBSERVED = KNOWN_BY.indexOf('observed');
export const INFERRED = KNOWN_BY.indexOf('inferred');
export const TASK: Level = 0;
export const SOFTIRQ = CONTEXTS.indexOf('softirq') as Level;
export const HARDIRQ = CONTEXTS.indexOf('hardirq') as Level;
export const NMI = CONTEXTS.indexOf('nmi') as Level;

/** Rows of sleeps, wake-ups, forks and work items that are kept of tasks without locks; behind them, only of tasks with some. */
const MOST_PLAIN_ROWS = 400_000;
const NO_TIME_HIGH = -0x80000000;

/** What `splice` does, without an array of what was removed: most often it is the last entry. */
/** State of one recording while it is read. The fields `pid` to `where` describe the record at hand. */
export class Ledger {
  readonly runners = new Runners();
  readonly locks: Locks;
  pid = 0;
  cpu = -1;
  level: Level = 0;
  /** Bits of IRQ_STATE; 0 where the recording does not say. */
  irqState = 0;
  timeHigh = NO_TIME_HIGH;
  timeLow = 0;
  where = 0;
  /** Goes up where records were lost: what was held or asked for before counts no more. */
  epoch = 1;
  plainRows = 0;
  thinned = 0;
  readonly #builder: CaptureBuilder;
  readonly #assumes: readonly string[];
  #episode: EpisodeId | null = null;
  readonly episodes: EpisodeId[] = [];
  /** True once the episode has an event of a lock. */
  #told = false;
  #rows = 0;
  readonly #spare = shortList<Pending>();

  readonly #lines: boolean;
  /** The first row of contention, or -1. */
  firstContention = -1;

  constructor(builder: CaptureBuilder, assumes: readonly string[], lines: boolean) {
    this.#lines = lines;
    this.#builder = builder;
    this.#assumes = assumes;
    this.locks = new Locks(builder);
  }

  get builder(): CaptureBuilder {
    return this.#builder;
  }
  get rows(): number {
    return this.#rows;
  }

  /** The runner of the record at hand, for an event of a lock. */
  locker(): Runner {
    const { level } = this;
    if (level === TASK) {
      const runner = this.runners.task(this.pid, this.cpu);
      runner.asleep = false;
      if (runner.epoch !== this.epoch) this.#refresh(runner);
      return runner;
    }
    const piece = this.runners.piece(this.cpu, level, this.pid, this.epoch);
    if (piece.epoch !== this.epoch) this.#refresh(piece);
    return piece;
  }

  /** The runner of the record at hand, for an event that no held set depends on. */
  actor(): Runner {
    return this.level === TASK
      ? this.runners.task(this.pid, this.cpu)
      : this.runners.anyPiece(this.cpu, this.level, this.pid, this.epoch);
  }

  #refresh(runner: Runner): void {
    runner.epoch = this.epoch;
    runner.pending.length = 0;
    runner.held = 0;
    runner.calls = null;
  }

  /** TaskId of a runner; the builder hears of a task when it first does something. */
  taskOf(runner: Runner): TaskId {
    if (runner.task !== NONE) return runner.task as TaskId;
    const on = runner.cpu >= 0 ? ` on CPU ${runner.cpu}` : '';
    const level = runner.level === 0 ? 'task' : CONTEXTS[runner.level]!;
    const id = this.#builder.task(
      {
        name:
          runner.level === 0
            ? (runner.name ??
              (runner.pid < 0
                ? `task before the first switch of CPU ${-2 - runner.pid}`
                : `pid ${runner.pid}`))
            : `${level}${on}`,
        pid: runner.level === 0 && runner.pid >= 0 ? runner.pid : null,
        function: null,
        named: runner.level === 0 && runner.name !== null,
        runs: runner.level === 0 ? 'task' : runner.level === SOFTIRQ ? 'softirq' : 'hardirq',
      },
      null,
    );
    runner.task = id;
    return id;
  }

  /** The episode at hand; it begins with its first event. */
  episode(): EpisodeId {
    if (this.#episode === null) {
      this.#episode = this.#builder.episode({ origin: 'trace', basis: 'recorded', assumes: this.#assumes });
      this.episodes.push(this.#episode);
    }
    return this.#episode;
  }

  /** Writes a row for the record at hand; returns its number. */
  emit(
    kind: number,
    runner: Runner,
    lock: Lock | null,
    mode: number,
    peer: Runner | null,
    known: number,
    source: Source,
  ): number {
    if (runner.level !== TASK && !runner.entered && source !== SOURCE.common) {
      // An interrupt is told of when it first does something with a lock.
      runner.entered = true;
      this.emit(KIND.irqEnter, runner, null, 0, runner.interrupted, OBSERVED, SOURCE.common);
      if (runner.firstRow === this.#rows - 1) runner.firstRow++;
    }
    const row = this.#builder.row(
      kind,
      runner.task === NONE ? this.taskOf(runner) : runner.task,
      lock === null ? NONE : lock.id,
      mode,
      peer === null ? NONE : this.taskOf(peer),
      this.cpu,
      runner.level,
      known,
      this.irqState,
      this.#episode ?? this.episode(),
      this.timeHigh,
      this.timeLow,
      this.where,
    );
    this.#rows = row + 1;
    runner.endRow = row + 1;
    if (source !== SOURCE.common) this.#told = true;
    return row;
  }

  /** Begins a record of that runner: what it emits belongs together, and a stack behind it is its site. */
  begin(runner: Runner): void {
    runner.firstRow = this.#rows;
    runner.endRow = this.#rows;
  }

  /** True if there is room for an event that is no lock's, or one of the two has to do with locks. */
  mayTell(runner: Runner, peer: Runner | null): boolean {
    if (this.plainRows < MOST_PLAIN_ROWS) {
      this.plainRows++;
      return true;
    }
    if (runner.locked || peer?.locked === true) return true;
    this.thinned++;
    return false;
  }

  drop(row: number): void {
    if (row < 0) return;
    this.#builder.dropRow(row);
  }

  hold(lock: Lock, runner: Runner, mode: number): void {
    if (lock.epoch !== this.epoch) {
      lock.epoch = this.epoch;
      forgetHolds(lock);
    }
    addHold(lock, runner, mode);
    runner.held++;
    runner.locked = true;
  }

  /** Takes back the last hold of that runner; returns its mode, or -1 if it has none. */
  unhold(lock: Lock, runner: Runner): number {
    if (lock.epoch !== this.epoch) return -1;
    const mode = takeBackHold(lock, runner);
    if (mode >= 0 && runner.held > 0) runner.held--;
    return mode;
  }

  /**
   * A request that may block. Where nothing will say that it was granted, the acquisition is inferred at once and taken back
   * if it turns out otherwise.
   */
  request(runner: Runner, lock: Lock, mode: number, willSay: boolean): Pending {
    const requestRow = this.emit(KIND.request, runner, lock, mode, null, OBSERVED, lock.source);
    let inferredRow = -1;
    if (!willSay) {
      inferredRow = this.emit(KIND.acquire, runner, lock, mode, null, INFERRED, lock.source);
      this.hold(lock, runner, mode);
    }
    runner.locked = true;
    lock.uses++;
    const pending = this.#pending(lock, mode, requestRow, inferredRow);
    if (runner.pending.length >= 16) runner.pending.shift();
    runner.pending.push(pending);
    return pending;
  }

  #pending(lock: Lock, mode: number, requestRow: number, inferredRow: number): Pending {
    const again = this.#spare.pop();
    if (again === undefined) return { lock, mode, requestRow, inferredRow, contended: false };
    again.lock = lock;
    again.mode = mode;
    again.requestRow = requestRow;
    again.inferredRow = inferredRow;
    again.contended = false;
    return again;
  }

  /** Settled requests of lock events are used again: a recording has millions. Calls keep theirs until they return. */
  #recycle(pending: Pending): void {
    if (pending.lock.source === SOURCE.lock && this.#spare.length < 4) this.#spare.push(pending);
  }

  /** The runner went on, so what was inferred of it stands. */
  proceed(runner: Runner): void {
    const { pending } = runner;
    let kept = 0;
    for (let i = 0; i < pending.length; i++) {
      const entry = pending[i]!;
      if (entry.inferredRow < 0) pending[kept++] = entry;
      else this.#recycle(entry);
    }
    pending.length = kept;
  }

  pendingOn(runner: Runner, lock: Lock): Pending | null {
    const { pending } = runner;
    let at = pending.length;
    while (--at >= 0) {
      const entry = pending[at]!;
      if (entry.lock === lock) return entry;
    }
    return null;
  }

  settle(runner: Runner, pending: Pending): void {
    const at = lastPlaceOf(runner.pending, pending);
    if (at !== -1) removeAt(runner.pending, at);
  }

  /** The acquisition that was inferred did not happen there. */
  retract(runner: Runner, pending: Pending): void {
    if (pending.inferredRow < 0) return;
    this.drop(pending.inferredRow);
    pending.inferredRow = -1;
    this.unhold(pending.lock, runner);
  }

  /** A pending request was granted at the record at hand. */
  granted(runner: Runner, pending: Pending, known: number): void {
    this.retract(runner, pending);
    this.settle(runner, pending);
    this.emit(KIND.acquire, runner, pending.lock, pending.mode, null, known, pending.lock.source);
    this.hold(pending.lock, runner, pending.mode);
    this.#recycle(pending);
  }

  /**
   * Who may have taken what another task gives back. A probe's function says in which mode it is given back; who took it in another,
   * or has only asked for it as far as anybody knows, waits for a hold that was taken through a function without a probe.
   */
  #tookFor(lock: Lock, mode: number): Runner | null {
    if (lock.epoch !== this.epoch) return null;
    const holds = holdsOf(lock);
    for (let i = 0; i < holds; i++) {
      const holder = holderAt(lock, i);
      if (holder === null || mode < 0) return holder;
      const pending = this.pendingOn(holder, lock);
      if (modeAt(lock, i) === mode && (pending === null || pending.inferredRow < 0)) return holder;
    }
    return null;
  }

  /** The lock is given back, by whom it may be; in which mode, or -1 where the event does not say. */
  release(runner: Runner, lock: Lock, given = -1): void {
    const pending = this.pendingOn(runner, lock);
    if (pending !== null) {
      if (pending.inferredRow < 0) {
        this.emit(KIND.acquire, runner, lock, pending.mode, null, INFERRED, lock.source);
        this.hold(lock, runner, pending.mode);
      }
      this.settle(runner, pending);
      this.#recycle(pending);
    }
    let mode = this.unhold(lock, runner);
    // Given back by another task than the one that took it.
    const peer = mode < 0 ? this.#tookFor(lock, given) : null;
    if (peer !== null) mode = this.unhold(lock, peer);
    // Probes show releases of locks that were taken through functions without a probe.
    if (mode < 0 && lock.source !== SOURCE.lock) return;
    this.emit(KIND.release, runner, lock, mode < 0 ? 0 : mode, peer, OBSERVED, lock.source);
  }

  /**
   * The place where the runner asked for a lock shows that the object is new: what had its address before has ended. Only
   * while nobody holds it, and only the first time.
   */
  reborn(runner: Runner): void {
    const pending = lastOf(runner.pending);
    if (pending === undefined || pending.requestRow < runner.firstRow) return;
    const old = pending.lock;
    const held = old.epoch === this.epoch ? holdsOf(old) : 0;
    const own = pending.inferredRow >= 0 ? 1 : 0;
    if (held > own || old.uses <= 1) return;
    const lock = this.locks.renewed(old);
    lock.uses = 1;
    if (own === 1) {
      this.unhold(old, runner);
      this.#builder.setLock(pending.inferredRow, lock.id);
      this.hold(lock, runner, pending.mode);
    }
    this.#builder.setLock(pending.requestRow, lock.id);
    pending.lock = lock;
  }

  noteEvidence(lock: Lock, runner: Runner, read: boolean): void {
    if (read) lock.klass.evidence |= EVIDENCE.read;
    if (runner.level !== TASK || (this.irqState & IRQ_STATE.hardOff) !== 0)
      lock.klass.evidence |= EVIDENCE.atomic;
  }

  /** Records were lost: the episode ends here, and nothing that was held or asked for is carried on. */
  gap(): void {
    if (this.#episode !== null && this.#told) {
      const runner = this.actor();
      this.emit(KIND.gap, runner, null, 0, null, OBSERVED, SOURCE.common);
      this.forgetPending();
      this.#episode = null;
      this.#told = false;
    } else this.forgetPending();
    this.epoch++;
    for (const cpu of this.runners.cpus()) this.runners.leave(cpu, 0, () => {});
  }

  /** Counts waits of which the recording does not say what for: contention names no lock and no holder. */
  countUnexplained(): void {
    for (const runner of this.runners.all())
      for (const pending of runner.epoch === this.epoch && runner.asleep ? runner.pending : [])
        if (pending.contended && pending.lock.source === SOURCE.contention)
          this.#builder.skips.count('wait_not_explained', this.lineOf(pending.requestRow));
  }

  /** The line of a row, or null where rows know bytes. */
  lineOf(row: number): number | null {
    return this.#lines ? this.#builder.whereOfRow(row) : null;
  }

  /** A place in the source as a line, or null where places are bytes. */
  lineAt(where: number): number | null {
    return this.#lines ? where : null;
  }

  /** What was asked for last and never answered was not got, as far as anybody knows. */
  forgetPending(): void {
    for (const set of [this.runners.all(), this.runners.pieces()])
      for (const runner of set) {
        if (runner.epoch !== this.epoch) continue;
        for (const pending of [...runner.pending]) this.retract(runner, pending);
        runner.pending.length = 0;
      }
  }

  /** The stack printed behind the last record of that runner. */
  site(runner: Runner, site: SiteId): void {
    for (let row = runner.firstRow; row < runner.endRow; row++) this.#builder.setSite(row, site);
  }
}
