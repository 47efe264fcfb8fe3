// The mail of a witness: subject, claim, table, argument, what it rests on, and its own reproducer.
import type { Program } from '../../corpus/schema/program.js';
import { parseLitmus, printLitmus } from '../../corpus/text/litmus.js';
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

/**
 * The litmus text as it is stored; where a line would pass 75 columns, with the tasks called T1, T2, ... as in the
 * table above it.
 */
function reproducer(explanation: Explanation): string[] {
  const stored = linesOf(explanation.witness.litmus);
  if (stored.every((line) => line.length <= MAIL_WIDTH)) return stored;
  const parsed = parseLitmus(explanation.witness.litmus);
  if (!parsed.ok) return stored;
  const { program, genome, expect } = parsed.value;
  const names = shortNames(explanation, program);
  const to = (name: string) => names.get(name) ?? name;
  return linesOf(
    printLitmus({
      program: renamed(program, to),
      genome: genome && {
        order: genome.order.map(to),
        preempts: genome.preempts.map(({ step, task, over }) => ({
          step,
          task: to(task),
          ...(over === undefined ? {} : { over: to(over) }),
        })),
      },
      expect: expect?.map(({ kind, tasks }) => ({ kind, tasks: tasks.map(to).sort() })) ?? null,
    }),
  );
}

function linesOf(litmus: string): string[] {
  return litmus.trimEnd().split('\n');
}

/** The labels of the table; tasks that do not stand in it are numbered on. */
function shortNames(explanation: Explanation, program: Program): Map<string, string> {
  const names = new Map(explanation.tasks.map((task) => [task.name, task.label]));
  for (const task of program.tasks) if (!names.has(task.name)) names.set(task.name, `T${names.size + 1}`);
  return names;
}

function renamed(program: Program, to: (name: string) => string): Program {
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
