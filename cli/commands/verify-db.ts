// relock verify-db: integrity of the database, and a replay of every stored witness.
import type { Defect, VerifyForm } from '../../corpus/schema/forms.js';
import { count } from '../../reports/text/layout.js';
import { replayText } from '../replaying.js';
import { problemLines, type Session } from '../session.js';
import { EXIT, type ExitCode } from '../trouble.js';

export async function run(session: Session): Promise<ExitCode> {
  const store = await session.store('read');
  const defects: Defect[] = [...store.verify()];
  const witnesses = store.witnesses();
  let replayed = 0;
  for (const witness of witnesses) {
    const done = replayText(witness.litmus);
    const problem = !done.ok
      ? `its text cannot be read: ${done.problems[0] ?? ''}`
      : done.value.agrees && done.value.bad
        ? null
        : `its text does not replay: it ends ${done.value.ended}`;
    if (problem === null) replayed++;
    else defects.push({ what: 'witness', id: witness.id, problem });
  }
  const captures = store.captures().length;
  const ok = defects.length === 0;
  if (session.json)
    session.printJson({
      schema: 'relock.verify-db/1',
      ok,
      captures,
      witnesses: witnesses.length,
      replayed,
      defects,
    } satisfies VerifyForm);
  else if (ok)
    session.print(
      `${store.path}: sound; ${count(captures, 'capture')}, ${witnesses.length} witnesses, all replayed.\n`,
    );
  if (ok) return EXIT.fine;
  const facts = defects.map(({ what, id, problem }) => `  ${what} ${id}: ${problem}`);
  const told = {
    title: 'THE DATABASE IS DAMAGED',
    facts,
    next: 'relock import FILES --db new.db    (start afresh)',
  };
  process.stderr.write(`${problemLines(told, session.dbPath).join('\n')}\n`);
  return EXIT.trouble;
}
