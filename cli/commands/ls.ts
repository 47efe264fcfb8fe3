// relock ls: witnesses, newest first.
import type { LsForm } from '../../corpus/schema/forms.js';
import { TRIAGE_STATES, type Witness } from '../../corpus/schema/witness.js';
import type { WitnessFilter } from '../../corpus/store/store.js';
import { witnessLines } from '../../reports/text/list.js';
import { wholeNumber } from '../numbers.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, nearest, usage } from '../trouble.js';

const STATES: readonly string[] = [...TRIAGE_STATES, 'regressed'];

export async function run(session: Session): Promise<ExitCode> {
  const filter: { -readonly [K in keyof WitnessFilter]: WitnessFilter[K] } = {};
  const state = session.text('state');
  if (state !== null) filter.state = stateNamed(state);
  const search = session.text('search');
  if (search !== null) filter.search = search;
  const limit = session.text('limit');
  if (limit !== null) filter.limit = wholeNumber('-n', limit);
  const witnesses = (await session.store('read')).witnesses(filter);
  if (session.json) {
    session.printJson({ schema: 'relock.ls/1', witnesses } satisfies LsForm);
    return EXIT.fine;
  }
  if (session.flag('jsonl')) {
    session.printJsonLines(witnesses);
    return EXIT.fine;
  }
  session.print(witnesses.map((witness) => `${witnessLines(witness).join('\n')}\n`).join(''));
  if (witnesses.length === 0) {
    const filtered = state !== null || search !== null;
    session.talk(filtered ? 'No witness fits.' : 'No witness yet.   Next: relock fuzz --for 10s');
  }
  return EXIT.fine;
}

/** `new` is taken for `open`: that is what a user means by it. */
function stateNamed(text: string): Witness['state'] {
  if (text === 'new') return 'open';
  if (STATES.includes(text)) return text as Witness['state'];
  const like = nearest(text, STATES);
  throw usage(`--state ${text}: the states are ${STATES.join(', ')}.`, `relock ls --state ${like ?? 'open'}`);
}
