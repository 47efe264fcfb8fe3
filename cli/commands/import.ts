// relock import: logs and captures in.
import type { CaptureForm, ImportForm, MergedForm, Problem } from '../../corpus/schema/forms.js';
import { isCampaignFile } from '../../corpus/store/campaign-file.js';
import type { Source } from '../../importers/source.js';
import { importedLines } from '../../reports/text/imported.js';
import { count } from '../../reports/text/layout.js';
import { captureForm, isWorthKeeping } from '../capture-form.js';
import { eachSource, ingestSource, type Kept, keep, knownFormat } from '../ingest.js';
import { inputFiles } from '../input-files.js';
import { isDatabase, mergeCampaign, mergeDatabase, mergedLines } from '../merging.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, Trouble, usage } from '../trouble.js';

/** Where a problem has no command of its own. */
const HELP = 'relock import -h';
/** Commands for files of other tools, of a folder with many. */
const MOST_REMEDIES = 5;
const NOT_KEPT: Kept = { already: false, programs: 0, notes: [] };

interface Failure {
  readonly path: string;
  readonly problem: Problem;
  readonly code: ExitCode;
}

export async function run(session: Session): Promise<ExitCode> {
  if (session.args.length === 0)
    throw usage('relock import wants files, folders, or - for standard input.', 'relock import dmesg.txt');
  const format = knownFormat(session.text('format'));
  const files = inputFiles(session.args);
  if (files.length === 0)
    throw new Trouble(
      {
        title: 'THERE IS NO FILE IN THIS FOLDER',
        facts: ['I looked into every folder below it and found nothing to read.'],
        next: 'relock import dmesg.txt',
      },
      session.args.join(' '),
      EXIT.nothing,
    );
  session.exitOnInterrupt('Interrupted; what was listed is stored. The same command goes on with the rest.');
  const forms: CaptureForm[] = [];
  const failures: Failure[] = [];
  let programs = 0;
  let passedOver = 0;
  let anyFacts = false;
  const merged: MergedForm[] = [];
  const remedies = new Map<string, Problem>();
  const tell = (form: CaptureForm, kept: Kept): void => {
    forms.push(form);
    if (!session.json) session.print(`${importedLines(form, kept.programs, kept.notes).join('\n')}\n`);
  };
  for (const { path, named } of files) {
    if (named && isDatabase(path)) {
      const form = await mergeDatabase(session, path);
      merged.push(form);
      if (!session.json) session.print(`${mergedLines(form, 'database').join('\n')}\n`);
      continue;
    }
    const timed = async (source: Source) => {
      const began = performance.now();
      const taken = isCampaignFile(await source.headBytes())
        ? await mergeCampaign(session, source)
        : await ingestSource(source, format);
      return { taken, tookMs: performance.now() - began };
    };
    for await (const handled of eachSource(path, timed)) {
      if (handled.what === 'archive') {
        tell(captureForm(handled.capture, false), NOT_KEPT);
        continue;
      }
      const taken = handled.what === 'trouble' ? { ok: false as const, ...handled } : handled.done.taken;
      const alone = named && !(handled.what === 'done' && handled.isMember);
      if (!taken.ok) {
        if (taken.code === EXIT.nothing && !alone) {
          passedOver++;
          const isMember = handled.what === 'done' && handled.isMember;
          if (taken.problem.next !== HELP && !isMember) remedies.set(taken.problem.next, taken.problem);
        } else failures.push({ path, problem: taken.problem, code: taken.code });
        if (alone || taken.code === EXIT.trouble) session.complain(taken.problem, path);
        continue;
      }
      if ('merged' in taken) {
        merged.push(taken.merged);
        if (!session.json) session.print(`${mergedLines(taken.merged, 'campaign').join('\n')}\n`);
        continue;
      }
      const useful = isWorthKeeping(taken.capture);
      if (!useful && !alone) {
        passedOver++;
        continue;
      }
      // What says nothing about locks is told, and not kept.
      const now = new Date().toISOString();
      const tookMs = handled.what === 'done' ? handled.done.tookMs : 0;
      const kept = useful ? keep(await session.store('write'), taken.capture, now, tookMs) : NOT_KEPT;
      tell(captureForm(taken.capture, kept.already), kept);
      programs += kept.programs;
      anyFacts ||= useful;
    }
  }
  if (passedOver > 0)
    session.talk(
      `${count(passedOver, 'file')} in folders and archives passed over: nothing about locks was recognised in them.`,
    );
  const foreign = [...remedies.values()];
  for (const { next } of foreign.slice(0, MOST_REMEDIES))
    session.talk(`Another tool makes text of some of them.   Next: ${next}`);
  return conclude(session, { forms, merged, failures, programs, anyFacts, passedOver, foreign });
}

