// Outcome: a cycle of readers and writers is no interrupt inversion, whatever else its state holds.
import { describe, expect, it } from 'vitest';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { runGenome } from '../schedulers/genome.js';
import { indexGenome } from '../schedulers/genome-names.js';
import { outcomeOf } from './outcome.js';

const READERS = `litmus 1 readers-behind-writers
lock B rwsem lf_rw_a
lock A rwsem lf_rw_b
task writer_of_b
  lock B
  unlock B
task reader_ab
  lock A read
  lock B read
  unlock B
  unlock A
task reader_ba
  lock B read
  lock A read
  unlock A
  unlock B
task writer_of_a
  lock A
  unlock A
order reader_ab writer_of_a reader_ba writer_of_b
preempt 1 reader_ba
preempt 2 writer_of_b
expect deadlock reader_ab reader_ba writer_of_a writer_of_b
`;

describe('standing', () => {
  it('every task of a program without interrupts waits for an op of its own', () => {
    const parsed = parseLitmus(READERS);
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
    const { program, genome } = parsed.value;
    if (genome === null) throw new Error('no schedule');
    const machine = new Machine(compileOrThrow(program));
    const { schedule, verdict } = runGenome(machine, indexGenome(program, genome), 100);
    const outcome = outcomeOf(machine, schedule);
    expect(verdict).toMatchObject({ kind: 'deadlock', cycle: [0, 2, 3, 1] });
    expect(outcome.at).toEqual([0, 1, 1, 0]);
    expect(outcome.shape?.kind).toBe('inversion');
  });
});
