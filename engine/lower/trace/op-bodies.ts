// Op bodies: the steps of a transaction as ops of a program, with the interrupts' state where handlers take part.
import type { Capture } from '../../../corpus/schema/capture.js';
import { IRQ_STATE } from '../../../corpus/schema/event.js';
import { LOCK_MODES } from '../../../corpus/schema/lock.js';
import type { Op, OpAction } from '../../../corpus/schema/program.js';
import { type Naming, takeAction } from '../body.js';
import type { Step } from './draft.js';

/** Ops, and for each the step that it comes from (-1: put in by us). */
export interface OpBody {
  readonly ops: readonly Op[];
  readonly stepOf: readonly number[];
}

export interface BodyOptions {
  /** Steps on other locks are left out. */
  readonly keeps: (lock: number) => boolean;
  /** True to say when interrupts were off. */
  readonly interrupts: boolean;
}

const bare = { guard: null, site: null, frames: [], line: null } as const;

/** An op as it stands at an event of the capture: site, call chain and line. */
function opAt(capture: Capture, action: OpAction, event: number): Op {
  if (event < 0) return { ...action, ...bare };
  const site = capture.events.site[event]!;
  const known = site < 0 ? undefined : capture.sites[site];
  return {
    ...action,
    guard: null,
    site: known?.at ?? null,
    frames: known === undefined ? [] : known.frames.map((frame) => capture.strings[frame] ?? ''),
    line: capture.provenance === 'line' ? capture.events.where[event]! : null,
  };
}

export function opBodyOf(
  capture: Capture,
  steps: readonly Step[],
  naming: Naming,
  { keeps, interrupts }: BodyOptions,
): OpBody {
  const ops: Op[] = [];
  const stepOf: number[] = [];
  let off = 0;
  const push = (op: Op, step: number): void => {
    ops.push(op);
    stepOf.push(step);
  };
  const switchTo = (wanted: number): void => {
    if (((wanted ^ off) & IRQ_STATE.hardOff) !== 0)
      push({ do: 'irqs', on: (wanted & IRQ_STATE.hardOff) === 0, ...bare }, -1);
    if (((wanted ^ off) & IRQ_STATE.softOff) !== 0)
      push({ do: 'bh', on: (wanted & IRQ_STATE.softOff) === 0, ...bare }, -1);
    off = wanted;
  };
  steps.forEach((step, i) => {
    if (!keeps(step.lock)) return;
    if (interrupts && step.event >= 0) {
      const seen = capture.events.disabled[step.event]!;
      // An unlock is recorded before interrupts come back on: it says nothing about what lies before it.
      if ((seen & IRQ_STATE.known) !== 0 && step.kind !== 'unlock') switchTo(seen & ~IRQ_STATE.known);
    }
    const action: OpAction =
      step.kind === 'unlock'
        ? { do: 'unlock', lock: naming.lockId(step.lock) }
        : takeAction(naming, step.lock, LOCK_MODES[step.mode]!, step.kind === 'try');
    push(opAt(capture, action, step.event), i);
  });
  switchTo(0);
  return { ops, stepOf };
}
