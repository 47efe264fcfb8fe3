// relock predict: the lock-order cycles of everything that was imported.
import type { CycleForm, PredictForm } from '../../corpus/schema/forms.js';
import { isStartOrder } from '../../engine/lower/trace/programs.js';
import { whyIllFormed } from '../../engine/model/compile.js';
import { cycleText } from '../../reports/explain.js';
import { count, shortId, wrap } from '../../reports/text/layout.js';
import { plainName } from '../../reports/text/plain-text.js';
import { mayRunTwice } from '../across.js';
import { keepWitnesses } from '../keep-witnesses.js';
import { cycleForms, programsIn, searchOnce } from '../search.js';
import type { Session } from '../session.js';
import { tickerOf } from '../ticker.js';
import { EXIT, type ExitCode, Trouble } from '../trouble.js';

export async function run(session: Session): Promise<ExitCode> {
  await session.store('read');
  session.close();
  const store = await session.store('write');
  const programs = programsIn(store);
  const captures = store.captures();
  // Lock events in which nobody holds one lock and wants another are an answer: no cycle.
  if (programs.length === 0 && !captures.some(({ events }) => events > 0))
    throw new Trouble(
      {
        title: 'THERE IS NOTHING TO PREDICT FROM',
        facts: [`${count(captures.length, 'capture')} in the database, and no lock events in them.`],
        next: 'relock import dmesg.txt',
      },
      session.dbPath,
      EXIT.nothing,
    );
  const now = new Date().toISOString();
  session.exitOnInterrupt('Interrupted; nothing was changed.');
  const ticker = tickerOf(session, `predicting from ${count(programs.length, 'program')}`);
  const found = await searchOnce(programs, ['observed', 'predict'], ticker.tick).finally(ticker.end);
  const kept = keepWitnesses(store, found.witnesses, { campaign: null, at: now });
  const cycles = cycleForms(found, new Map(kept.witnesses.map(({ given, witness }) => [given, witness.id])));
  if (session.json)
    session.printJson({
      schema: 'relock.predict/1',
      cycles,
      witnesses: kept.witnesses.map(({ witness }) => witness),
    } satisfies PredictForm);
  else {
    for (const cycle of cycles) session.print(`${lines(cycle).join('\n')}\n`);
    const by = (status: CycleForm['status']) => cycles.filter((cycle) => cycle.status === status).length;
    session.talk(
      `${count(cycles.length, 'cycle')} in ${count(programs.length, 'program')}: ${by('confirmed')} confirmed, ` +
        `${by('refuted')} refuted, ${by('open')} open${found.cyclesComplete ? '' : '; the list is not complete'}.`,
    );
    if (programs.length === 0)
      session.talk(
        `In ${count(captures.length, 'capture')} no two locks are taken in both orders.   Next: relock check FILE, which says whether something was lost`,
      );
    for (const { lowered } of programs) {
      const reason = whyIllFormed(lowered.program);
      if (reason !== null)
        session.talk(`${plainName(lowered.program.name)} was left out: ${reason}.   Next: relock check FILE`);
    }
    if (
      captures.some(mayRunTwice) &&
      cycles.some(({ status, why }) => status === 'refuted' && isStartOrder(why))
    )
      session.talk(
        'What one program started one after the other may come in any order when it runs twice.   Next: relock fuzz --across',
      );
    const [first] = kept.untriaged;
    if (first !== undefined) session.talk(`Next: relock show ${shortId(first.id)}`);
  }
  return kept.untriaged.length > 0 ? EXIT.found : EXIT.fine;
}

function lines(cycle: CycleForm): string[] {
  const id = cycle.witness === null ? '' : `  ${shortId(cycle.witness)}`;
  return [
    ...wrap(cycleText(cycle.classes), `${cycle.status.padEnd(9)}${id}  `, ' '.repeat(11 + id.length), 80),
    ...wrap(`${cycle.tasks.join(', ')}: ${cycle.why}`, '    ', '    ', 80),
  ];
}
