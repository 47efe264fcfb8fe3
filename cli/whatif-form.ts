// Compares the deadlocks of programs as they are with those of the programs as patches would make them.
import { setImmediate } from 'node:timers/promises';
import type { WhatifForm } from '../corpus/schema/forms.js';
import type { EditOutcome, Patch } from '../corpus/schema/patch.js';
import type { Witness } from '../corpus/schema/witness.js';
import {
  ASSESS_LIMITS,
  type Assessed,
  type AssessLimits,
  type Assessment,
  assessSteps,
} from '../engine/campaign/assess.js';
import type { CampaignProgram } from '../engine/campaign/state.js';
import { applyPatch } from '../engine/whatif/apply.js';
import { isWithoutSites } from '../engine/whatif/chains.js';
import { isClass } from '../engine/whatif/names.js';
import {
  ACROSS_LIMITS,
  type CaptureWithPrograms,
  isTrace,
  mayRunTwice,
  meetingAssumption,
  orderOf,
  partsOf,
} from './across.js';
import { programsOf } from './search.js';

/** States of a cycle: guards and flags that a patch brings are searched, and here are few cycles to look at. */
const WHATIF_STATES = 100_000;
/** Whole transactions are predicted from, not searched: there are too many of them in one program. */
const TRANSACTIONS: AssessLimits = {
  ...ASSESS_LIMITS,
  predict: { ...ACROSS_LIMITS, states: WHATIF_STATES },
  search: false,
};

interface Changed {
  readonly programs: readonly CampaignProgram[];
  readonly outcomes: readonly EditOutcome[];
}

function patched(before: readonly CampaignProgram[], patches: readonly Patch[]): Changed {
  let programs = before;
  const outcomes: EditOutcome[] = [];
  for (const patch of patches) {
    const done = applyPatch(
      patch,
      programs.map(({ lowered }) => lowered),
    );
    programs = programs.map((program, i) => ({ ...program, lowered: done.programs[i] ?? program.lowered }));
    outcomes.push(...done.outcomes);
  }
  return { programs, outcomes };
}

/** True for the classes that a patch names, for those taken under them or around them, and for those that are known to meet. */
function concerned(
  patches: readonly Patch[],
  captures: readonly CaptureWithPrograms[],
  known: ReadonlySet<string>,
): (name: string) => boolean {
  const patterns = patches.flatMap(({ edits, flags }) => [
    ...edits.flatMap((edit) => ('class' in edit ? [edit.class] : [])),
    ...flags.flatMap(({ of }) => (of === null ? [] : [of])),
  ]);
  const isNamed = (name: string): boolean => patterns.some((pattern) => isClass(pattern, name));
  const near = new Set(known);
  for (const { pairs } of captures.map(orderOf))
    for (const [held, wanted] of pairs) {
      if (isNamed(held)) near.add(wanted);
      if (isNamed(wanted)) near.add(held);
    }
  return (name) => near.has(name) || isNamed(name);
}

/** Outcomes of the same edits on two sets of programs, as one. */
function joined(a: readonly EditOutcome[], b: readonly EditOutcome[]): EditOutcome[] {
  return a.map((one, i) => ({
    text: one.text,
    applied: [...new Set([...one.applied, ...(b[i]?.applied ?? [])])],
    passed: [...new Set([...one.passed, ...(b[i]?.passed ?? [])])],
  }));
}

async function assess(
  programs: readonly CampaignProgram[],
  foundAt: string,
  limits: AssessLimits = ASSESS_LIMITS,
): Promise<Assessment> {
  const work = assessSteps(programs, foundAt, limits);
  for (;;) {
    const { value, done } = work.next();
    if (done === true) return value;
    await setImmediate();
  }
}

/**
 * Looks for one deadlock of transactions among the programs that it needs alone: of many that are alike, prediction looks at
 * some, so that one that is not in its list may be there all the same.
 */
async function lookFor(
  { identity, sources, witness }: Assessed,
  programs: readonly CampaignProgram[],
  foundAt: string,
): Promise<{ readonly found: Assessed | null; readonly open: Assessment['undecided'] }> {
  const needed = sources.flatMap((s) => (programs[s] === undefined ? [] : [programs[s]]));
  const predict = { ...ACROSS_LIMITS, length: witness.tasks.length, cycles: 100, states: WHATIF_STATES };
  const { found, undecided } = await assess(needed, foundAt, { ...TRANSACTIONS, predict });
  const here = found.find((one) => one.identity === identity) ?? null;
  return { found: here, open: undecided.filter((one) => one.identity === identity) };
}

const NONE: ReadonlySet<string> = new Set();

/** A deadlock of tasks of several captures, or of transactions of one of those that run `twice` at once, with what that assumes. */
function composed(one: Assessed, files: ReadonlyMap<string, string>, twice = NONE): Assessed {
  const { witness } = one;
  if (witness.captures.length < 2 && !witness.captures.some((id) => twice.has(id))) return one;
  const meeting = meetingAssumption(witness.captures.map((id) => files.get(id) ?? id));
  return { ...one, witness: { ...witness, basis: 'composed', assumes: [...witness.assumes, meeting] } };
}

