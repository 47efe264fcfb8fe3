// The page of one witness in a terminal: title, scenario, why, where from, how sure, what to run.
import type { Explanation } from '../explain.js';
import { factLines } from './facts.js';
import { headline, scenarioTable } from './scenario.js';
import { whyForm } from './why.js';

/** At most 75 columns but for long symbol names. */
export function witnessPage(explanation: Explanation): string[] {
  return [
    ...headline(explanation),
    '',
    ...scenarioTable(explanation),
    '',
    ...whyForm(explanation),
    '',
    ...factLines(explanation),
  ];
}
