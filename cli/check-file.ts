// Checks one file: a litmus text against what it expects, a log by a thorough search.
import { setImmediate } from 'node:timers/promises';
import { BEYOND_THE_LOG, type Capture } from '../corpus/schema/capture.js';
import type { CheckFileForm } from '../corpus/schema/forms.js';
import type { LoweredProgram, Program } from '../corpus/schema/program.js';
import type { ReportKind } from '../corpus/schema/report.js';
import type { Witness } from '../corpus/schema/witness.js';
import type { LitmusTextResult } from '../corpus/text/litmus.js';
import { establish } from '../engine/campaign/establish.js';
import type { CampaignResult } from '../engine/campaign/state.js';
import { type PartsResult, partsSteps } from '../engine/explore/parts.js';
import { asWritten } from '../engine/lower/as-written.js';
import type { Lowered } from '../engine/lower/lower.js';
import { MAX_TASKS } from '../engine/model/choice.js';
import { whyIllFormed } from '../engine/model/compile.js';
import type { Source } from '../importers/source.js';
import { expectationText } from './replaying.js';
import { programsOf, searchOnce } from './search.js';
import { Trouble } from './trouble.js';

/** States of the search of one litmus program: these are small, and their verdict is wanted complete. */
const LITMUS_STATES = 20_000_000;
/** Milliseconds of search between two looks at signals. */
const PAUSE_MS = 100;

/** Reports that are about waiting for ever: where no program can be made of one, its question stays open. */
const ABOUT_DEADLOCK: ReadonlySet<ReportKind> = new Set([
  'circular',
  'recursive',
  'irq-inversion',
  'irq-order',
  'inconsistent-state',
  'hung-task',
]);

/** Skips that mean: somebody waits, or a cycle was reported, and the log does not say enough to run it. */
const LEAVES_OPEN: ReadonlySet<string> = new Set([
  'wait_not_explained',
  'contention_without_order',
  'chain_incomplete',
  'no_program_from_report',
  'records_lost',
  'records_overwritten',
  'trace_dat_rows_beyond',
  'trace_rows_beyond',
  'cpus_missing',
]);

/** True if something that the log lacks leaves its verdict open. */
export function leavesOpen({ skipped }: Capture): boolean {
  return skipped.some(({ stat }) => LEAVES_OPEN.has(stat));
}

/** Of these, what means that nothing was proved either: other schedules of what is not there were not covered. */
const PARTIAL: ReadonlySet<string> = new Set([
  'records_lost',
  'records_overwritten',
  'trace_dat_rows_beyond',
  'trace_rows_beyond',
  'cpus_missing',
]);

/** The text of a source, for those who parse it whole. */
export async function wholeText(source: Source): Promise<string> {
  const parts: string[] = [];
  for await (const block of source.blocks()) parts.push(block.text);
  return parts.join('\n');
}

/**
 * Searches one litmus text completely and compares the ends with its `expect` lines; lets signals in now and then. Throws
 * Trouble for bad text.
 */
export async function checkLitmus(
  file: string,
  text: LitmusTextResult,
  foundAt: string,
): Promise<CheckFileForm> {
  if (!text.ok)
    throw new Trouble(
      {
        title: 'THIS LITMUS TEXT CANNOT BE READ',
        facts: text.problems.slice(0, 8).map(({ line, message }) => `line ${line}: ${message}`),
        next: 'relock help litmus',
      },
      file,
    );
  const { program, expect } = text.value;
  const reason = whyIllFormed(program);
  if (reason !== null)
    throw new Trouble(
      {
        title: 'THIS LITMUS TEXT CANNOT BE RUN',
        facts: [reason],
        next: 'relock help litmus',
      },
      file,
    );
  const result = await searched(program);
  const found = result.finds.map(({ kind, tasks }) => expectationText({ kind, tasks })).sort();
  const expected = expect?.map(expectationText).sort() ?? null;
  // A set that is complete must be equal; of one that is not, only what is too much can be said.
  const ok =
    expected === null
      ? null
      : found.some((end) => !expected.includes(end))
        ? false
        : found.length === expected.length
          ? result.complete || null
          : result.complete
            ? false
            : null;
  const witnesses: Witness[] = [];
  const why = result.tooLarge === null ? [] : [tooLarge(result.tooLarge, program)];
  for (const { program: part, schedule, kind, tasks } of result.finds) {
    const lowered = asWritten(part);
    const done = establish({ lowered, run: { schedule }, captures: [], foundAt, same: 'tasks' });
    if (done.ok) witnesses.push(done.witness);
    else why.push(`${expectationText({ kind, tasks })} was found and could not be shown: ${done.reason}.`);
  }
  return {
    file,
    format: 'litmus',
    verdict: found.length > 0 ? 'deadlock' : result.complete ? 'none' : 'open',
    complete: result.complete,
    expected,
    ok,
    schedules: result.schedules,
    states: result.states,
    witnesses,
    ...(why.length === 0 ? {} : { why }),
  };
}

