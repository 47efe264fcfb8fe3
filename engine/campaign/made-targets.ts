// Made targets: programs that a campaign composes by itself of what it has, to be fuzzed beside what is open.
import { createHash } from 'node:crypto';
import type { LoweredProgram } from '../../corpus/schema/program.js';
import { programId } from '../../corpus/text/program-id.js';
import { mix } from '../fuzz/feedback/feedback.js';
import { PROGRAM_MUTATORS } from '../fuzz/program-mutators/list.js';
import { compile } from '../model/compile.js';
import { xorshift } from '../rng.js';
import type { CaptureRef } from './establish.js';
import type { CampaignProgram, ProgramOutcome } from './state.js';
import { programTarget, type Target } from './targets.js';

/** Most that one campaign makes. */
const MOST_MADE = 16;
/** Tries for each that is wanted: many pairs have nothing in common. */
const TRIES = 4;

/**
 * Programs made by the mutators of the programs that are open - spliced with tasks of other captures, with two instances taken
 * for one - each once. The same programs and seed make the same ones; none where nothing is open.
 */
export function madeTargets(
  programs: readonly CampaignProgram[],
  outcomes: readonly ProgramOutcome[],
  seed: number,
): Target[] {
  const open = outcomes.flatMap((p, i) => (p.complete || p.illFormed !== null ? [] : [i]));
  const wanted = Math.min(MOST_MADE, 2 * open.length);
  const sources = programs.map((p) => ({
    lowered: p.lowered,
    captures: p.captures.map(({ id }) => id),
    ...(p.single === undefined ? {} : { single: p.single }),
  }));
  const made = new Map<string, Target>();
  for (let attempt = 0; attempt < wanted * TRIES && made.size < wanted; attempt++) {
    const of = open[Math.floor(attempt / PROGRAM_MUTATORS.length) % open.length];
    const mutator = PROGRAM_MUTATORS[attempt % PROGRAM_MUTATORS.length];
    if (of === undefined || mutator === undefined) break;
    const one = mutator.make(sources, of, xorshift(mix(seed, attempt)));
    if (one === null || !compile(one.lowered.program).ok) continue;
    const from = [...new Set(one.taskSources)];
    const about = [programId(one.lowered.program), ...from.map((s) => outcomes[s]?.key ?? '')];
    const key = `made.${createHash('sha256').update(about.join('\n')).digest('hex').slice(0, 16)}`;
    const parts = from.map((s) => programTarget(programs, s, ''));
    const captures = new Map(parts.flatMap((part) => part.captures.map((c) => [c.id, c])));
    made.set(key, {
      key,
      lowered: meeting(one.lowered, [...captures.values()]),
      captures: [...captures.values()],
      files: one.taskSources.map((s, t) => parts[from.indexOf(s)]?.files[one.taskIndices[t] ?? -1] ?? null),
      sources: from,
      seeds: [],
    });
  }
  return [...made.values()];
}

/** Tasks of several recordings are assumed to meet at all. */
function meeting(lowered: LoweredProgram, captures: readonly CaptureRef[]): LoweredProgram {
  if (lowered.basis !== 'composed') return lowered;
  const names = [...new Set(captures.map(({ file }) => file.replace(/^.*\//, '')))].join(' and ');
  const text = `the tasks of ${names} meet on one machine, in code that is the same`;
  return { ...lowered, assumes: [...lowered.assumes, text] };
}
