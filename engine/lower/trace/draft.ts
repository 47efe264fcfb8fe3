// Draft: the steps of one transaction while it is walked through; a section that repeats an earlier one is kept once.
import type { Capture } from '../../../corpus/schema/capture.js';
import type { HeldState } from './held-walk.js';

/** What a step does. A lock that stood pending when the recording ended is taken like any other. */
export type StepKind = 'lock' | 'try' | 'unlock';

/** One step of a transaction, on a lock that matters. */
export interface Step {
  readonly kind: StepKind;
  readonly lock: number;
  readonly mode: number;
  /** Event of the request (or of the release) when it was first done; -1: held from the beginning. */
  readonly event: number;
  /** The same of the last repetition that was left out. */
  lastEvent: number;
}

/** More steps of one transaction than a reader, or a search, could use. */
const MOST_STEPS = 400;

/** The text that two equal steps share. */
export function stepText(capture: Capture, step: Step): string {
  const site = step.event < 0 ? -1 : capture.events.site[step.event]!;
  const at = site < 0 ? '' : (capture.sites[site]?.at ?? '');
  return `${step.kind} ${step.lock} ${step.mode} ${step.kind === 'unlock' ? '' : at}`;
}

export class Draft {
  steps: Step[] = [];
  /** True if it holds a step that can be part of a cycle. */
  relevant = false;
  /** True if steps were left out beyond the limit. */
  cut = false;
  /** Step that took each entry of the state's holds, or -1 where the lock does not matter. */
  readonly #taken: number[] = [];
  readonly #sections: { readonly at: number; readonly text: string }[] = [];
  readonly #byText = new Map<string, number>();
  readonly #capture: Capture;

  constructor(capture: Capture) {
    this.#capture = capture;
  }

  clear(): void {
    this.steps = [];
    this.relevant = false;
    this.cut = false;
    this.#taken.length = 0;
    this.#sections.length = 0;
    this.#byText.clear();
  }

  /** A lock was taken; `step` is null where it does not matter. */
  take(step: Step | null): void {
    if (step !== null && this.steps.length >= MOST_STEPS) {
      this.cut = true;
      step = null;
    }
    this.#taken.push(step === null ? -1 : this.steps.length);
    if (step !== null) this.steps.push(step);
  }

  /** Entry `at` of the holds was given back at `event`. */
  give(state: HeldState, event: number, at: number): void {
    const from = this.#taken[at] ?? -1;
    this.#taken.splice(at, 1);
    if (from < 0) return;
    const lock = state.locks[at]!;
    this.steps.push({ kind: 'unlock', lock, mode: state.modes[at]!, event, lastEvent: event });
    // Only a section that closed all that was taken inside it can be told from what surrounds it.
    if (this.#taken.some((other) => other > from)) return;
    const around = this.#taken.filter((other) => other >= 0).join(',');
    const inside = this.steps.slice(from).map((step) => stepText(this.#capture, step));
    const text = `${around}|${inside.join('|')}`;
    const earlier = this.#byText.get(text);
    if (earlier === undefined) {
      this.#byText.set(text, from);
      this.#sections.push({ at: from, text });
      return;
    }
    for (let i = from; i < this.steps.length; i++) {
      const kept = this.steps[earlier + i - from]!;
      kept.lastEvent = this.steps[i]!.lastEvent;
    }
    this.steps.length = from;
    for (
      let last = this.#sections.at(-1);
      last !== undefined && last.at >= from;
      last = this.#sections.at(-1)
    ) {
      this.#byText.delete(last.text);
      this.#sections.pop();
    }
  }

  /** What is still held is given back in reverse, as code does; `pending` is a request that was never granted. */
  finish(state: HeldState, event: number, pending: Step | null): Step[] {
    if (pending !== null) this.steps.push(pending);
    const unlock = (step: Step): Step => ({ ...step, kind: 'unlock', event, lastEvent: event });
    if (pending !== null) this.steps.push(unlock(pending));
    for (let i = state.locks.length - 1; i >= 0; i--) {
      const from = this.#taken[i] ?? -1;
      if (from >= 0) this.steps.push(unlock(this.steps[from]!));
    }
    return this.steps;
  }
}
