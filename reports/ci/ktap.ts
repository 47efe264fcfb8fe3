// KTAP of witnesses: one test a witness; triaged ones do not fail (Documentation/dev-tools/ktap.rst).
import type { Witness } from '../../corpus/schema/witness.js';
import { subject } from '../mail/subject.js';
import { shortId } from '../text/layout.js';
import { outcomeOf } from './outcome.js';

/** `not ok` for what nobody has looked at, `ok` with a directive for what is known. */
export function ktap(witnesses: readonly Witness[]): string {
  const lines = [
    'KTAP version 1',
    `1..${witnesses.length}${witnesses.length === 0 ? ' # SKIP no witnesses' : ''}`,
  ];
  for (const [i, witness] of witnesses.entries()) {
    // A hash would begin a directive.
    const title = `${shortId(witness.id)} ${subject(witness)}`.replaceAll('#', '\\#');
    const outcome = outcomeOf(witness);
    switch (outcome.result) {
      case 'fail':
        lines.push(`not ok ${i + 1} ${title}`);
        break;
      case 'known':
        lines.push(`not ok ${i + 1} ${title} # XFAIL ${outcome.why}`);
        break;
      case 'skip':
        lines.push(`ok ${i + 1} ${title} # SKIP ${outcome.why}`);
        break;
      default: {
        const never: never = outcome;
        return never;
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
