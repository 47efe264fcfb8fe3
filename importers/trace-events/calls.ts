// Calls of lock functions as lock events: function tracer, function_graph, and probes with or without addresses.
import { NONE, type SiteId } from '../../corpus/schema/ids.js';
import { LOCK_MODES } from '../../corpus/schema/lock.js';
import { CallPaths } from './call-paths.js';
import { type CallState, type HeldCall, noCalls, type OpenCall } from './call-state.js';
import { type CallerFacts, callerFacts, isBehind, type WantedLock, wantedBy } from './callers.js';
import { INFERRED, KIND, type Ledger, OBSERVED } from './ledger.js';
import { cutTo, lastOf, removeAt } from './lists.js';
import { type LockCall, type LockFunction, lockFunction, type Wrapper } from './lock-functions.js';
import { type Lock, NOBODY, SOURCE } from './locks.js';
import type { Pairing } from './pairing.js';
import type { Pending, Runner } from './runners.js';

const modeCode = (call: LockCall): number => LOCK_MODES.indexOf(call.mode);

/** Deepest call that is believed: the kernel follows 50 (FTRACE_RETFUNC_DEPTH, include/linux/ftrace.h); a damaged record may say anything. */
const MOST_DEPTH = 255;

/** Callers whose sites are remembered. */
const MOST_SITES = 1 << 16;

/** Calls, record by record; the ledger has the record at hand. */
export class CallMapper {
  readonly #ledger: Ledger;
  readonly #pairing: Pairing;
  /** Functions whose return is probed: their acquisitions need not be inferred. */
  readonly #returns = new Set<string>();
  readonly #sites = new Map<string, SiteId>();
  readonly #paths: CallPaths;
  last: Runner | null = null;
  /** Calls that take a lock of which nothing tells which one it is, and where the first of them stands. */
  withoutLock = 0;
  firstWithoutLock = 0;

  constructor(ledger: Ledger, pairing: Pairing) {
    this.#ledger = ledger;
    this.#pairing = pairing;
    this.#paths = new CallPaths(ledger.builder);
  }

