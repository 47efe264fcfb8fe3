// relock check: one go for CI - read, search, verdict.
import type { Capture } from '../../corpus/schema/capture.js';
import type { CheckFileForm, CheckForm, Problem } from '../../corpus/schema/forms.js';
import type { Witness } from '../../corpus/schema/witness.js';
import type { Store } from '../../corpus/store/store.js';
import { parseLitmusFiles } from '../../corpus/text/litmus.js';
import { lowerCapture } from '../../engine/lower/lower.js';
import { isStartOrder } from '../../engine/lower/trace/programs.js';
import type { Source } from '../../importers/source.js';
import { type CheckResult, checkJunit, checkKtap } from '../../reports/ci/check-result.js';
import { cycleText } from '../../reports/explain.js';
import { count, shortId, wrap } from '../../reports/text/layout.js';
import { witnessLines } from '../../reports/text/list.js';
import { plainName } from '../../reports/text/plain-text.js';
import { mayRunTwice } from '../across.js';
import { hasLockFacts } from '../capture-form.js';
import { checkCapture, checkLitmus, leavesOpen, restsOnTheLog, wholeText } from '../check-file.js';
import { interruptedLines } from '../check-interrupted.js';
import { eachSource, ingestSource, isLitmus, keep, knownFormat } from '../ingest.js';
import { inputFiles } from '../input-files.js';
import { isUntriaged, keepWitnesses } from '../keep-witnesses.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, nearest, Trouble, usage } from '../trouble.js';

interface Failure {
  readonly file: string;
  readonly problem: Problem;
  readonly code: ExitCode;
}

const CI_FORMS: Readonly<Record<string, (results: readonly CheckResult[]) => string>> = {
  ktap: checkKtap,
  junit: checkJunit,
};

export async function run(session: Session): Promise<ExitCode> {
  const form = session.text('form') ?? 'text';
  const asCi = Object.hasOwn(CI_FORMS, form) ? CI_FORMS[form] : undefined;
  if (asCi === undefined && form !== 'text')
    throw usage(
      `I have no form "${form}" of a check: there are text, ${Object.keys(CI_FORMS).join(' and ')}.`,
      `relock check --form ${nearest(form, Object.keys(CI_FORMS)) ?? 'ktap'} FILE`,
    );
  const format = knownFormat(session.text('format'));
  const store = session.dbGiven ? await session.store('write') : null;
  const files: CheckFileForm[] = [];
  const failures: Failure[] = [];
  const fail = (file: string, problem: Problem, code: ExitCode): void => {
    failures.push({ file, problem, code });
    session.complain(problem, file);
  };
  const print = (left: readonly Failure[]): void => {
    const all = [...failures, ...left];
    if (asCi !== undefined && !session.json)
      session.print(asCi([...files.map(resultOf), ...all.map(failedResult)]));
    if (!session.json) return;
    const [worst] = all;
    session.printJson({
      schema: 'relock.check/1',
      files,
      ...(worst === undefined
        ? {}
        : { error: worst.problem, errors: all.map((f) => ({ about: f.file, ...f.problem })) }),
    } satisfies CheckForm & { error?: Problem; errors?: object[] });
  };
  let at = 0;
  session.onInterrupt(() => {
    const rest = session.args.slice(at);
    print(rest.map((file) => ({ file, problem: INTERRUPTED, code: EXIT.interrupted })));
    const found = files.filter((form) => counts(form)).length;
    const stored = store !== null;
    const so = { checked: files.length, found, unread: failures.length, stored, rest };
    session.talk(...interruptedLines({ ...so, options: session.optionsAgain() }));
  });
  for (const [index, arg] of session.args.entries()) {
    at = index;
    const paths = inputFiles([arg]);
    for (const [place, { path, named }] of paths.entries()) {
      let passedOver = 0;
      let checked = 0;
      let isArchive = false;
      for await (const handled of eachSource(path, (source) => checkOne(source, format, store))) {
        // What is told below is done with: an interrupt that comes after it must not name it again.
        const isEnd = handled.what === 'trouble' || (handled.what === 'done' && !handled.isMember);
        if (isEnd && place === paths.length - 1) at = index + 1;
        if (handled.what === 'trouble') fail(path, handled.problem, handled.code);
        if (handled.what === 'archive')
          for (const { stat, count: n, advice } of handled.capture.skipped)
            session.talk(`${plainName(path)}: ${n} ${stat}. ${advice}`);
        if (handled.what !== 'done') continue;
        const { file, done } = handled;
        isArchive ||= handled.isMember;
        if ('forms' in done) {
          checked += done.forms.length;
          files.push(...done.forms);
          if (!session.json && asCi === undefined)
            for (const form of done.forms) session.print(`${lines(form).join('\n')}\n`);
        } else if ((named && !handled.isMember) || done.code === EXIT.trouble)
          fail(file, done.problem, done.code);
        else passedOver++;
      }
      if (named && isArchive && checked === 0) fail(path, nothingInArchive(passedOver), EXIT.nothing);
    }
  }
  print([]);
  return exitCode(files, failures);
}

const INTERRUPTED: Problem = {
  title: 'INTERRUPTED',
  facts: ['This was not checked to its end.'],
  next: 'relock check -h',
};

type Checked =
  | { readonly forms: readonly CheckFileForm[] }
  | { readonly problem: Problem; readonly code: ExitCode };

