// Tests of lock names after shrinking: made-up ones are given anew, given ones stay, and nothing else changes.
import { describe, expect, it } from 'vitest';
import type { Op, Program } from '../../corpus/schema/program.js';
import { withShortNames } from './short-names.js';

const op = (lock: string): Op => ({
  do: 'lock',
  lock,
  mode: 'exclusive',
  attempt: false,
  guard: null,
  site: null,
  frames: [],
  line: null,
});
const programOf = (ids: readonly string[]): Program => ({
  name: 'p',
  locks: ids.map((id) => ({ id, kind: 'mutex', units: 1, class: `class of ${id}`, rules: [] })),
  flags: [],
  tasks: [{ name: 'T', function: null, cpu: null, irq: null, after: null, body: ids.map(op) }],
});

describe('withShortNames', () => {
  it('starts again at A, and ops follow their lock', () => {
    const short = withShortNames(programOf(['D', 'L31', 'B']));
    expect(short.locks.map((lock) => `${lock.id} ${lock.class}`)).toEqual([
      'A class of D',
      'B class of L31',
      'C class of B',
    ]);
    expect(short.tasks[0]!.body.map((step) => ('lock' in step ? step.lock : ''))).toEqual(['A', 'B', 'C']);
  });

  it('leaves names that a person gave', () => {
    const own = programOf(['D', 'rescan']);
    expect(withShortNames(own)).toBe(own);
  });
});
