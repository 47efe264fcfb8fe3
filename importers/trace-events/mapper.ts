// The one mapping from kernel events to events of a capture: every tracer importer feeds its records in here.
import { NONE, type SiteId, type TaskId } from '../../corpus/schema/ids.js';
import { LOCK_KINDS, LOCK_MODES, type LockKind } from '../../corpus/schema/lock.js';
import type { CaptureBuilder } from '../builder.js';
import { CallMapper } from './calls.js';
import { ChainTable } from './chain-facts.js';
import { finishMapping } from './finish.js';
import { type HARDIRQ, KIND, Ledger, type NMI, OBSERVED, type SOFTIRQ, TASK } from './ledger.js';
import { lastOf } from './lists.js';
import { EVIDENCE, type Lock, NOBODY, SOURCE } from './locks.js';
import { Pairing } from './pairing.js';
import type { Level, Runner } from './runners.js';

/** Flags of `lock:lock_acquire` (include/trace/events/lock.h). */
export const ACQUIRE_TRY = 1;
export const ACQUIRE_READ = 2;
/** Flags of `lock:contention_begin` (include/trace/events/lock.h, LCB_F_*). */
export const CONTENTION = { spin: 1, read: 2, write: 4, rt: 8, percpu: 16, mutex: 32 } as const;

/** Index into CONTEXTS by the bits of `common_flags` (include/linux/trace_events.h): 0x08 hardirq, 0x10 softirq, 0x40 NMI. */
export function levelOfFlags(commonFlags: number): Level {
  if ((commonFlags & 0x40) !== 0) return 3 satisfies typeof NMI;
  if ((commonFlags & 0x08) !== 0) return 2 satisfies typeof HARDIRQ;
  return (commonFlags & 0x10) !== 0 ? (1 satisfies typeof SOFTIRQ) : 0;
}

export interface MapperOptions {
  /** What every episode has to assume, e.g. because the format does not say in which context a record was made. */
  readonly assumes?: readonly string[];
  /** True if `where` counts lines. */
  readonly lines?: boolean;
  /** Hex digits of an address: 16, or 8 on 32-bit machines. */
  readonly addressDigits?: number;
}

const EXCLUSIVE = LOCK_MODES.indexOf('exclusive');
const READ = LOCK_MODES.indexOf('read');
const RECURSIVE_READ = LOCK_MODES.indexOf('recursive-read');

/**
 * Fed record by record in order of time: first `record` with what all records have, then at most one method named after the
 * event, then, if a stack was recorded with it, `stack`. Numbers only, nothing is allocated for an event: addresses come
 * from `address`, names from `name`. `finish` must be called once at the end.
 */
export class LockEventMapper {
  readonly #ledger: Ledger;
  readonly #pairing: Pairing;
  readonly #chains = new ChainTable();
  /** Calls of lock functions: function tracer, function_graph, probes. */
  readonly calls: CallMapper;
  #wakingSeen = false;
  /** Records that there was no room for, and where the first of them stands. */
  #beyond = 0;
  #firstBeyond = 0;
  #last: Runner | null = null;

