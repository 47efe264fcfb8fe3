// relock replay: runs a witness, a litmus file or a mail again.
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { ReplayForm } from '../../corpus/schema/forms.js';
import { page } from '../../reports/text/layout.js';
import { scenarioTable } from '../../reports/text/scenario.js';
import { findWitness } from '../find-witness.js';
import { expectationText, type Replayed, replayText, sceneOfReplay } from '../replaying.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, Trouble } from '../trouble.js';

/** A mail is not longer than this. */
const MAX_BYTES = 64 << 20;

export async function run(session: Session): Promise<ExitCode> {
  const { text, name } = await readText(session, session.args[0] ?? '-');
  const done = replayText(text);
  if (!done.ok)
    throw new Trouble(
      {
        title: 'I CANNOT READ A LITMUS TEXT HERE',
        facts: done.problems.slice(0, 8),
        next: 'relock show newest --form litmus    (how one looks)',
      },
      name,
    );
  const replayed = done.value;
  if (!replayed.agrees) throw disagreement(replayed, name);
  const reproduced = replayed.bad;
  if (session.json)
    session.printJson({
      schema: 'relock.replay/1',
      reproduced,
      verdict: replayed.ended,
      steps: replayed.steps,
    } satisfies ReplayForm);
  else session.print(page([...scenarioTable(sceneOfReplay(replayed)), '', closing(replayed)]));
  return reproduced ? EXIT.found : EXIT.fine;
}

function closing({ ended, steps, file, bad }: Replayed): string {
  const counted = `${steps} step${steps === 1 ? '' : 's'}`;
  const expected = file.expect === null ? 'the text expects nothing' : 'as expected';
  return bad
    ? `Reproduced: ${ended}, after ${counted}, ${expected}.`
    : `${ended}, after ${counted}, ${expected}.`;
}

function disagreement({ file, ended, steps, verdict }: Replayed, name: string): Trouble {
  const expected = (file.expect ?? []).map(expectationText);
  const facts = [
    `The text expects ${expected.length === 0 ? 'none' : expected.join(', or ')}.`,
    `Replayed, it ends otherwise after ${steps} steps: ${ended}.`,
  ];
  if (verdict.kind === 'ill-formed') facts.push(verdict.reason);
  return new Trouble(
    { title: 'REPLAY DISAGREES', facts, next: 'relock check FILE.litmus    (searches all schedules)' },
    name,
  );
}

/** A file if there is one of that name, stdin for `-`, else a stored witness. */
async function readText(session: Session, arg: string): Promise<{ text: string; name: string }> {
  if (arg === '-') return { text: (await buffer(process.stdin)).toString('utf8'), name: 'stdin' };
  if (existsSync(arg)) {
    const stat = statSync(arg);
    // A pipe by name: `relock replay <(ssh lab relock show newest --form litmus)`.
    if (stat.isFIFO() || stat.isCharacterDevice())
      return { text: (await buffer(createReadStream(arg))).toString('utf8'), name: arg };
    if (!stat.isFile() || stat.size > MAX_BYTES)
      throw new Trouble(
        {
          title: 'I CANNOT READ A LITMUS TEXT HERE',
          facts: [stat.isFile() ? 'It is larger than any mail.' : 'It is no file.'],
          next: 'relock replay FILE.litmus',
        },
        arg,
      );
    return { text: readFileSync(arg, 'utf8'), name: arg };
  }
  if (/[./]/.test(arg))
    throw new Trouble(
      { title: 'I CANNOT READ THIS FILE', facts: ['There is no file of that name.'], next: 'relock ls' },
      arg,
    );
  return { text: findWitness(await session.store('read'), arg).litmus, name: arg };
}