async function checkOne(source: Source, format: string | null, store: Store | null): Promise<Checked> {
  const now = new Date().toISOString();
  const file = source.name;
  try {
    if (await isLitmus(source, format)) {
      const texts = parseLitmusFiles(await wholeText(source));
      const name = (line: number) => (texts.length === 1 ? file : `${file}:${line}`);
      const forms: CheckFileForm[] = [];
      for (const text of texts) forms.push(await checkLitmus(name(text.line), text, now));
      if (forms.length > 0) return { forms };
    }
    const taken = await ingestSource(source, format);
    if (!taken.ok) return taken;
    const { capture } = taken;
    // What was lost may have been of locks: then the verdict is open.
    if (!hasLockFacts(capture) && !(capture.events.kind.length > 0 && leavesOpen(capture)))
      return { problem: noLockEvents(capture), code: EXIT.nothing };
    const form = await checkCapture(capture, lowerCapture(capture));
    if (store === null) return { forms: [form] };
    keep(store, capture, now);
    const kept = keepWitnesses(store, form.witnesses, { campaign: null, at: now });
    return { forms: [{ ...form, witnesses: kept.witnesses.map(({ witness }) => witness) }] };
  } catch (error) {
    if (error instanceof Trouble) return { problem: error.problem, code: error.code };
    throw error;
  }
}

function nothingInArchive(looked: number): Problem {
  return {
    title: 'NO LOCK EVENTS IN THIS ARCHIVE',
    facts: [`I looked at ${count(looked, 'file')} in it and met nothing about locks.`],
    next: 'relock import -h',
  };
}

function noLockEvents({ format, events }: Capture): Problem {
  const length = events.kind.length;
  return {
    title: 'NO LOCK EVENTS IN THIS FILE',
    facts: [
      length === 0
        ? `I read it as ${format} and met nothing about locks.`
        : `I read it as ${format} and met ${count(length, 'event')} of tasks, work and interrupts, and none of a lock.`,
    ],
    next: length === 0 ? 'relock import -h' : 'relock record',
  };
}

/** Trouble before finds before "nothing to test": a script must not take an unread file for a clean one. */
function exitCode(files: readonly CheckFileForm[], failures: readonly Failure[]): ExitCode {
  if (failures.some((failure) => failure.code === EXIT.trouble)) return EXIT.trouble;
  if (files.some((file) => counts(file))) return EXIT.found;
  return files.length === 0 ? EXIT.nothing : EXIT.fine;
}

/** True if the file must fail a CI run. */
function counts({ ok, expected, verdict, witnesses }: CheckFileForm): boolean {
  if (expected !== null) return ok !== true;
  if (verdict !== 'deadlock') return false;
  return (
    witnesses.length === 0 ||
    witnesses.some((witness: Witness) => isUntriaged(witness) && restsOnTheLog(witness))
  );
}

function resultOf(form: CheckFileForm): CheckResult {
  const { file, verdict, witnesses, expected, why } = form;
  if (counts(form)) {
    const untriaged = witnesses.filter((witness) => isUntriaged(witness)).length;
    const fact = expected === null ? `${untriaged} not triaged` : `expected ${expected.join('; ') || 'none'}`;
    return { file, result: 'fail', why: `${verdict}: ${fact}`, form };
  }
  if (expected === null && verdict === 'deadlock') {
    const known = witnesses.map((witness) => `known ${shortId(witness.id)} ${witness.state}`);
    return { file, result: 'known', why: known.join(', '), form };
  }
  if (expected === null && verdict === 'open')
    return { file, result: 'skip', why: `not decided: ${why?.[0] ?? 'the search is not complete'}`, form };
  return { file, result: 'pass', why: '', form };
}

function failedResult({ file, problem, code }: Failure): CheckResult {
  const why = [problem.title, ...problem.facts].join(' ');
  return { file, result: code === EXIT.nothing ? 'skip' : 'error', why, form: null };
}

function lines(form: CheckFileForm): string[] {
  const how = form.complete ? 'every schedule' : `${form.schedules} schedules, not complete`;
  const ok = form.ok === null ? '' : form.ok ? ', as expected' : ', NOT as expected';
  return [
    `${plainName(form.file)}  ${form.verdict}${ok}  (${how}, ${form.states} states)`,
    ...(form.ok === false ? [`  expected: ${form.expected?.join('; ') || 'none'}`] : []),
    ...form.witnesses.flatMap((witness) => witnessLines(witness, '  ')),
    ...(form.why ?? []).flatMap((sentence) => wrap(sentence, '  open: ', '        ')),
    ...refutedLines(form),
  ];
}

/** Cycles that are told one by one. */
const REFUTED_SHOWN = 3;

function refutedLines({ file, format, refuted = [] }: CheckFileForm): string[] {
  // The same at other places reads the same.
  const sentences = [
    ...new Set(
      refuted.map(({ classes, tasks, why }) => `${cycleText(classes)} of ${tasks.join(', ')}: ${why}`),
    ),
  ];
  const shown = sentences.slice(0, REFUTED_SHOWN);
  const others = sentences.length - shown.length;
  return [
    ...shown.flatMap((sentence) => wrap(sentence, '  refuted: ', '           ')),
    ...(others > 0 ? [`  refuted: ${count(others, 'other cycle')}; relock predict names them`] : []),
    ...(mayRunTwice({ format }) && refuted.some(({ why }) => isStartOrder(why))
      ? wrap(
          `What one program started one after the other may come in any order when it runs twice: relock import ${plainName(file)}, then relock fuzz --across`,
          '  twice at once? ',
          '           ',
        )
      : []),
  ];
}