  #state(runner: Runner): CallState {
    const known = runner.calls as CallState | null;
    if (known !== null) return known;
    const state = noCalls();
    runner.calls = state;
    return state;
  }

  /** Function tracer: `callee` was called by `caller`; `address` of its first argument where recorded, else -1. */
  function(callee: LockFunction, caller: string | null, address: number): void {
    const { call, wrapper } = callee;
    if (!callee.concerns) {
      this.last = null;
      return;
    }
    const runner = this.#begin();
    const state = this.#state(runner);
    if (wrapper !== null) this.#wrapped(runner, state, wrapper, caller, false);
    else if (call !== null && address >= 0) {
      this.#withAddress(runner, state, call, callee, address, caller);
    } else if (call !== null) {
      if (caller === null) this.#defer(state, call);
      else this.#plain(runner, state, call, caller, false, -1);
    }
  }

  /** function_graph: a call begins; `leaf` if it has returned already. */
  graphEntry(callee: LockFunction, depth: number, leaf: boolean, address: number): void {
    if (!(depth >= 0 && depth <= MOST_DEPTH)) return;
    const runner = this.#begin();
    const state = this.#state(runner);
    const { graph } = state;
    graph.setDepth(depth);
    this.#closeAbove(state, depth - 1);
    if (!leaf) graph.enter(callee.name);
    if (!callee.concerns) return;
    const { call, wrapper } = callee;
    // '' where it was not seen to begin.
    const caller = depth === 0 ? null : graph.names[depth - 1]! || null;
    if (wrapper !== null) this.#wrapped(runner, state, wrapper, caller, true, depth);
    else if (call !== null && address >= 0)
      this.#withAddress(runner, state, call, callee, address, caller, true, depth);
    else if (call !== null && (caller === null || lockFunction(caller).wrapper === null))
      this.#plain(runner, state, call, caller, true, depth);
    this.#graphSite(runner, state, leaf ? depth : depth + 1);
  }

  /** function_graph: a call without calls in it has returned when it is printed. */
  leafReturns(depth: number, ret: number | null): void {
    const runner = this.last;
    if (runner === null) return;
    const state = this.#state(runner);
    const open = lastOf(state.open);
    if (open === undefined || open.depth !== depth) return;
    state.open.pop();
    const { firstRow } = runner;
    this.#returned(runner, state, open, ret, OBSERVED);
    runner.firstRow = firstRow;
    this.#graphSite(runner, state, depth);
  }

  /** function_graph: the call at that depth returns, with its value where recorded. */
  graphExit(depth: number, ret: number | null): void {
    if (!(depth >= 0 && depth <= MOST_DEPTH)) return;
    const runner = this.#begin();
    const state = this.#state(runner);
    for (let i = state.open.length - 1; i >= 0; i--) {
      const open = state.open[i]!;
      if (open.depth < depth) break;
      state.open.pop();
      if (open.depth === depth) this.#returned(runner, state, open, ret, OBSERVED);
    }
    this.#graphSite(runner, state, depth);
    if (state.graph.depth > depth) state.graph.setDepth(depth);
    state.wrapper = null;
  }

  /** function_graph: a lock event between calls, the last one of the record at hand, gets the call chain that it stands in. */
  graphSite(): void {
    const runner = this.#ledger.locker();
    const state = this.#state(runner);
    const { depth } = state.graph;
    if (depth > 0) this.#graphSite(runner, state, depth);
  }

  #graphSite(runner: Runner, state: CallState, depth: number): void {
    if (runner.endRow === runner.firstRow) return;
    const site = this.#paths.siteOf(state.graph, depth);
    if (site !== NONE) this.#ledger.site(runner, site as SiteId);
  }

  #closeAbove(state: CallState, depth: number): void {
    // Returns that were not recorded: the call is over all the same.
    while (state.open.length > 0 && state.open[state.open.length - 1]!.depth > depth) state.open.pop();
  }

  /**
   * A probe hit. `probed`: the function, or that of the event's name where the format gives no symbol; `address`: the lock as the
   * probe fetched it, or -1; `caller`: who it returns to, for return probes; `ret`: its value where fetched.
   */
  probe(
    probed: LockFunction,
    address: number,
    isReturn: boolean,
    caller: string | null,
    ret: number | null,
  ): void {
    const { call, wrapper } = probed;
    if (!probed.concerns) {
      this.last = null;
      return;
    }
    const runner = this.#begin();
    const state = this.#state(runner);
    if (!isReturn) {
      if (wrapper !== null) this.#wrapped(runner, state, wrapper, null, true, state.open.length);
      else if (call !== null && address >= 0) this.#withAddress(runner, state, call, probed, address, null);
      else if (call !== null) this.#begins(state, call);
      return;
    }
    this.#returns.add(probed.name);
    if (state.deferred !== null && caller !== null) this.#plainDeferred(runner, state, caller);
    const open = this.#openOf(state, call, wrapper);
    if (open === null) return;
    this.#returned(runner, state, open, ret, OBSERVED);
    if (caller === null) return;
    const site = this.#siteOf(caller);
    this.#ledger.site(runner, site);
    if (open.pending !== null) this.#ledger.builder.setSite(open.pending.requestRow, site);
    if (open.object !== null) this.#nameByCaller(state, open.object, open.call, caller);
  }

  /** The site of a call of which nothing but its caller is known. */
  #siteOf(caller: string): SiteId {
    const known = this.#sites.get(caller);
    if (known !== undefined) return known;
    const site = this.#ledger.builder.site(caller, [caller]);
    if (this.#sites.size < MOST_SITES) this.#sites.set(caller, site);
    return site;
  }

  #openOf(state: CallState, call: LockCall | null, wrapper: Wrapper | null): OpenCall | null {
    for (let i = state.open.length - 1; i >= 0; i--) {
      const open = state.open[i]!;
      const fits =
        call !== null
          ? open.call.kind === call.kind && open.call.does === call.does && open.held === null
          : wrapper !== null && open.held?.name === wrapper.lock;
      if (!fits) continue;
      cutTo(state.open, i);
      return open;
    }
    return null;
  }

  /** A stack printed behind the last record: it tells the caller of a call that did not show one, and known callers name the lock. */
  stack(runner: Runner, frames: readonly string[]): void {
    const state = runner.calls as CallState | null;
    if (state === null) return;
    const caller = frames.find((frame) => lockFunction(frame).call === null);
    if (state.deferred === null) {
      const open = lastOf(state.open);
      if (caller === undefined || open?.call.does !== 'take' || open.object === null) return;
      this.#nameByCaller(state, open.object, open.call, caller);
    } else if (caller !== undefined) this.#plainDeferred(runner, state, caller);
    else this.#giveUp(state);
  }

  /** A call without address and caller; inside of a wrapper it says again what that has said. */
  #begins(state: CallState, call: LockCall): void {
    const { wrapper } = state;
    state.wrapper = null;
    if (wrapper === null || (call.does !== wrapper.does && call.does !== 'try')) this.#defer(state, call);
  }

  /** Nothing comes any more: of the last call of each runner nothing will tell which lock it was about. */
  finish(): void {
    const { runners, epoch } = this.#ledger;
    for (const set of [runners.all(), runners.pieces()])
      for (const runner of set)
        if (runner.epoch === epoch && runner.calls !== null) this.#giveUp(runner.calls as CallState);
  }

  /** The call shows no caller; a stack or a return behind it may. */
  #defer(state: CallState, call: LockCall): void {
    this.#giveUp(state);
    const { timeHigh, timeLow, where } = this.#ledger;
    state.deferred = { call, timeHigh, timeLow, where };
  }

  #giveUp(state: CallState): void {
    if (state.deferred !== null) this.#withoutLock(state.deferred.call, state.deferred.where);
    state.deferred = null;
  }

  /** Nothing tells which lock was meant. */
  #withoutLock(call: LockCall, where: number): void {
    if (call.does !== 'take') return;
    if (this.withoutLock === 0) this.firstWithoutLock = where;
    this.withoutLock++;
  }

  #plainDeferred(runner: Runner, state: CallState, caller: string): void {
    const { deferred } = state;
    if (deferred === null) return;
    state.deferred = null;
    const ledger = this.#ledger;
    const { timeHigh, timeLow, where } = ledger;
    ledger.timeHigh = deferred.timeHigh;
    ledger.timeLow = deferred.timeLow;
    ledger.where = deferred.where;
    this.#plain(runner, state, deferred.call, caller, false, -1);
    ledger.timeHigh = timeHigh;
    ledger.timeLow = timeLow;
    ledger.where = where;
  }

  #begin(): Runner {
    const ledger = this.#ledger;
    const runner = ledger.locker();
    this.last = runner;
    ledger.begin(runner);
    return runner;
  }

  /** A call with the lock's address. */
  #withAddress(
    runner: Runner,
    state: CallState,
    call: LockCall,
    callee: LockFunction,
    address: number,
    caller: string | null,
    willSay = false,
    depth = state.graph.depth,
  ): void {
    const ledger = this.#ledger;
    const taker = call.does === 'take' || call.does === 'try' ? runner.pid : NOBODY;
    const object = ledger.locks.byObject(address, SOURCE.probe, taker);
    object.seenAs ??= call.kind;
    const mode = modeCode(call);
    if (state.wrapper !== null) this.#pairing.nameSeen(object, state.wrapper.lock);
    if (state.wrapper?.does === 'take') state.names.set(object, state.wrapper.lock);
    else if (caller !== null && call.does === 'take') this.#nameByCaller(state, object, call, caller);
    state.wrapper = null;
    switch (call.does) {
      case 'take':
        ledger.proceed(runner);
        this.#pairing.asked(runner, object);
        this.#opens(
          state,
          call,
          depth,
          ledger.request(runner, object, mode, willSay || this.#returns.has(callee.name)),
          object,
        );
        break;
      case 'try':
        ledger.proceed(runner);
        this.#opens(state, call, depth, null, object);
        break;
      case 'give':
        if (state.names.size > 0) state.names.delete(object);
        ledger.release(runner, object, mode);
        break;
      case 'wait':
        ledger.emit(KIND.wait, runner, object, 0, null, OBSERVED, SOURCE.probe);
        break;
      case 'signal':
        ledger.emit(KIND.signal, runner, object, 0, null, OBSERVED, SOURCE.probe);
        break;
      default: {
        const never: never = call.does;
        throw new Error(`calls: unknown deed ${String(never)}`);
      }
    }
    if (caller !== null && runner.endRow > runner.firstRow) ledger.site(runner, this.#siteOf(caller));
  }

  /** The call has begun, and its return may be seen. */
  #opens(state: CallState, call: LockCall, depth: number, pending: Pending | null, object: Lock): void {
    if (state.open.length >= 64) state.open.shift();
    state.open.push({ call, depth, pending, held: null, object });
  }

  #nameByCaller(state: CallState, object: Lock, call: LockCall, caller: string): void {
    const facts = callerFacts(caller);
    if (facts.perOpen) object.perOpen = true;
    if (facts.wants.length === 0 || state.names.has(object)) return;
    const wanted = wantedBy(call, facts, (lock) => [...state.names.values()].includes(lock));
    if (wanted === null) return;
    this.#pairing.nameSeen(object, wanted.lock);
    state.names.set(object, wanted.lock);
  }

  /** A wrapper around a lock with static storage is entered. Its inner lock function, if recorded, says the same again. */
  #wrapped(
    runner: Runner,
    state: CallState,
    wrapper: Wrapper,
    caller: string | null,
    returns: boolean,
    depth = 0,
  ): void {
    const ledger = this.#ledger;
    state.wrapper = wrapper;
    const lock = ledger.locks.byKey(wrapper.lock, wrapper.lock);
    if (wrapper.does === 'give') {
      const at = state.held.findLastIndex((held) => held.lock === lock);
      if (at !== -1) removeAt(state.held, at);
      ledger.release(runner, lock);
    } else {
      const held: HeldCall = { lock, name: wrapper.lock, site: caller };
      const pending = ledger.request(runner, lock, 0, returns);
      state.held.push(held);
      if (returns) state.open.push({ call: TAKE, depth, pending, held, object: null });
      else ledger.settle(runner, pending);
    }
    if (caller !== null) ledger.site(runner, this.#siteOf(caller));
  }

  /** A call without address: the lock is known by the path of the kernel that it stands in, or not at all. */
  #plain(
    runner: Runner,
    state: CallState,
    call: LockCall,
    caller: string | null,
    returns: boolean,
    depth: number,
  ): void {
    const ledger = this.#ledger;
    const { wrapper } = state;
    state.wrapper = null;
    // The wrapper said it already.
    if (wrapper !== null && (call.does === wrapper.does || call.does === 'try')) return;
    if (call.does === 'give') {
      this.#plainRelease(runner, state, caller);
      return;
    }
    if (call.does !== 'take') return;
    const facts = caller === null ? null : callerFacts(caller);
    const wanted =
      facts === null || facts.wants.length === 0 ? null : this.#wanted(state, call, facts, caller);
    const name = wanted?.lock ?? null;
    let lock: Lock | null = null;
    if (wanted !== null) {
      const nth = wanted.single ? 0 : state.held.filter((held) => held.name === wanted.lock).length;
      lock = ledger.locks.byKey(wanted.lock, nth === 0 ? wanted.lock : `${wanted.lock} ${nth}`);
    }
    const held: HeldCall = { lock, name, site: caller };
    if (state.held.length >= 64) state.held.shift();
    state.held.push(held);
    if (lock === null) {
      this.#withoutLock(call, ledger.where);
      return;
    }
    ledger.proceed(runner);
    const pending = ledger.request(runner, lock, modeCode(call), returns);
    if (returns) state.open.push({ call, depth, pending, held, object: null });
    else ledger.settle(runner, pending);
    if (caller !== null) ledger.site(runner, this.#siteOf(caller));
  }

  /** The known lock that the caller takes, unless it has one that it takes behind no other. */
  #wanted(state: CallState, call: LockCall, facts: CallerFacts, caller: string | null): WantedLock | null {
    const { held } = state;
    for (const { site, name } of held)
      if (site === caller && name !== null && !isBehind(facts, name)) return null;
    return wantedBy(call, facts, (lock) => held.some(({ name }) => name === lock));
  }

  #plainRelease(runner: Runner, state: CallState, caller: string | null): void {
    const { held } = state;
    let at = held.length - 1;
    while (at >= 0 && held[at]!.site !== caller) at--;
    // A tail call hides the function that unlocks; only what is not known may be given back on that guess.
    if (at === -1 && held.length > 0 && held[held.length - 1]!.lock === null) at = held.length - 1;
    if (at === -1) return;
    const entry = held[at]!;
    removeAt(held, at);
    if (entry.lock === null) return;
    this.#ledger.release(runner, entry.lock);
    if (caller !== null) this.#ledger.site(runner, this.#siteOf(caller));
  }

  #returned(runner: Runner, state: CallState, open: OpenCall, ret: number | null, known: number): void {
    const ledger = this.#ledger;
    const { call, pending, object } = open;
    const failed =
      ret !== null && (call.success === 'zero' ? ret !== 0 : call.success === 'nonzero' ? ret === 0 : false);
    if (call.does === 'try') {
      // Without the value nobody knows whether it got the lock.
      if (ret === null || object === null) return;
      ledger.emit(
        failed ? KIND.refuse : KIND.tryAcquire,
        runner,
        object,
        modeCode(call),
        null,
        known,
        SOURCE.probe,
      );
      if (!failed) ledger.hold(object, runner, modeCode(call));
      return;
    }
    if (pending === null) return;
    if (failed) {
      ledger.retract(runner, pending);
      ledger.settle(runner, pending);
      ledger.emit(KIND.refuse, runner, pending.lock, pending.mode, null, known, pending.lock.source);
      const at = open.held === null ? -1 : state.held.indexOf(open.held);
      if (at !== -1) removeAt(state.held, at);
      return;
    }
    ledger.granted(runner, pending, call.success === 'zero' && ret === null ? INFERRED : known);
  }
}

const TAKE: LockCall = { does: 'take', kind: 'mutex', mode: 'exclusive', success: 'always' };
