// Adopt: a campaign's state over other programs than those it was saved with - what came, what went, what stays.
import type { CampaignProgram, CampaignState } from './state.js';
import { programKeys } from './targets.js';

export interface Adopted {
  readonly state: CampaignState;
  /** Programs that the state did not know, and those of it that are gone. */
  readonly came: number;
  readonly went: number;
}

/**
 * What the state says of each program goes with the program. If any came or went, cycles are predicted anew and the
 * phases are gone through again, for what is not done; lanes and finds stay.
 */
export function adopt(state: CampaignState, programs: readonly CampaignProgram[]): Adopted {
  const keys = programKeys(programs);
  const before = new Map(state.programs.map((outcome, index) => [outcome.key, { outcome, index }]));
  const now = new Map(keys.map((key, index) => [key, index]));
  const came = keys.filter((key) => !before.has(key)).length;
  const went = state.programs.filter(({ key }) => !now.has(key)).length;
  const same = state.programs.length === keys.length && state.programs.every(({ key }, i) => key === keys[i]);
  if (same) return { state, came, went };
  const moved = (index: number): number => now.get(state.programs[index]?.key ?? '') ?? -1;
  return {
    state: {
      ...state,
      phase: 'observed',
      predicted: false,
      cycles: [],
      cyclesComplete: false,
      programs: keys.map(
        (key) =>
          before.get(key)?.outcome ?? {
            key,
            observed: false,
            complete: false,
            states: 0,
            schedules: 0,
            illFormed: null,
          },
      ),
      sightings: state.sightings.flatMap(({ signature, program }) =>
        moved(program) < 0 ? [] : [{ signature, program: moved(program) }],
      ),
    },
    came,
    went,
  };
}