interface Outcome {
  readonly forms: readonly CaptureForm[];
  readonly merged: readonly MergedForm[];
  readonly failures: readonly Failure[];
  readonly programs: number;
  readonly anyFacts: boolean;
  readonly passedOver: number;
  /** What was passed over and another tool makes text of, once a command. */
  readonly foreign: readonly Problem[];
}

function conclude(session: Session, outcome: Outcome): ExitCode {
  const { forms, failures, programs, anyFacts } = outcome;
  const unreadable = failures.find((failure) => failure.code === EXIT.trouble);
  const nothing = nothingIn(session, outcome);
  const code = unreadable !== undefined ? EXIT.trouble : nothing !== null ? EXIT.nothing : EXIT.fine;
  const worst = unreadable?.problem ?? nothing;
  if (session.json) {
    const errors = failures.map(({ path, problem }) => ({ about: path, ...problem }));
    session.printJson({
      schema: 'relock.import/1',
      captures: forms,
      ...(outcome.merged.length === 0 ? {} : { merged: outcome.merged }),
      ...(code === EXIT.fine || worst === null ? {} : { error: worst }),
      ...(errors.length === 0 ? {} : { errors }),
    } satisfies ImportForm & { error?: Problem; errors?: object[] });
  }
  if (nothing !== null && failures.length === 0) session.complain(nothing, session.args.join(' '));
  if (anyFacts)
    session.talk(
      `${count(forms.length, 'capture')}, ${count(programs, 'program')} ready in ${session.dbPath}.   Next: relock ${
        programs > 0 ? 'fuzz --for 1m' : 'predict'
      }`,
    );
  return code;
}

/** Why there is nothing to work on, or null if there is something. */
function nothingIn(
  session: Session,
  { forms, merged, failures, anyFacts, passedOver, foreign }: Outcome,
): Problem | null {
  if (anyFacts || (merged.length > 0 && forms.length === 0 && failures.length === 0)) return null;
  const [first] = failures;
  if (first !== undefined && forms.length === 0) return first.problem;
  if (forms.length === 0)
    return {
      title: 'NO IMPORTER KNOWS THESE FILES',
      facts: [`I looked at ${passedOver} files below ${session.args.join(' ')} and recognised none.`],
      next: foreign[0]?.next ?? 'relock import --format kernel-log FILE',
    };
  const title = 'NO LOCK EVENTS IN THIS FILE';
  const read = `I read ${forms.map(({ file, format }) => `${file} as ${format}`).join(', ')}${recordsOf(forms)}`;
  // Where tasks were recorded, their locks can be.
  if (forms.some(({ events }) => events > 0))
    return {
      title,
      facts: [
        `${read} and nothing of a lock, so that nothing is kept. What to record on that machine is printed by`,
      ],
      next: 'relock record',
    };
  return {
    title,
    facts: [
      `${read}, and met no report about locks.`,
      'A kernel with CONFIG_PROVE_LOCKING or CONFIG_DETECT_HUNG_TASK prints them; for hung tasks take a dump:',
    ],
    next: 'echo w > /proc/sysrq-trigger; echo d > /proc/sysrq-trigger; dmesg > dmesg.txt',
  };
}

/** Names of records that are told. */
const MOST_NAMED = 8;

/** The records that were met, the most frequent by name. */
function recordsOf(forms: readonly CaptureForm[]): string {
  const all = forms.flatMap((form) => Object.entries(form.by_event)).sort(([, a], [, b]) => b - a);
  if (all.length === 0) return '';
  const named = all.slice(0, MOST_NAMED).map(([name, n]) => `${name} ${n}`);
  const others = all.length - named.length;
  return `: ${named.join(', ')}${others > 0 ? ` and ${count(others, 'kind')} of records more` : ''}`;
}
