// The subject of a witness's mail: at most 75 columns with its label, naming the locks.

import type { Witness } from '../../corpus/schema/witness.js';
import { cycleText, kindWords } from '../explain.js';
import { MAIL_WIDTH } from '../text/layout.js';

const LABEL = 'Subject: ';

/** The first of some ever shorter texts that fits; a single name that is too long for any stands whole. */
export function subject(witness: Pick<Witness, 'kind' | 'cycle'>): string {
  const names = [...new Set(witness.cycle)];
  const first = names[0] ?? 'no lock';
  const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
  const texts = [
    `${kindWords(witness.kind)}: ${cycleText(witness.cycle)}`,
    `${witness.kind}: ${cycleText(witness.cycle)}`,
    cycleText(witness.cycle),
    `${witness.kind}: ${first}${more}`,
    `${first}${more}`,
  ];
  return texts.find((text) => LABEL.length + text.length <= MAIL_WIDTH) ?? first;
}

/** The subject as a mail header line. */
export function subjectLine(witness: Pick<Witness, 'kind' | 'cycle'>): string {
  return `${LABEL}${subject(witness)}`;
}
