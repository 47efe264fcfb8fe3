// Compares the deadlocks of programs as they are with those of the programs as patches would make them.
import { setImmediate } from 'node:timers/promises';
import type { WhatifForm } from '../corpus/schema/forms.js';
import type { Patch } from '../corpus/schema/patch.js';
import type { Witness } from '../corpus/schema/witness.js';
import { type Assessment, assessSteps } from '../engine/campaign/assess.js';
import type { CampaignProgram } from '../engine/campaign/state.js';
import { applyPatch } from '../engine/whatif/apply.js';
import { isWithoutSites } from '../engine/whatif/chains.js';

/** Applies the patches one after the other. `foundAt`: ISO 8601 time for the witnesses. */
export async function whatifForm(
  before: readonly CampaignProgram[],
  patches: readonly Patch[],
  foundAt: string,
): Promise<WhatifForm> {
  let after = before;
  const edits: WhatifForm['edits'][number][] = [];
  for (const patch of patches) {
    const done = applyPatch(
      patch,
      after.map(({ lowered }) => lowered),
    );
    after = after.map((program, i) => ({ ...program, lowered: done.programs[i] ?? program.lowered }));
    edits.push(...done.outcomes);
  }
  const changed = after.filter(({ lowered }, i) => lowered !== before[i]?.lowered).length;
  const was = await assess(before, foundAt);
  const is = await assess(after, foundAt);
  const without = before.filter(({ lowered }) => isWithoutSites(lowered.program)).length;
  return compared(was, is, { edits, programs: before.length, changed, without_sites: without });
}

async function assess(programs: readonly CampaignProgram[], foundAt: string): Promise<Assessment> {
  const work = assessSteps(programs, foundAt);
  for (;;) {
    const { value, done } = work.next();
    if (done === true) return value;
    await setImmediate();
  }
}

function compared(
  was: Assessment,
  is: Assessment,
  about: Pick<WhatifForm, 'edits' | 'programs' | 'changed' | 'without_sites'>,
): WhatifForm {
  const before = new Set(was.found.map(({ identity }) => identity));
  const after = new Set(is.found.map(({ identity }) => identity));
  const witnesses = (found: Assessment['found'], keep: (identity: string) => boolean): Witness[] =>
    found.filter(({ identity }) => keep(identity)).map(({ witness }) => witness);
  return {
    schema: 'relock.whatif/1',
    gone: witnesses(was.found, (identity) => !after.has(identity)),
    stays: witnesses(is.found, (identity) => before.has(identity)),
    new: witnesses(is.found, (identity) => !before.has(identity)),
    complete: was.complete && is.complete,
    undecided: is.undecided,
    ...about,
  };
}