function tooLarge(names: readonly string[], program: Program): string {
  const some = names.slice(0, 6).join(', ');
  return `${names.length} of the ${program.tasks.length} tasks hang together by more than the order of their locks (${some}${
    names.length > 6 ? ` and ${names.length - 6} more` : ''
  }); a search of all takes ${MAX_TASKS}: they were searched in groups.`;
}

/** The whole search, in pieces of about a tenth of a second. */
async function searched(program: Program): Promise<PartsResult> {
  const search = partsSteps(program, { states: LITMUS_STATES });
  let paused = performance.now();
  for (let step = search.next(); ; step = search.next()) {
    if (step.done === true) return step.value;
    if (performance.now() - paused < PAUSE_MS) continue;
    await setImmediate();
    paused = performance.now();
  }
}

/** Searches what a log says. */
export async function checkCapture(
  capture: Capture,
  { programs, complete, unsettled }: Pick<Lowered, 'programs' | 'complete' | 'unsettled'>,
): Promise<CheckFileForm> {
  const result = await searchOnce(programsOf(capture, programs));
  const verdict = verdictOf(capture, programs, complete, unsettled, result);
  const partial =
    verdict.verdict === 'open' &&
    (unsettled.length > 0 || capture.skipped.some((skip) => PARTIAL.has(skip.stat)));
  return {
    file: capture.file,
    format: capture.format,
    ...verdict,
    // A recording without rings of transactions has nothing to search: that none is there is what was shown.
    complete: result.exhausted && !partial && (complete ?? programs.length > 0),
    expected: null,
    ok: null,
    schedules: result.programs.reduce((sum, program) => sum + program.schedules, result.execs),
    states: result.programs.reduce((sum, program) => sum + program.states, 0),
    witnesses: result.witnesses,
    refuted: result.cycles
      .filter(({ status }) => status === 'refuted')
      .map(({ classes, tasks, why }) => ({ classes, tasks, why })),
  };
}

function verdictOf(
  capture: Capture,
  programs: readonly LoweredProgram[],
  complete: boolean | null,
  unsettled: readonly string[],
  searched: CampaignResult,
): Pick<CheckFileForm, 'verdict' | 'why'> {
  if (searched.witnesses.some(restsOnTheLog)) return { verdict: 'deadlock' };
  const why = [
    ...searched.witnesses.flatMap((witness) =>
      witness.assumes.filter((sentence) => sentence.startsWith(BEYOND_THE_LOG)),
    ),
    ...capture.skipped
      .filter((skip) => LEAVES_OPEN.has(skip.stat))
      .map((skip) => `${skip.advice}${skip.first_line === null ? '' : ` (line ${skip.first_line})`}`),
    ...unsettled,
    ...searched.cycles
      .filter((cycle) => cycle.status === 'open')
      .map((cycle) => `${cycle.classes.join(' -> ')}: ${cycle.why}`),
    ...(complete === false
      ? ['The recording has more rings of transactions, or longer ones, than were made into programs.']
      : []),
    ...(searched.programs.some((program) => !program.complete)
      ? ['The search was not complete: relock import and relock fuzz go on with it.']
      : []),
  ];
  const unread = programs.length === 0 && capture.reports.some((report) => ABOUT_DEADLOCK.has(report.kind));
  if (why.length === 0 && unread)
    why.push('A report tells of tasks that wait, and the log does not say for which lock.');
  return why.length === 0 ? { verdict: 'none' } : { verdict: 'open', why: [...new Set(why)] };
}

/** True unless the witness needs something that the log does not support. */
export function restsOnTheLog(witness: Witness): boolean {
  return !witness.assumes.some((sentence) => sentence.startsWith(BEYOND_THE_LOG));
}
