// Tests of assumptions: a smaller program keeps those that it needs, and no others.
import { describe, expect, it } from 'vitest';
import type { LoweredProgram, Program } from '../../corpus/schema/program.js';
import { lockOf, lockOp, program, unlockOp } from '../fuzz/programs.laws.js';
import { asWritten } from '../lower/as-written.js';
import { supportOf } from './assumptions.js';

const SECTION = [lockOp('A'), lockOp('B'), unlockOp('B'), unlockOp('A')];
const ALL = program([lockOf('A'), lockOf('B')], { one: SECTION, two: SECTION, three: SECTION });
const A_IS_ONE = 'the A of one and that of three are one object';
const MEET = 'the tasks of x and y meet';

const COMPOSED: LoweredProgram = asWritten(ALL, {
  basis: 'composed',
  assumes: ['x is complete', 'y is complete', A_IS_ONE, MEET],
  parts: [
    { tasks: ['one', 'two'], captures: ['x'], basis: 'recorded', assumes: ['x is complete'] },
    { tasks: ['three'], captures: ['y'], basis: 'aliased', assumes: ['y is complete'] },
  ],
  presumes: [{ text: A_IS_ONE, basis: 'composed', lock: 'A', users: [['one', 'two'], ['three']] }],
});

const only = (names: readonly string[], without: readonly string[] = []): Program => ({
  ...ALL,
  tasks: ALL.tasks
    .filter(({ name }) => names.includes(name))
    .map((task) => ({
      ...task,
      body: task.body.filter((op) => !('lock' in op) || !without.includes(op.lock)),
    })),
});

describe('supportOf', () => {
  it('keeps all where all is left', () => {
    expect(supportOf(COMPOSED, ALL)).toEqual({
      basis: 'composed',
      assumes: COMPOSED.assumes,
      captures: ['x', 'y'],
    });
  });

  it('is recorded where only tasks of one recording are left', () => {
    expect(supportOf(COMPOSED, only(['one', 'two']))).toEqual({
      basis: 'recorded',
      assumes: ['x is complete'],
      captures: ['x'],
    });
    expect(supportOf(COMPOSED, only(['three']))).toMatchObject({
      basis: 'aliased',
      assumes: ['y is complete'],
      captures: ['y'],
    });
  });

  it('drops what is said of a lock that is left on one side only, but not that the tasks meet', () => {
    const small: Program = {
      ...ALL,
      tasks: [...only(['one']).tasks, ...only(['three'], ['A']).tasks],
    };
    expect(supportOf(COMPOSED, small)).toEqual({
      basis: 'composed',
      assumes: ['x is complete', 'y is complete', MEET],
      captures: ['x', 'y'],
    });
  });

  it('two instances of one recording: aliased only while both are used', () => {
    const aliased = asWritten(ALL, {
      basis: 'aliased',
      assumes: ['they are one', 'said otherwise'],
      parts: [{ tasks: ['one', 'two', 'three'], captures: ['x'], basis: 'recorded', assumes: [] }],
      presumes: [{ text: 'they are one', basis: 'aliased', lock: 'A', users: [['one'], ['two', 'three']] }],
    });
    expect(supportOf(aliased, only(['one', 'three'])).basis).toBe('aliased');
    expect(supportOf(aliased, only(['two', 'three']))).toEqual({
      basis: 'recorded',
      assumes: ['said otherwise'],
      captures: ['x'],
    });
  });

  it('leaves a program alone that does not say what it is made of', () => {
    const plain = asWritten(ALL, { basis: 'aliased', assumes: ['something'] });
    expect(supportOf(plain, only(['one']))).toEqual({
      basis: 'aliased',
      assumes: ['something'],
      captures: null,
    });
  });
});
