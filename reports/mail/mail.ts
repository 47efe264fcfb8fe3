// The mail of a witness: subject, claim, table, argument, what it rests on, and its own reproducer.
import type { Program } from '../../corpus/schema/program.js';
import type { Explanation } from '../explain.js';
import { mailFacts } from '../text/facts.js';
import { MAIL_WIDTH } from '../text/layout.js';
import { factsLine, scenarioTable } from '../text/scenario.js';
import { whyForm } from '../text/why.js';
import { subjectLine } from './subject.js';

/**
 * Lines of at most 75 columns but for single long names. No addresses, no stamps, no paths. The text between the
 * scissors is read back by parseLitmus, also from a quoted reply.
 */
export function mailForm(explanation: Explanation): string[] {
  return [
    subjectLine(explanation.witness),
    '',
    ...factsLine(explanation),
    '',
    ...scenarioTable(explanation),
    '',
    ...whyForm(explanation),
    '',
    ...mailFacts(explanation),
    '',
    '-- 8< --',
    ...reproducer(explanation),
    '-- >8 --',
    'Run it:  relock replay < this-mail',
  ];
}

/** The litmus text, its padding taken out of lines that would not fit. */
function reproducer(explanation: Explanation): string[] {
  const lines = explanation.witness.litmus.split('\n');
  while (lines.at(-1)?.trim() === '') lines.pop();
  return lines.map((line) =>
    (line.length <= MAIL_WIDTH ? line : line.replace(/(\S)\s{2,}/g, '$1 ')).trimEnd(),
  );
}

/** A program whose tasks are called T1, T2, ...: for texts that must be narrow. */
export function renamed(program: Program, names: ReadonlyMap<string, string>): Program {
  const to = (name: string) => names.get(name) ?? name;
  return {
    ...program,
    tasks: program.tasks.map((task) => ({
      ...task,
      name: to(task.name),
      after: task.after === null ? null : to(task.after),
      body: task.body.map((op) => ('task' in op ? { ...op, task: to(op.task) } : op)),
    })),
  };
}
