// Test of the Promela form: SPIN, which shares nothing with us, confirms what our searches find and what they rule out.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import type { Program } from '../../corpus/schema/program.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { explore } from '../../engine/explore/exhaustive.js';
import { PLAIN_SHAPE, type ProgramShape, randomProgram } from '../../engine/model/random-program.js';
import { xorshift } from '../../engine/rng.js';
import { goalOf } from './goal.js';
import { promelaOf } from './promela.js';
import { pan, SPIN_IS_THERE } from './spin.laws.js';

/** `npm run oracle` asks about everything; the suite about a sample, a second of CPU each. */
const FULL = process.env['RELOCK_ORACLE'] === 'full';
const FOLDER = new URL('../../corpus/scenarios/', import.meta.url);

function scenarios(): [string, Program][] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.litmus'))
    .sort()
    .flatMap((name): [string, Program][] => {
      const read = parseLitmus(readFileSync(new URL(name, FOLDER), 'utf8'));
      return read.ok && read.value.program.tasks.length <= 8 ? [[name, read.value.program]] : [];
    });
}

const SHAPES: readonly Partial<ProgramShape>[] = [
  { tasks: 4, locks: 4, ops: 8 },
  { kinds: ['rwsem', 'rwlock', 'mutex'], rules: true, unfair: 30, tries: true },
  { kinds: ['semaphore', 'completion', 'mutex'], oddities: 30 },
  { kinds: ['rcu', 'srcu', 'mutex'], oddities: 25 },
  { kinds: ['spinlock', 'rwlock'], irqs: true, oddities: 25 },
  { tries: true, flags: true, oddities: 25 },
  { kinds: LOCK_KINDS, oddities: 30, tries: true, flags: true, irqs: true, rules: true, unfair: 20 },
  { kinds: ['ww_mutex'], contexts: true, ops: 8, tasks: 3, locks: 2 },
  {
    kinds: ['ww_mutex', 'ww_mutex', 'mutex', 'rwsem', 'semaphore', 'srcu'],
    contexts: true,
    tries: true,
    flags: true,
    rules: true,
    oddities: 20,
  },
];

function random(count: number): [string, Program][] {
  return Array.from({ length: count }, (_, seed) => {
    const shape = SHAPES[seed % SHAPES.length];
    const program = randomProgram(xorshift(1000 + seed), { ...PLAIN_SHAPE, ops: 5, ...shape });
    return [`random program ${seed}`, program];
  });
}

const library = scenarios();
const asked = FULL ? [...library, ...random(200)] : [...library.filter((_, i) => i % 9 === 4), ...random(14)];

if (!SPIN_IS_THERE) console.warn('SKIPPED: spin or gcc is not installed, so no outside oracle was asked');

describe.skipIf(!SPIN_IS_THERE)('SPIN agrees', () => {
  it.each(asked)('on %s', (_name, program) => {
    const { finds, complete } = explore(program, { states: 200_000 });
    expect(complete).toBe(true);
    if (finds.length === 0) {
      expect(pan(promelaOf(program, null), false)).toMatchObject({ errors: 0, complete: true });
    }
    for (const find of FULL ? finds : finds.slice(0, 1)) {
      const goal = goalOf(program, find.schedule);
      expect(goal?.kind).toBe(find.kind);
      expect(pan(promelaOf(program, goal), true)).toMatchObject({ errors: 1, assertion: true });
    }
  });

  it('refutes what cannot be (the oracle can say no)', () => {
    const program = randomProgram(xorshift(3), { ...PLAIN_SHAPE, tasks: 2, locks: 1, ops: 4 });
    const end = { kind: 'deadlock', at: [0, 1].map((task) => ({ task, op: 0 })) } as const;
    expect(pan(promelaOf(program, end), true).errors).toBe(0);
  });
});

describe('promela', () => {
  it('holds no name that Promela could not read, and says how it is run', () => {
    const [first] = library;
    const text = promelaOf(first?.[1] as Program, null);
    expect(text).toContain('spin -a model.pml');
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it('is the same each time', () => {
    for (const [, program] of library) expect(promelaOf(program, null)).toBe(promelaOf(program, null));
  });
});
