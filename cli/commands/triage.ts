// relock triage: notes what became of a witness.
import { userInfo } from 'node:os';
import type { ShowForm } from '../../corpus/schema/forms.js';
import { TRIAGE_STATES, type TriageState } from '../../corpus/schema/witness.js';
import { shortId } from '../../reports/text/layout.js';
import { findWitness } from '../find-witness.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, nearest, Trouble, usage } from '../trouble.js';

/** What may be said of a witness; `undup` is no state but takes one back. */
const WORDS = [...TRIAGE_STATES, 'undup'] as const;

export async function run(session: Session): Promise<ExitCode> {
  const [id = '', word = '', ...rest] = session.args;
  const state = WORDS.find((known) => known === word);
  if (state === undefined) {
    const like = nearest(word, WORDS) ?? 'reported';
    throw usage(
      `"${word}" is no state: they are ${TRIAGE_STATES.join(', ')}; undup takes a dup back.`,
      `relock triage ${id} ${like}`,
    );
  }
  await session.store('read');
  session.close();
  const store = await session.store('write');
  const witness = findWitness(store, id);
  const note = rest.length === 0 ? null : rest.join(' ');
  const at = new Date().toISOString();
  const done =
    state === 'undup'
      ? store.undup(witness.id, note, userName(), at)
      : store.triage(witness.id, state satisfies TriageState, note, userName(), at);
  if (!done.ok) throw new Trouble(done.problem, id);
  if (session.json) session.printJson({ schema: 'relock.show/1', witness: done.witness } satisfies ShowForm);
  else session.talk(`${shortId(done.witness.id)} is ${done.entry.state} now.`);
  return EXIT.fine;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return 'unknown';
  }
}
