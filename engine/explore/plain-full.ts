// Plain full search: every state that a plain program can reach, and every end among them.
import type { Machine } from '../model/machine.js';
import { Claims } from './claims.js';
import { byTasks } from './find.js';
import { type SearchLimits, SLICE } from './full.js';
import { plainKeys } from './plain-keys.js';
import type { PlainProgram } from './plain-program.js';
import { PlainSweep } from './plain-sweep.js';
import type { ReducedResult } from './reduced.js';

/** States of layers that are kept for the ways to ends; beyond, a way is looked for anew. */
const KEPT = 1 << 20;

/**
 * Waits are no steps here, and cycles end nothing: each stays, and so shows in a state in which nobody can move. Each end
 * seen so is confirmed on the machine. Yields the states so far now and then.
 */
export function* plainFullSteps(
  machine: Machine,
  program: PlainProgram,
  limits: SearchLimits,
): Generator<number, ReducedResult> {
  const keys = plainKeys(program);
  const sweep = new PlainSweep(program, keys, { ...limits, upTo: null, keep: KEPT });
  const claims = new Claims(machine);
  let ends = 0;
  const judge = (): void => {
    ends++;
    claims.judge(program, sweep.at, () => {
      const places = sweep.at.slice();
      return sweep.pathTo(places) ?? pathTo(places);
    });
  };
  /** As the way is no longer known: a sweep over no more than what leads there. */
  const pathTo = (places: Int32Array): readonly number[] => {
    const again = new PlainSweep(program, keys, { ...limits, upTo: places, keep: limits.states });
    while (again.advance(SLICE, () => undefined));
    return again.pathTo(places) ?? [];
  };
  while (sweep.advance(SLICE, judge)) yield sweep.states;
  const { finds, unsettled } = claims.told();
  return {
    finds: [...finds].sort(byTasks),
    complete: !sweep.full,
    states: sweep.states,
    // Ways that ended, and steps that came to where another had come.
    schedules: ends + sweep.steps - sweep.states + 1,
    steps: sweep.steps,
    unsettled,
  };
}