  constructor(builder: CaptureBuilder, options: MapperOptions = {}) {
    this.#ledger = new Ledger(builder, options.assumes ?? [], options.lines ?? false);
    this.#ledger.locks.digits = options.addressDigits ?? 16;
    this.#pairing = new Pairing(this.#ledger.locks);
    this.calls = new CallMapper(this.#ledger, this.#pairing);
  }

  /** The number of an address, given by the halves of its 64 bits. */
  address(high: number, low: number): number {
    return this.#ledger.locks.addresses.id(high, low);
  }
  /** The first addresses seen, as halves: they tell machines apart. */
  *someAddresses(most: number): Generator<readonly [number, number]> {
    const { addresses } = this.#ledger.locks;
    for (let id = 0; id < Math.min(most, addresses.size); id++)
      yield [addresses.high(id) >>> 0, addresses.low(id) >>> 0];
  }

  /** The number of a name. */
  name(text: string): number {
    return this.#ledger.locks.name(text);
  }
  /** The name of a task as the recorder saved it; `<...>` is no name. What others call it counts less (`weak`). */
  nameTask(pid: number, comm: string, weak = false): void {
    if (pid === 0 || comm === '' || comm === '<...>' || this.isFull) return;
    const runner = this.#ledger.runners.task(pid, -1);
    if (runner.name === comm) {
      if (!weak) runner.named = true;
      return;
    }
    // function_graph cuts names to 7 characters and the latency format to 8.
    const longer = runner.name !== null && comm.length > runner.name.length && comm.startsWith(runner.name);
    if (runner.name !== null && !longer && (weak || runner.named)) return;
    if (!weak && runner.name !== null && runner.name.startsWith(comm) && comm.length >= 7) return;
    runner.name = comm;
    runner.named = !weak;
    if (runner.task >= 0) this.#ledger.builder.refineTask(runner.task as TaskId, { name: comm, named: true });
  }
  /** True while no name is known of a task. */
  isUnnamed(pid: number): boolean {
    return pid !== 0 && !this.isFull && this.#ledger.runners.task(pid, -1).name === null;
  }

  /**
   * The record at hand. `level`: index into CONTEXTS; `irqState`: bits of IRQ_STATE, 0 where not recorded; time as halves of a signed
   * 64-bit count of ns; `where`: line or byte offset. False where the capture has no room for it: it is counted, and no method that is
   * named after an event may be called for it.
   */
  record(
    pid: number,
    cpu: number,
    level: Level,
    irqState: number,
    timeHigh: number,
    timeLow: number,
    where: number,
  ): boolean {
    const ledger = this.#ledger;
    this.#last = null;
    if (this.isFull) {
      this.#passBeyond(where);
      return false;
    }
    ledger.pid = pid;
    ledger.cpu = cpu;
    ledger.level = level;
    ledger.irqState = irqState;
    ledger.timeHigh = timeHigh;
    ledger.timeLow = timeLow;
    ledger.where = where;
    if (ledger.runners.top(cpu) > level) this.#leave(cpu, level);
    return true;
  }

  /** True once a capture may hold no more (see `Room` of the builder): memory must not grow with the recording. */
  get isFull(): boolean {
    const ledger = this.#ledger;
    return ledger.builder.isFull || ledger.runners.isFull;
  }

  #passBeyond(where: number): void {
    if (this.#beyond++ > 0) return;
    this.#firstBeyond = where;
    this.calls.last = null;
  }

  /** A record that means nothing here: interrupts that it shows to be over end. */
  touch(cpu: number, level: Level): void {
    this.#last = null;
    if (this.#ledger.runners.top(cpu) > level) this.#leave(cpu, level);
  }

  /** A task that ran before its pid was known is that one. */
  adopt(unknown: number, pid: number, comm: string): void {
    const runner = this.#ledger.runners.adopt(unknown, pid);
    if (runner === null) return;
    this.nameTask(pid, comm);
    if (runner.task >= 0)
      this.#ledger.builder.refineTask(runner.task as TaskId, {
        pid,
        name: runner.name ?? `pid ${pid}`,
        named: runner.name !== null,
      });
  }

