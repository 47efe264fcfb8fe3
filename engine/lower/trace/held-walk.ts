// Held walk: one pass over the events of a stretch that keeps, for each task, what it holds and what it asks for.
import type { Capture } from '../../../corpus/schema/capture.js';
import { IRQ_STATE } from '../../../corpus/schema/event.js';
import type { LockKind } from '../../../corpus/schema/lock.js';
import { EXCLUSIVE, IN_HARDIRQ, IN_TASK, KIND } from './codes.js';

/** Bits of `HeldState.exposed`: which interrupts may hit the task while it holds the lock, as far as was seen. */
export const OPEN_TO_HARD = 1;
export const OPEN_TO_SOFT = 2;

/** What one task holds at one moment. The arrays are parallel; the last entry was taken last. */
export interface HeldState {
  readonly task: number;
  /** Interrupt context (index into CONTEXTS) in which the task runs. */
  readonly context: number;
  readonly locks: number[];
  readonly modes: number[];
  /** Event that asked for it; -1 if it was held when the stretch began. */
  readonly events: number[];
  readonly exposed: number[];
  /** Event of a request that was not granted yet, or -1. */
  pending: number;
  /** First event of the transaction that is open: it took the first lock. */
  first: number;
}

/** Told about every step; all of it before the state changes, but for `ends`. */
export interface HeldVisitor {
  /** The task asks for a lock (`attempt`: it got it by a trylock and could not have blocked). */
  wants?(state: HeldState, event: number, lock: number, mode: number, attempt: boolean): void;
  /** It got the lock that it asked for at event `asked`. */
  takes?(state: HeldState, event: number, asked: number, lock: number, mode: number, attempt: boolean): void;
  /** A hold ends: entry `at` of the state. `by` is the task that gave it back, nearly always its holder. */
  gives?(state: HeldState, event: number, at: number, by: number): void;
  /** An entry of the state was seen with interrupts of level `bit` enabled, for the first time. */
  exposes?(state: HeldState, at: number, bit: number): void;
  /** The transaction is over: the task holds nothing any more. */
  ends?(state: HeldState, event: number): void;
  /** Every event that is no lock operation. */
  other?(event: number, kind: number): void;
}

/** A lock that a task gave back without having taken it in this stretch, and that it can have held from the beginning. */
export interface HeldAtStart {
  readonly task: number;
  readonly lock: number;
  readonly mode: number;
}

const NOBODY = -1;
/** Nobody holds it, but somebody did in this stretch: it was not held by another one from the beginning. */
const WAS_HELD = -2;

const SPINNING: ReadonlySet<LockKind> = new Set(['spinlock', 'rwlock']);

/** Walks events `[from, to)`. Memory: the tasks that hold or want something at one moment. */
export class HeldWalk {
  readonly #capture: Capture;
  readonly #open = new Map<number, HeldState>();
  readonly #pool: HeldState[] = [];
  /** Who holds a lock exclusively: releases by somebody else end that hold. */
  readonly #holder: Int32Array;
  readonly #touched: number[] = [];
  /** Tasks that have ended: what they give back behind it (the scheduler's lock, at their last switch) was not held before. */
  readonly #ended = new Set<number>();
  /** Tasks that were seen to sleep, or to be woken: they held no spinlock then. */
  readonly #slept = new Set<number>();
  readonly #atStart: readonly HeldAtStart[];
  readonly unmatched: HeldAtStart[] = [];

  constructor(capture: Capture, atStart: readonly HeldAtStart[] = []) {
    this.#capture = capture;
    this.#holder = new Int32Array(capture.locks.length).fill(NOBODY);
    this.#atStart = atStart;
  }

  /** Tasks that hold or want something at the end of the walk. */
  get open(): ReadonlyMap<number, HeldState> {
    return this.#open;
  }

