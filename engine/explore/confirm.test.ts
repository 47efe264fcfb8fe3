// Tests of how an end that was seen beyond another is confirmed: the path is followed as far as it still can be.
import { describe, expect, it } from 'vitest';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { explore } from './exhaustive.js';

const LIMITS = { states: 100_000 };

describe('confirming an end', () => {
  it('leaves out a handler whose CPU is not open without the tasks that are left out', () => {
    const read = parseLitmus(
      'litmus 1 elsewhere\nlock L0 semaphore:0\nlock L2 completion\ntask T0\n  unlock L0\ntask T1 irq hard\n  signal-all L2\n  lock L0\n' +
        'task T2 irq soft\n  lock L0\ntask T3 after T1\n  unlock L0\ntask T4 cpu 1 irq hard\n  lock L0\n',
    );
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { program } = read.value;
    const [all, reduced] = [explore(program, LIMITS, false), explore(program, LIMITS)];
    const ends = all.finds.map(({ kind, tasks }) => `${kind} ${tasks.join(' ')}`);
    expect(ends.length).toBeGreaterThan(2);
    expect(reduced.finds.map(({ kind, tasks }) => `${kind} ${tasks.join(' ')}`)).toEqual(ends);
  });
});
