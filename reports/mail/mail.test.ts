// Law of the mail: whatever a mailer does to it, its reproducer is read back and ends as the witness does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import type { Expectation, Program } from '../../corpus/schema/program.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { parseLitmus, printLitmus } from '../../corpus/text/litmus.js';
import { genomes, programs, WILD } from '../../engine/fuzz/programs.laws.js';
import { replayGenome } from '../../engine/model/interpreter.js';
import { PLAIN_SHAPE, randomProgram } from '../../engine/model/random-program.js';
import { xorshift } from '../../engine/rng.js';
import { indexGenome, nameGenome } from '../../engine/schedulers/genome-names.js';
import { explain } from '../explain.js';
import { movesOf } from '../moves.js';
import { crwExample } from '../samples.laws.js';
import { chainForm } from '../text/chain.js';
import { MAIL_WIDTH } from '../text/layout.js';
import { witnessPage } from '../text/page.js';
import { scenarioForm } from '../text/scenario.js';
import { mailForm } from './mail.js';

function expectation(program: Program, verdict: Verdict): Expectation | null {
  const tasks =
    verdict.kind === 'deadlock'
      ? verdict.cycle
      : verdict.kind === 'stranded'
        ? verdict.tasks
        : verdict.kind === 'violated'
          ? [verdict.task]
          : null;
  if (tasks === null) return null;
  const kind = verdict.kind as Expectation['kind'];
  return { kind, tasks: tasks.map((task) => program.tasks[task]?.name ?? '?').sort() };
}

/** Longer names for the tasks, so that some mails must shorten them. */
function renamed(program: Program, suffix: string): Program {
  return {
    ...program,
    tasks: program.tasks.map((task) => ({
      ...task,
      name: task.name + suffix,
      after: task.after === null ? null : task.after + suffix,
      body: task.body.map((op) => ('task' in op ? { ...op, task: op.task + suffix } : op)),
    })),
  };
}

/** What mailers and people do to a mail. */
const MANGLINGS: readonly ((mail: string) => string)[] = [
  (mail) => mail,
  (mail) => mail.replace(/^/gm, '> '),
  (mail) => mail.replace(/^/gm, '>> '),
  (mail) => mail.replaceAll('\n', '\r\n'),
  (mail) => mail.replace(/^/gm, '> ').replaceAll('\n', '\r\n'),
  (mail) => `On Monday somebody wrote:\n${mail.replace(/^/gm, '> ')}\nI see it too.\n-- \nA signature\n`,
];

const strange = fc
  .tuple(fc.nat(), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 6 }))
  .map(([seed, tasks, ops]) =>
    randomProgram(xorshift(seed), {
      ...PLAIN_SHAPE,
      kinds: LOCK_KINDS,
      tasks,
      ops,
      oddities: 30,
      tries: true,
      flags: true,
      forks: true,
      irqs: true,
      rules: true,
    }),
  );

const bad = fc
  .tuple(fc.oneof(programs(WILD), strange), fc.constantFrom('', '/kworker-events_unbound', '/1234'))
  .map(([program, suffix]) => renamed(program, suffix))
  .chain((program) => genomes(program.tasks.length, 12).map((genome) => ({ program, genome })))
  .map(({ program, genome: { order, preempts } }) => {
    const genome = { order, preempts: [...preempts].sort((a, b) => a.step - b.step) };
    const run = replayGenome(program, genome, 10_000);
    return { program, genome, run, end: expectation(program, run.verdict) };
  });

describe('a mail', () => {
  it('replays after whatever a mailer does to it, to the same end', () => {
    let ended = 0;
    fc.assert(
      fc.property(bad, ({ program, genome, run, end }) => {
        if (end === null) return;
        ended++;
        const litmus = printLitmus({ program, genome: nameGenome(program, genome), expect: [end] });
        const { moves, verdict } = movesOf(program, run.schedule);
        expect(expectation(program, verdict)).toEqual(end);
        const cycle = program.locks.slice(0, 2).map((lock) => lock.class);
        const witness: Witness = { ...crwExample().witness, cycle, litmus, steps: run.steps };
        const explanation = explain({ witness, program, moves, verdict, tool: '0' });
        const mail = `${mailForm(explanation).join('\n')}\n`;
        for (const form of [mailForm, witnessPage, scenarioForm, chainForm])
          for (const line of form(explanation)) expect(line.length, line).toBeLessThanOrEqual(MAIL_WIDTH);
        for (const mangle of MANGLINGS) {
          const parsed = parseLitmus(mangle(mail));
          if (!parsed.ok) throw new Error(`${parsed.problems[0]?.message}\n${mangle(mail)}`);
          const { program: back, genome: order, expect: expected } = parsed.value;
          if (order === null) throw new Error('the mail has no schedule');
          const again = replayGenome(back, indexGenome(back, order), 10_000);
          expect(again.verdict.kind).toBe(run.verdict.kind);
          expect([expectation(back, again.verdict)]).toEqual(expected);
          expect(again.schedule).toEqual(run.schedule);
        }
      }),
      { numRuns: 400 },
    );
    expect(ended).toComeUpMoreThan(40);
  });

  it('carries no address, no stamp and no path', () => {
    const { witness, ...rest } = crwExample();
    const assumes = ['the log prints two addresses (ffff888035f11785 and 000000008062923d) of one class'];
    const mail = mailForm(explain({ ...rest, witness: { ...witness, assumes } })).join('\n');
    expect(mail).toContain('Assumes   the log prints two addresses of one class');
    expect(mail).not.toMatch(/\b[0-9a-f]{12,16}\b|\d{4}-\d\d-\d\d|\[ *\d+\.\d+\]|logs\//);
    expect(mail).toContain('Kernel    7.0.0-rc3 (s390x)');
    expect(mail).toContain('lock model kernel/2');
    expect(mail.trimEnd().split('\n').at(-1)).toBe('Run it:  relock replay < this-mail');
  });
});
