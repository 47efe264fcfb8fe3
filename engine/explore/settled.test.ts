// Tests of ends that a search saw beyond others: settled by their tasks and those they need, or by all orders, and never lost.
import { describe, expect, it } from 'vitest';
import type { Program } from '../../corpus/schema/program.js';
import type { SearchResult } from '../../corpus/schema/verdict.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { compileOrThrow } from '../model/compile.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { drain } from '../shrink/reach.js';
import { explore } from './exhaustive.js';
import { findOf } from './find.js';
import { isSettled, reducedSteps } from './reduced.js';

const LIMITS = { states: 100_000 };

function programOf(text: string): Program {
  const read = parseLitmus(`litmus 1 hidden\n${text}`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value.program;
}

const named = ({ finds }: Pick<SearchResult, 'finds'>): string[] =>
  finds.map(({ kind, tasks }) => `${kind} ${tasks.join(' ')}`).sort();

const reducedAlone = (program: Program) => drain(reducedSteps(new Machine(compileOrThrow(program)), LIMITS));

/** Behind a waiting writer a reader waits for it, or for the other one, whichever waited first: on the paths tried the other one did. */
const TWO_WRITERS = programOf(
  'lock L0 rwsem\nlock L1 rwsem\nlock L2 rwsem\nlock L3 mutex\ntask T0\n  lock L0\ntask T1\n  lock L0 read\n  lock L0 read\n  unlock L0\n' +
    'task T2\n  lock L2 read\n  unlock L2\n  lock L0 read\ntask T3\n  lock L2 recursive-read\ntask T4\n  lock L0\n',
);

/** The same where the tasks need all others: attempts fail by whoever holds the lock. */
const ATTEMPTS = programOf(
  'lock L1 rwsem\nlock L3 rwsem\nflag F\nflag G\ntask T0\n  lock L3\ntask T1\n  unless G: lock L3 recursive-read\n  lock L3 read\n  unless F: lock L1 try\n' +
    '  unlock L3\n  unless F: unlock L3\n  unless F: unlock L1\ntask T2\n  lock L1 read\n  lock L3 recursive-read try\n  unlock L1\n  unlock L3\n' +
    'task T3\n  lock L3\n  unlock L3\ntask T4\n  unless F: lock L1 read\n  unlock L1\n  lock L1\n  lock L3 recursive-read\n  unlock L3\n',
);

describe('an end that was seen, and came first on no path tried', () => {
  it('is found by its tasks and those they need', () => {
    const alone = reducedAlone(TWO_WRITERS);
    expect(isSettled(alone)).toBe(false);
    const told = explore(TWO_WRITERS, LIMITS);
    expect(told.complete).toBe(true);
    const all = explore(TWO_WRITERS, LIMITS, false);
    expect(named(told)).toEqual(named(all));
    expect(named(told).length).toBeGreaterThan(alone.finds.length);
    expect(told.states).toBeLessThan(all.states / 2);
    for (const { schedule, kind, tasks } of told.finds)
      expect(findOf(replay(TWO_WRITERS, schedule).verdict)).toEqual({ kind, tasks });
  });

  it('is not given up because its tasks alone do not come to it: others may have held, or taken for good, what they asked for', () => {
    // Found by all orders only: T4 has X when T0 passes its guard, and takes the signal that T0 waits for.
    for (const text of [
      'lock X mutex\nlock Y mutex\nflag F set\ntask T0\n  lock Y\n  when F: lock X\n  unlock X\n  unlock Y\ntask T1\n  clear F\n  lock X\n  lock Y\n  unlock Y\n  unlock X\ntask T2\n  lock X\n  unlock X\ntask T3\n  lock Y\n  lock X\n  unlock X\n  unlock Y\n',
      'lock C completion\nlock Y mutex\nlock Z mutex\ntask T0\n  lock Y\n  wait C\n  unlock Y\ntask T1\n  signal C\n  lock Y\n  signal C\n  unlock Y\ntask T2\n  wait C\ntask T3\n  lock Z\n  lock Y\n  unlock Y\n  unlock Z\n',
      // T2 ends with M, and so keeps T3 from the signal: only then T0 and T1 wait for each other alone.
      'lock C completion\nlock X mutex\nlock M mutex\ntask T0\n  lock X\n  wait C\n  unlock X\ntask T1\n  lock X\n  signal C\n  unlock X\ntask T2\n  lock M\ntask T3\n  lock M\n  signal C\n  unlock M\n',
    ]) {
      const program = programOf(text);
      expect(named(explore(program, LIMITS))).toEqual(named(explore(program, LIMITS, false)));
    }
  });

  it('is looked for in all orders where they need everybody; if those are too many, what is known is told all the same', () => {
    const alone = reducedAlone(ATTEMPTS);
    expect(isSettled(alone)).toBe(false);
    expect(named(explore(ATTEMPTS, LIMITS))).toEqual(named(explore(ATTEMPTS, LIMITS, false)));
    const cut = explore(ATTEMPTS, { states: alone.states + 1 });
    expect(cut.complete).toBe(false);
    expect(named(cut)).toEqual(expect.arrayContaining(named(alone)));
    expect(named(cut).length).toBeLessThanOrEqual(named(explore(ATTEMPTS, LIMITS)).length);
  });
});
