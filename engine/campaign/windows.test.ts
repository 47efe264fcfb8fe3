// Tests of windows: every task that can run with whom it needs is in one, and what a window ends in the program can end in.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import type { Op, Program } from '../../corpus/schema/program.js';
import { explore } from '../explore/exhaustive.js';
import { asWritten } from '../lower/as-written.js';
import { restricted } from '../lower/restricted.js';
import { compile } from '../model/compile.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { needsOf, slice } from '../shrink/slice.js';
import { windowsOf } from './windows.js';

const BARE = { guard: null, site: null, frames: [], line: null };
const lock = (id: string): Op => ({ do: 'lock', lock: id, mode: 'exclusive', attempt: false, ...BARE });
const unlock = (id: string): Op => ({ do: 'unlock', lock: id, ...BARE });
const task = (name: string, body: readonly Op[]) => ({
  name,
  function: null,
  cpu: null,
  irq: null,
  after: null,
  body,
});

/** Each task takes the lock of its neighbour inside its own; `extra` comes before. */
function chain(tasks: number, extra: (t: number) => readonly Op[] = () => []): Program {
  const ids = Array.from({ length: tasks }, (_, t) => `L${t}`);
  return {
    name: 'chain',
    locks: [
      ...ids.map((id) => ({ id, kind: 'mutex' as const, units: 1, class: id, rules: [] })),
      { id: 'C', kind: 'completion', units: 0, class: 'C', rules: [] },
    ],
    flags: [],
    tasks: ids.map((id, t) => {
      const next = ids[(t + 1) % tasks]!;
      return task(`T${t}`, [...extra(t), lock(id), lock(next), unlock(next), unlock(id)]);
    }),
  };
}

describe('the windows of a program', () => {
  it('hold every task, among such as use the same locks', () => {
    const program = chain(200);
    const windows = windowsOf(program);
    expect(new Set(windows.flatMap((window) => [...window])).size).toBe(200);
    const meet = windows.filter((window) =>
      [...window].some((name) => window.has(`T${Number(name.slice(1)) + 1}`)),
    );
    expect(meet.length).toBeGreaterThan(windows.length / 2);
    expect(windowsOf(program)).toEqual(windows);
  });

  it('hold with each task all whom it needs, and leave out who needs too many', () => {
    const signal: Op = { do: 'signal', lock: 'C', ...BARE };
    const wait: Op = { do: 'wait', lock: 'C', ...BARE };
    const few = windowsOf(chain(40, (t) => (t === 0 ? [wait] : t < 5 ? [signal] : [])));
    const waiting = few.filter((window) => window.has('T0'));
    expect(waiting.length).toBeGreaterThan(0);
    for (const window of waiting) for (const t of [1, 2, 3, 4]) expect(window.has(`T${t}`)).toBe(true);
    const many = windowsOf(chain(40, (t) => (t === 0 ? [wait] : [signal])));
    expect(many.some((window) => window.has('T0'))).toBe(false);
    expect(new Set(many.flatMap((window) => [...window])).size).toBe(39);
  });

  it('can be run', () => {
    const lowered = asWritten(chain(100));
    for (const window of windowsOf(lowered.program)) {
      const { program } = restricted(lowered, window);
      expect(program.tasks.map(({ name }) => name)).toEqual([...window]);
      expect(compile(program).ok).toBe(true);
    }
  });

  it('end in cycles and violations that the whole has', () => {
    let seen = 0;
    const shape = { kinds: LOCK_KINDS, oddities: 25, tries: true, flags: true, forks: true, rules: true };
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 3 }), (seed, first) => {
        const program = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...shape, tasks: 4, ops: 4 });
        const needed = needsOf(program)([first]);
        if (needed.length === 4) return;
        const all = explore(program, { states: 200_000 });
        // Tasks that only fork each other end the whole before anybody moves.
        if (!all.complete || all.finds.some(({ schedule }) => schedule.length === 0)) return;
        const name = (of: Program) => (find: { kind: string; tasks: readonly number[] }) =>
          [find.kind, ...find.tasks.map((t) => of.tasks[t]!.name)].join(' ');
        const small = slice(
          program,
          needed.map((t) => program.tasks[t]!),
        );
        const ends = explore(small, { states: 200_000 }).finds.filter(({ kind }) => kind !== 'stranded');
        seen += ends.length;
        expect(all.finds.map(name(program))).toEqual(expect.arrayContaining(ends.map(name(small))));
      }),
      { numRuns: 600 },
    );
    expect(seen).toBeGreaterThan(20);
  });
});