/**
 * Applies the patches one after the other to the programs of the captures. Beside these, whole transactions of traces and all
 * that meets across captures are looked at: what a patch brings need not be in any program that exists without it. Within one
 * trace these know nothing of the order that the recording proves, so what they show before the patch is not told at all, unless
 * a trace is to run twice at once (`across`, docs/adr/0126): then there is no such order.
 * `foundAt`: ISO 8601 time for the witnesses.
 */
export async function whatifForm(
  captures: readonly CaptureWithPrograms[],
  patches: readonly Patch[],
  foundAt: string,
  across = false,
): Promise<WhatifForm> {
  const twice = new Set<string>(
    captures.filter(({ capture }) => across && mayRunTwice(capture)).map(({ capture }) => capture.id),
  );
  const before = captures.flatMap(({ capture, programs }) => programsOf(capture, programs));
  const { programs: after, outcomes } = patched(before, patches);
  const was = await assess(before, foundAt);
  const is = await assess(after, foundAt);

  const named = new Set(before.flatMap(({ lowered }) => lowered.program.locks.map((lock) => lock.class)));
  const traced = captures.some(({ capture }) => isTrace(capture));
  const parts = traced ? captures.flatMap((one) => partsOf(one, concerned(patches, captures, named))) : [];
  const partsAfter = patched(parts, patches);
  const partsWere = await assess(parts, foundAt, TRANSACTIONS);
  const partsAre = await assess(partsAfter.programs, foundAt, TRANSACTIONS);

  const files = new Map(captures.map(({ capture }) => [capture.id as string, capture.file]));
  const told = (ofParts: readonly Assessed[], whole: readonly Assessed[]): Assessed[] => [
    ...ofParts.map((one) => composed(one, files, twice)),
    ...whole.map((one) => composed(one, files)),
  ];
  /** True of what has to obey the order of its recording. */
  const isOfOneRun = ({ witness: { captures: of } }: Assessed): boolean =>
    of.length < 2 && !of.some((id) => twice.has(id));
  const base = new Map<string, Witness>();
  for (const { identity, witness } of told(partsWere.found, was.found))
    if (witness.basis === 'composed' || was.found.some((one) => one.identity === identity))
      base.set(identity, witness);
  const untold = new Set(partsWere.found.filter(isOfOneRun).map(({ identity }) => identity));
  const now = new Map<string, Witness>();
  const own = new Set(was.found.map(({ identity }) => identity));
  for (const { identity, witness } of told(partsAre.found, is.found)) {
    // What a program of its own shows, that program decides: it has the order that the recording proves.
    const decided = own.has(identity) && !is.found.some((one) => one.identity === identity);
    if (!decided || witness.basis === 'composed') now.set(identity, witness);
  }

  // A cycle of transactions that was undecided before the patch as well says nothing about the patch.
  const openBefore = new Set(partsWere.undecided.map(({ identity }) => identity));
  const openNow = partsAre.undecided.filter(
    ({ identity, captures: needs }) =>
      !openBefore.has(identity) && (needs > 1 || twice.size > 0 || !own.has(identity)),
  );
  const open = new Map([...is.undecided, ...openNow].map((one) => [one.identity, one]));
  for (const one of partsWere.found) {
    if (!base.has(one.identity) || now.has(one.identity) || isOfOneRun(one)) continue;
    const still = await lookFor(one, partsAfter.programs, foundAt);
    if (still.found !== null) now.set(one.identity, composed(still.found, files, twice).witness);
    for (const cycle of still.open) open.set(one.identity, cycle);
  }
  for (const one of partsAre.found) {
    if (base.has(one.identity) || untold.has(one.identity)) continue;
    const earlier = await lookFor(one, parts, foundAt);
    if (earlier.found === null) continue;
    if (isOfOneRun(one)) untold.add(one.identity);
    else base.set(one.identity, composed(earlier.found, files, twice).witness);
  }
  for (const identity of now.keys()) open.delete(identity);

  const all = [...before, ...parts];
  const changed = [...after, ...partsAfter.programs].filter(({ lowered }, i) => lowered !== all[i]?.lowered);
  const pick = (from: ReadonlyMap<string, Witness>, keep: (identity: string) => boolean): Witness[] =>
    [...from].filter(([identity]) => keep(identity)).map(([, witness]) => witness);
  return {
    schema: 'relock.whatif/1',
    gone: pick(base, (identity) => !now.has(identity) && !open.has(identity)),
    stays: pick(now, (identity) => base.has(identity)),
    new: pick(now, (identity) => !base.has(identity) && !untold.has(identity)),
    complete: was.complete && [is, partsWere, partsAre].every(({ covered }) => covered) && open.size === 0,
    edits: joined(outcomes, partsAfter.outcomes),
    undecided: [...open.values()].map(({ classes, tasks, why }) => ({ classes, tasks, why })),
    programs: all.length,
    changed: changed.length,
    without_sites: all.filter(({ lowered }) => isWithoutSites(lowered.program)).length,
  };
}
