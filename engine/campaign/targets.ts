// Targets: what a campaign can make witnesses of or fuzz - a program, or the small program of a predicted cycle.
import { createHash } from 'node:crypto';
import type { LoweredProgram } from '../../corpus/schema/program.js';
import type { Genome } from '../../corpus/schema/schedule.js';
import { programId } from '../../corpus/text/program-id.js';
import { restricted } from '../lower/restricted.js';
import { MAX_TASKS } from '../model/choice.js';
import type { CaptureRef } from './establish.js';
import type { CampaignProgram, ProgramOutcome, SettledCycle } from './state.js';
import { windowsOf } from './windows.js';

export interface Target {
  /** The same for the same target in every run, whatever else the campaign holds. */
  readonly key: string;
  readonly lowered: LoweredProgram;
  readonly captures: readonly CaptureRef[];
  readonly files: readonly (string | null)[];
  /** Programs of the campaign that it is made of. */
  readonly sources: readonly number[];
  readonly seeds: readonly Genome[];
}

/** Names a program of a campaign by its content and where it was read from. */
export function programKey(program: CampaignProgram): string {
  const captures = program.captures.map(({ id }) => id.slice(0, 12)).join('+');
  return `${programId(program.lowered.program).slice(0, 16)}.${captures}.${program.lowered.episode ?? 'file'}`;
}

/** Keys of all programs; equal ones are numbered, so that each is there once. */
export function programKeys(programs: readonly CampaignProgram[]): string[] {
  return numbered(programs.map(programKey));
}

function numbered(keys: readonly string[]): string[] {
  const met = new Map<string, number>();
  return keys.map((key) => {
    const before = met.get(key) ?? 0;
    met.set(key, before + 1);
    return before === 0 ? key : `${key}#${before + 1}`;
  });
}

/** The file that a task of the program was read from. */
function fileOf(program: CampaignProgram, task: string): string | null {
  const index = program.lowered.program.tasks.findIndex(({ name }) => name === task);
  if (program.files !== undefined) return program.files[index] ?? null;
  return program.captures.length === 1 ? (program.captures[0]?.file ?? null) : null;
}

/** The program as a target, or of its tasks those of these names. */
export function programTarget(
  programs: readonly CampaignProgram[],
  index: number,
  key: string,
  names?: ReadonlySet<string>,
): Target {
  const program = programs[index];
  if (program === undefined) throw new Error(`there is no program ${index}`);
  const lowered = names === undefined ? program.lowered : restricted(program.lowered, names);
  return {
    key,
    lowered,
    captures: program.captures,
    files: lowered.program.tasks.map(({ name }) => fileOf(program, name)),
    sources: [index],
    seeds: [],
  };
}

type Cycle = Pick<SettledCycle, 'sources' | 'taskSources' | 'aim'>;

export function cycleTarget(
  programs: readonly CampaignProgram[],
  cycle: Cycle,
  candidate: LoweredProgram,
  key: string,
): Target {
  const captures = new Map<string, CaptureRef>();
  for (const s of cycle.sources) for (const c of programs[s]?.captures ?? []) captures.set(c.id, c);
  return {
    key,
    lowered: candidate,
    captures: [...captures.values()],
    files: cycle.taskSources.map((s, task) => {
      const program = programs[s];
      return program === undefined ? null : fileOf(program, candidate.program.tasks[task]?.name ?? '');
    }),
    sources: cycle.sources,
    seeds: cycle.aim === null ? [] : [cycle.aim],
  };
}

/** A program, or its windows where it is too large to be run at once. */
function targetsOf(programs: readonly CampaignProgram[], index: number, key: string): Target[] {
  const program = programs[index]?.lowered.program;
  if (program === undefined || program.tasks.length <= MAX_TASKS)
    return [programTarget(programs, index, key)];
  return windowsOf(program).map((names, w) => programTarget(programs, index, `${key}.window${w}`, names));
}

/** What is open and can be run: programs without a proof, then cycles without a verdict. */
export function openTargets(
  programs: readonly CampaignProgram[],
  outcomes: readonly ProgramOutcome[],
  cycles: readonly SettledCycle[],
): Target[] {
  const open = outcomes.flatMap((p, i) =>
    p.complete || p.illFormed !== null ? [] : targetsOf(programs, i, p.key),
  );
  const undecided = cycles.flatMap((c) =>
    c.status === 'open' && c.candidate !== null ? [{ c, of: c.candidate }] : [],
  );
  const keys = numbered(
    undecided.map(({ c, of }) => {
      const about = [programId(of.program), ...c.sources.map((s) => outcomes[s]?.key ?? '')];
      return `cycle.${createHash('sha256').update(about.join('\n')).digest('hex').slice(0, 16)}`;
    }),
  );
  return [...open, ...undecided.map(({ c, of }, i) => cycleTarget(programs, c, of, keys[i] ?? ''))];
}
