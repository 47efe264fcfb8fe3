// The Promela form of a witness: its own small program as a model in which SPIN must find the same bad end.
import { parseLitmus } from '../../corpus/text/litmus.js';
import type { Explanation } from '../explain.js';
import { promelaOf } from './promela.js';

/** A model without a goal: an error of pan is the bad end. Throws (our own bug) if the witness's text does not read back. */
export function promelaForm(explanation: Explanation): string[] {
  const parsed = parseLitmus(explanation.witness.litmus);
  if (!parsed.ok)
    throw new Error(`promela: the text of witness ${explanation.witness.id} does not read back`);
  return promelaOf(parsed.value.program, null).trimEnd().split('\n');
}
