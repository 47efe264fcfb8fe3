// JUnit XML of witnesses: one test case a witness, as Jenkins and GitLab read it.
import type { Witness } from '../../corpus/schema/witness.js';
import { subject } from '../mail/subject.js';
import { outcomeOf } from './outcome.js';

/** One suite. Untriaged witnesses fail, with their litmus text as the failure's body; known ones are skipped. */
export function junit(witnesses: readonly Witness[]): string {
  const outcomes = witnesses.map(outcomeOf);
  const failures = outcomes.filter((outcome) => outcome.result === 'fail').length;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites><testsuite name="relock" tests="${witnesses.length}" failures="${failures}" errors="0" skipped="${witnesses.length - failures}">`,
  ];
  for (const [i, witness] of witnesses.entries()) {
    const outcome = outcomes[i] as (typeof outcomes)[number];
    lines.push(
      `<testcase classname="relock.${witness.kind}" name="${xml(`${witness.id} ${subject(witness)}`)}">`,
    );
    if (outcome.result === 'fail')
      lines.push(
        `<failure message="${xml(subject(witness))}" type="${witness.kind}">${xml(witness.litmus)}</failure>`,
      );
    else lines.push(`<skipped message="${xml(outcome.why)}"/>`);
    lines.push('</testcase>');
  }
  return `${[...lines, '</testsuite></testsuites>'].join('\n')}\n`;
}

/** Escapes text for XML; control characters that XML 1.0 cannot say become U+FFFD. */
export function xml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
