// relock whatif: which deadlocks would go, stay or come under other lock rules or changed code.
import { readFileSync } from 'node:fs';
import type { Patch } from '../../corpus/schema/patch.js';
import { parsePatch, parseRuleWords } from '../../corpus/text/patch.js';
import { lowerCapture } from '../../engine/lower/lower.js';
import { EVERY_RING } from '../../engine/lower/trace/lower-trace.js';
import { page } from '../../reports/text/layout.js';
import { whatifLines } from '../../reports/text/whatif.js';
import { type CaptureWithPrograms, isTrace } from '../across.js';
import { ingest } from '../ingest.js';
import { inputFiles } from '../input-files.js';
import { capturesIn } from '../search.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, Trouble, usage } from '../trouble.js';
import { whatifForm } from '../whatif-form.js';

export async function run(session: Session): Promise<ExitCode> {
  const patches = [...session.list('set').map(ruleOf), ...session.list('patch').map(patchOf)];
  if (patches.length === 0)
    throw usage(
      'What is to be changed? --set CLASS=RULE, or --patch FILE; both may be given more than once.',
      'relock whatif --set pci_rescan_remove_lock=reentrant',
    );
  const captures = session.args.length === 0 ? capturesIn(await session.store('read')) : await given(session);
  if (captures.every(({ capture, programs }) => programs.length === 0 && !isTrace(capture)))
    throw new Trouble(
      {
        title: 'THERE IS NOTHING TO CHANGE',
        facts: ['No program could be made of what is imported, or of the files given.'],
        next: 'relock import dmesg.txt',
      },
      session.args.length === 0 ? session.dbPath : '',
      EXIT.nothing,
    );
  session.exitOnInterrupt('Interrupted; nothing was changed.');
  const form = await whatifForm(captures, patches, new Date().toISOString(), session.flag('across'));
  if (session.json) session.printJson(form);
  else session.print(page(whatifLines(form)));
  return form.new.length > 0 ? EXIT.found : EXIT.fine;
}

/** `CLASS=RULE[,RULE...]` as a patch of one line. */
function ruleOf(text: string): Patch {
  const at = text.lastIndexOf('=');
  const name = text.slice(0, at).trim();
  const rules = parseRuleWords(
    text
      .slice(at + 1)
      .split(/[\s,]+/)
      .filter((word) => word !== ''),
  );
  const example = 'relock whatif --set pci_rescan_remove_lock=reentrant';
  if (at < 1 || name === '') throw usage(`--set ${text}: it is written as CLASS=RULE.`, example);
  if (typeof rules === 'string') throw usage(`--set ${text}: ${rules}.`, example);
  const line = `rule ${name} ${rules.join(' ')}`;
  return { name: text, flags: [], edits: [{ text: line, line: 1, do: 'rule', class: name, rules }] };
}

function patchOf(path: string): Patch {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new Trouble(
      {
        title: 'I COULD NOT READ THIS PATCH',
        facts: [error instanceof Error ? error.message : String(error)],
        next: 'ls corpus/patches',
      },
      path,
    );
  }
  const parsed = parsePatch(text);
  if (parsed.ok) return parsed.patch;
  throw new Trouble(
    {
      title: 'THIS PATCH CANNOT BE READ',
      facts: parsed.problems.slice(0, 8).map(({ line, message }) => `line ${line}: ${message}`),
      next: 'docs/patches.md describes the form',
    },
    path,
  );
}

/** The files named on the command line; nothing is stored. */
async function given(session: Session): Promise<CaptureWithPrograms[]> {
  const captures: CaptureWithPrograms[] = [];
  for (const { path, named } of inputFiles(session.args)) {
    const taken = await ingest(path, null);
    if (taken.ok)
      captures.push({ capture: taken.capture, programs: lowerCapture(taken.capture, EVERY_RING).programs });
    else if (named) throw new Trouble(taken.problem, path, taken.code);
  }
  return captures;
}