  #leave(cpu: number, level: number): void {
    const ledger = this.#ledger;
    ledger.runners.leave(cpu, level, (piece) => {
      if (piece.entered && piece.epoch === ledger.epoch)
        ledger.emit(KIND.irqExit, piece, null, 0, piece.interrupted, OBSERVED, SOURCE.common);
    });
  }

  #readMode(lock: Lock): number {
    if (lock.klass.isRcu || lock.klass.isSeqcount) return RECURSIVE_READ;
    // queued_read_lock_slowpath(): readers in interrupts do not queue. rwlocks are told from rwsems by their class.
    return this.#ledger.level !== TASK ? RECURSIVE_READ : READ;
  }

  lockAcquire(address: number, name: number, flags: number): void {
    const ledger = this.#ledger;
    if (ledger.locks.classNamed(name).isInner) {
      this.#inner();
      return;
    }
    const runner = ledger.locker();
    this.#last = runner;
    const lock = ledger.locks.byMap(address, name, runner.pid);
    const { klass } = lock;
    const read = (flags & ACQUIRE_READ) !== 0;
    const mode = read ? this.#readMode(lock) : EXCLUSIVE;
    ledger.noteEvidence(lock, runner, read && !klass.isRcu);
    ledger.begin(runner);
    if (runner.pending.length > 0) ledger.proceed(runner);
    this.#pairing.mapTaken(runner, lock);
    if ((flags & ACQUIRE_TRY) !== 0) {
      ledger.emit(KIND.tryAcquire, runner, lock, mode, null, OBSERVED, SOURCE.lock);
      ledger.hold(lock, runner, mode);
    } else if (klass.isRcu) {
      // A read-side section never blocks: there is nothing to ask for.
      ledger.emit(KIND.acquire, runner, lock, mode, null, OBSERVED, SOURCE.lock);
      ledger.hold(lock, runner, mode);
    } else ledger.request(runner, lock, mode, klass.acquiredSeen);
    if (runner.calls !== null) this.calls.graphSite();
  }

  /**
   * A sleeping lock takes its own `wait_lock` in its slow path, and gets granted while that is held: an order of the two
   * says nothing, so only the contention is noted.
   */
  #inner(): void {
    const ledger = this.#ledger;
    if (ledger.level !== TASK) return;
    const { pending } = ledger.runners.task(ledger.pid, ledger.cpu);
    const outer = lastOf(pending);
    if (outer !== undefined) outer.lock.klass.evidence |= EVIDENCE.inner;
  }

  lockAcquired(address: number, name: number): void {
    const ledger = this.#ledger;
    if (ledger.locks.classNamed(name).isInner) return;
    const runner = ledger.locker();
    this.#last = runner;
    const lock = ledger.locks.byMap(address, name, NOBODY);
    lock.klass.acquiredSeen = true;
    ledger.begin(runner);
    const pending = ledger.pendingOn(runner, lock);
    if (pending !== null) ledger.granted(runner, pending, OBSERVED);
    else if (lock.klass.facts.kind === 'mutex' && lock.klass.evidence === 0) {
      // The request was lost or came before the recording. Of what has readers, the mode is not known.
      ledger.emit(KIND.acquire, runner, lock, EXCLUSIVE, null, OBSERVED, SOURCE.lock);
      ledger.hold(lock, runner, EXCLUSIVE);
    }
    if (runner.calls !== null) this.calls.graphSite();
  }

  lockContended(address: number, name: number): void {
    const ledger = this.#ledger;
    if (ledger.locks.classNamed(name).isInner) return;
    const runner = ledger.locker();
    this.#last = runner;
    const lock = ledger.locks.byMap(address, name, NOBODY);
    ledger.begin(runner);
    const pending = ledger.pendingOn(runner, lock);
    if (pending === null) return;
    pending.contended = true;
    ledger.retract(runner, pending);
  }

  lockRelease(address: number, name: number): void {
    const ledger = this.#ledger;
    if (ledger.locks.classNamed(name).isInner) return;
    const runner = ledger.locker();
    this.#last = runner;
    const lock = ledger.locks.byMap(address, name, NOBODY);
    ledger.begin(runner);
    if (runner.pending.length > 0) {
      // Whoever gives back something else has got what it asked for, unless a slow path is under way.
      const top = runner.pending[runner.pending.length - 1]!;
      if (top.lock !== lock && !top.contended) ledger.proceed(runner);
    }
    ledger.release(runner, lock);
    if (runner.calls !== null) this.calls.graphSite();
  }

  contentionBegin(address: number, flags: number): void {
    const ledger = this.#ledger;
    const runner = ledger.locker();
    this.#last = runner;
    ledger.begin(runner);
    const lock = ledger.locks.byObject(address, SOURCE.contention, NOBODY);
    const kind = contentionKind(flags);
    lock.seenAs ??= kind;
    const pending = lastOf(runner.pending);
    if (pending !== undefined && pending.lock.source === SOURCE.lock) {
      // With lockdep every mutex_lock() goes this way, so this alone is no proof of a wait.
      this.#pairing.pair(lock, pending.lock);
      if (!pending.lock.klass.isInner) pending.lock.klass.told = kind;
      return;
    }
    if (pending !== undefined && pending.lock.source === SOURCE.probe) {
      pending.lock.seenAs ??= kind;
      if (pending.lock.address === address) ledger.retract(runner, pending);
      return;
    }
    // A mutex spins first and sleeps then: two beginnings, one end.
    if (ledger.pendingOn(runner, lock) !== null) return;
    const mode = (flags & CONTENTION.read) !== 0 ? this.#readMode(lock) : EXCLUSIVE;
    const wait = ledger.request(runner, lock, mode, true);
    if (ledger.firstContention < 0) ledger.firstContention = wait.requestRow;
    wait.contended = true;
    if (runner.calls !== null) this.calls.graphSite();
  }

  contentionEnd(address: number, ret: number): void {
    const ledger = this.#ledger;
    const runner = ledger.locker();
    this.#last = runner;
    ledger.begin(runner);
    const lock = ledger.locks.byObject(address, SOURCE.contention, NOBODY);
    const pending = ledger.pendingOn(runner, lock);
    if (pending === null || lock.source !== SOURCE.contention) return;
    if (ret !== 0) {
      ledger.settle(runner, pending);
      ledger.emit(KIND.refuse, runner, lock, pending.mode, null, OBSERVED, SOURCE.contention);
      return;
    }
    ledger.granted(runner, pending, OBSERVED);
    // Nothing will say when it is given back, so nothing may be concluded from what comes behind it.
    const mode = ledger.unhold(lock, runner);
    ledger.emit(KIND.release, runner, lock, mode < 0 ? EXCLUSIVE : mode, null, 2, SOURCE.contention);
  }

  /** `sched_switch`: who left the CPU, and how: 0 preempted, 1 of its own will, 2 dead. */
  schedSwitch(prevPid: number, how: 0 | 1 | 2): void {
    if (how === 0 || prevPid === 0) return;
    const ledger = this.#ledger;
    const runner = ledger.runners.task(prevPid, ledger.cpu);
    this.#last = runner;
    ledger.begin(runner);
    if (how === 2) {
      if (!runner.dead) this.#exit(runner);
      return;
    }
    runner.asleep = true;
    if (ledger.mayTell(runner, null)) ledger.emit(KIND.sleep, runner, null, 0, null, OBSERVED, SOURCE.common);
  }

  #exit(runner: Runner): void {
    runner.dead = true;
    if (this.#ledger.mayTell(runner, null))
      this.#ledger.emit(KIND.exit, runner, null, 0, null, OBSERVED, SOURCE.common);
  }

  /** `sched_waking`: the record's task or interrupt made `pid` runnable. */
  schedWaking(pid: number): void {
    this.#wakingSeen = true;
    this.#wake(pid);
  }
  /** `sched_wakeup` and `sched_wakeup_new`: counts only where no `sched_waking` was recorded, for it may run elsewhere. */
  schedWakeup(pid: number): void {
    if (!this.#wakingSeen) this.#wake(pid);
  }
  #wake(pid: number): void {
    if (pid === 0) return;
    const ledger = this.#ledger;
    const runner = ledger.actor();
    const peer = ledger.runners.task(pid, -1);
    this.#last = runner;
    ledger.begin(runner);
    if (ledger.mayTell(runner, peer)) ledger.emit(KIND.wake, runner, null, 0, peer, OBSERVED, SOURCE.common);
  }

  /** `sched_process_fork`: a new task, even if its pid was in use before. */
  fork(childPid: number): void {
    const ledger = this.#ledger;
    const runner = ledger.actor();
    const known = ledger.runners.task(childPid, -1);
    // The child may be seen to run before its parent's record is written.
    const peer = known.dead ? ledger.runners.renew(childPid) : known;
    this.#last = runner;
    ledger.begin(runner);
    if (ledger.mayTell(runner, peer)) ledger.emit(KIND.fork, runner, null, 0, peer, OBSERVED, SOURCE.common);
  }

  /** `sched_process_exit` of the record's task. */
  processExit(pid: number): void {
    const runner = this.#ledger.runners.task(pid, this.#ledger.cpu);
    this.#last = runner;
    this.#ledger.begin(runner);
    if (!runner.dead) this.#exit(runner);
  }

  queueWork(address: number, functionName: number): void {
    this.#work(KIND.queueWork, address, functionName, this.#ledger.actor());
  }
  startWork(address: number, functionName: number): void {
    this.#work(KIND.startWork, address, functionName, this.#ledger.actor());
  }
  /** Before 5.4 the event has no function: pass -1. */
  endWork(address: number, functionName: number): void {
    this.#work(KIND.endWork, address, functionName, this.#ledger.actor());
  }
  #work(kind: number, address: number, functionName: number, runner: Runner): void {
    const ledger = this.#ledger;
    this.#last = runner;
    ledger.begin(runner);
    if (!ledger.mayTell(runner, null)) return;
    ledger.emit(kind, runner, ledger.locks.work(address, functionName), 0, null, OBSERVED, SOURCE.common);
  }

  /** Call chain recorded with the last record, innermost first. */
  stack(frames: readonly string[]): void {
    const runner = this.#last ?? this.calls.last;
    if (runner !== null) this.#stack(runner, frames);
  }
  /** The same where records of other CPUs may stand in between. */
  stackOf(pid: number, cpu: number, level: Level, frames: readonly string[]): void {
    // The record that it belongs to was passed over.
    if (this.#beyond > 0) return;
    const { runners, epoch } = this.#ledger;
    this.#stack(level === TASK ? runners.task(pid, cpu) : runners.anyPiece(cpu, level, pid, epoch), frames);
  }

  #stack(runner: Runner, frames: readonly string[]): void {
    if (frames.length === 0) return;
    const ledger = this.#ledger;
    const chain = this.#chains.of(frames);
    this.calls.stack(runner, chain.outside);
    if (runner.endRow === runner.firstRow || chain.site === null) return;
    if (chain.siteId === NONE) chain.siteId = ledger.builder.site(chain.site, chain.outside);
    ledger.site(runner, chain.siteId as SiteId);
    const row = runner.firstRow;
    const kind = ledger.builder.kindOfRow(row);
    if (kind === KIND.request && chain.isBirth) ledger.reborn(runner);
    if (kind === KIND.request || kind === KIND.tryAcquire) {
      const pending = lastOf(runner.pending);
      if (chain.primitive !== null && pending !== undefined && pending.requestRow === row)
        pending.lock.klass.told = chain.primitive.kind;
    }
    if (
      runner.level === TASK &&
      runner.entryFunction === null &&
      kind === KIND.request &&
      chain.entry !== null
    ) {
      runner.entryFunction = chain.entry;
      ledger.builder.refineTask(ledger.taskOf(runner), { function: chain.entry });
    }
  }

  /** Records were lost, on one CPU or all: nothing is concluded across. */
  lost(): void {
    this.#ledger.gap();
  }

  /** What turned out behind the records and holds for all of them; before `finish`. */
  assume(sentence: string): void {
    const { builder, episodes } = this.#ledger;
    for (const episode of episodes)
      builder.refineEpisode(episode, {
        basis: 'recorded',
        assumes: [...builder.assumesOf(episode), sentence],
      });
  }

  finish(): void {
    if (this.#beyond > 0) {
      const { builder } = this.#ledger;
      builder.skips.count('trace_rows_beyond', this.#ledger.lineAt(this.#firstBeyond), this.#beyond);
    }
    finishMapping(this.#ledger, this.#pairing, this.calls);
  }
}

function contentionKind(flags: number): LockKind {
  if ((flags & CONTENTION.rt) !== 0) return 'rtmutex';
  if ((flags & CONTENTION.mutex) !== 0) return 'mutex';
  if ((flags & CONTENTION.percpu) !== 0) return 'rwsem';
  const shared = (flags & (CONTENTION.read | CONTENTION.write)) !== 0;
  if ((flags & CONTENTION.spin) !== 0) return shared ? 'rwlock' : 'spinlock';
  return shared ? 'rwsem' : LOCK_KINDS[LOCK_KINDS.indexOf('semaphore')]!;
}