  #state(task: number, context: number): HeldState {
    const known = this.#open.get(task);
    if (known !== undefined) return known;
    const made: HeldState = this.#pool.pop() ?? {
      task,
      context,
      locks: [],
      modes: [],
      events: [],
      exposed: [],
      pending: -1,
      first: -1,
    };
    const state = made as { task: number; context: number } & HeldState;
    state.task = task;
    state.context = context;
    state.pending = -1;
    state.first = -1;
    this.#open.set(task, state);
    return state;
  }

  walk(from: number, to: number, visitor: HeldVisitor): void {
    const { kind, task, lock, mode, context, disabled, peer } = this.#capture.events;
    this.#open.clear();
    for (const l of this.#touched) this.#holder[l] = NOBODY;
    this.#touched.length = 0;
    this.unmatched.length = 0;
    this.#ended.clear();
    this.#slept.clear();
    for (const held of this.#atStart) {
      const state = this.#state(held.task, IN_TASK);
      if (state.first < 0) state.first = from;
      this.#push(state, held.lock, held.mode, -1);
    }
    for (let e = from; e < to; e++) {
      const k = kind[e]!;
      const t = task[e]!;
      const l = lock[e]!;
      let state = this.#open.get(t);
      const irqs = disabled[e]!;
      if (state !== undefined && (irqs & IRQ_STATE.known) !== 0 && visitor.exposes !== undefined)
        this.#expose(state, irqs, visitor);
      if (k === KIND.request) {
        state ??= this.#state(t, context[e]!);
        if (state.locks.length === 0) state.first = e;
        visitor.wants?.(state, e, l, mode[e]!, false);
        state.pending = e;
      } else if (k === KIND.acquire || k === KIND.tryAcquire) {
        state ??= this.#state(t, context[e]!);
        if (state.first < 0) state.first = e;
        const attempt = k === KIND.tryAcquire;
        const asked = state.pending >= 0 && lock[state.pending] === l ? state.pending : e;
        if (asked === e) visitor.wants?.(state, e, l, mode[e]!, attempt);
        // Taken again without having been given back in between: the release was not recorded.
        const again = mode[e] === EXCLUSIVE ? state.locks.lastIndexOf(l) : -1;
        if (again >= 0) this.#drop(state, e, again, t, visitor);
        visitor.takes?.(state, e, asked, l, mode[e]!, attempt);
        this.#push(state, l, mode[e]!, asked);
        state.pending = -1;
        if (irqs !== 0 && visitor.exposes !== undefined) this.#expose(state, irqs, visitor);
      } else if (k === KIND.release) {
        let at = state === undefined ? -1 : state.locks.lastIndexOf(l);
        let owner = state;
        if (at < 0) {
          const holder = this.#holder[l]!;
          owner = holder < 0 ? undefined : this.#open.get(holder);
          at = owner === undefined ? -1 : owner.locks.lastIndexOf(l);
        }
        if (owner === undefined || at < 0) {
          if (context[e] === IN_TASK && this.#canBeFromStart(t, l))
            this.unmatched.push({ task: t, lock: l, mode: mode[e]! });
          continue;
        }
        this.#drop(owner, e, at, t, visitor);
        this.#endIfEmpty(owner, e, visitor);
      } else {
        visitor.other?.(e, k);
        if (k === KIND.sleep) this.#slept.add(t);
        else if (k === KIND.wake) this.#slept.add(peer[e]!);
        else if (k === KIND.exit) this.#ended.add(t);
        if (k === KIND.exit && state !== undefined) {
          // Whatever it still holds is never given back; the transaction is over all the same.
          state.pending = -1;
          visitor.ends?.(state, e);
          this.#close(state);
        }
      }
    }
  }

  /** Whether a release without an acquisition can end what was held when the stretch began. */
  #canBeFromStart(task: number, lock: number): boolean {
    if (this.#ended.has(task) || this.#holder[lock] === WAS_HELD) return false;
    const { kind } = this.#capture.classes[this.#capture.locks[lock]!.class]!;
    return !(SPINNING.has(kind) && this.#slept.has(task));
  }

  #push(state: HeldState, lock: number, mode: number, event: number): void {
    state.locks.push(lock);
    state.modes.push(mode);
    state.events.push(event);
    state.exposed.push(0);
    if (mode === EXCLUSIVE) {
      this.#holder[lock] = state.task;
      this.#touched.push(lock);
      if (this.#touched.length > 4 * this.#holder.length + 1024) this.#compact();
    }
  }

  /** `#touched` lists locks to clear for the next walk: each once is enough. */
  #compact(): void {
    const once = new Set(this.#touched);
    this.#touched.length = 0;
    for (const l of once) this.#touched.push(l);
  }

  #drop(state: HeldState, event: number, at: number, by: number, visitor: HeldVisitor): void {
    visitor.gives?.(state, event, at, by);
    const lock = state.locks[at]!;
    if (this.#holder[lock] === state.task) this.#holder[lock] = WAS_HELD;
    state.locks.splice(at, 1);
    state.modes.splice(at, 1);
    state.events.splice(at, 1);
    state.exposed.splice(at, 1);
  }

  #endIfEmpty(state: HeldState, event: number, visitor: HeldVisitor): void {
    if (state.locks.length > 0 || state.pending >= 0) return;
    visitor.ends?.(state, event);
    this.#close(state);
  }

  #close(state: HeldState): void {
    this.#open.delete(state.task);
    state.locks.length = 0;
    state.modes.length = 0;
    state.events.length = 0;
    state.exposed.length = 0;
    this.#pool.push(state);
  }

  #expose(state: HeldState, irqs: number, visitor: HeldVisitor): void {
    if (state.context === IN_HARDIRQ || state.locks.length === 0) return;
    if ((irqs & IRQ_STATE.known) === 0 || (irqs & IRQ_STATE.hardOff) !== 0) return;
    const open =
      (irqs & IRQ_STATE.softOff) !== 0 || state.context !== IN_TASK
        ? OPEN_TO_HARD
        : OPEN_TO_HARD | OPEN_TO_SOFT;
    for (let i = 0; i < state.locks.length; i++) {
      const fresh = open & ~state.exposed[i]!;
      if (fresh === 0) continue;
      state.exposed[i] = state.exposed[i]! | fresh;
      if ((fresh & OPEN_TO_HARD) !== 0) visitor.exposes?.(state, i, OPEN_TO_HARD);
      if ((fresh & OPEN_TO_SOFT) !== 0) visitor.exposes?.(state, i, OPEN_TO_SOFT);
    }
  }
}
