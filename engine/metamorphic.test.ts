// Metamorphic laws: changes of a program that must not change what is found in it, or may only take away.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../corpus/schema/lock.js';
import type { Op, OpAction, Program, ProgramLock, ProgramTask } from '../corpus/schema/program.js';
import { explore } from './explore/exhaustive.js';
import { PLAIN_SHAPE, type ProgramShape, randomProgram } from './model/random-program.js';
import { xorshift } from './rng.js';

const STATES = 400_000;

/** Everything that can go wrong, as `deadlock a b`, sorted; null if the search was not complete. */
function ends(program: Program): string[] | null {
  const { finds, complete } = explore(program, { states: STATES });
  if (!complete) return null;
  return [
    ...new Set(
      finds.map(
        ({ kind, tasks }) =>
          `${kind} ${tasks
            .map((t) => program.tasks[t]?.name)
            .sort()
            .join(' ')}`,
      ),
    ),
  ].sort();
}

const WILD: Partial<ProgramShape> = {
  kinds: LOCK_KINDS,
  oddities: 25,
  tries: true,
  flags: true,
  forks: true,
  irqs: true,
  rules: true,
  unfair: 20,
};

const drawn = (shape: Partial<ProgramShape>) =>
  fc
    .tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 1, max: 6 }), fc.nat())
    .map(([tasks, ops, seed]) => randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...shape, tasks, ops }));

const plainOp = (action: OpAction): Op => ({ ...action, guard: null, site: null, frames: [], line: null });
const take = (lock: string): Op => plainOp({ do: 'lock', lock, mode: 'exclusive', attempt: false });
const give = (lock: string): Op => plainOp({ do: 'unlock', lock });

/** Renames every lock and task; `lock` and `task` map old names to new ones. */
function renamed(program: Program, lock: (id: string) => string, task: (name: string) => string): Program {
  const op = (o: Op): Op => {
    if ('lock' in o) return { ...o, lock: lock(o.lock) };
    if (o.do === 'fork' || o.do === 'join') return { ...o, task: task(o.task) };
    return o;
  };
  return {
    ...program,
    locks: program.locks.map((l) => ({ ...l, id: lock(l.id), class: `class of ${l.id}` })),
    tasks: program.tasks.map((t) => ({
      ...t,
      name: task(t.name),
      after: t.after === null ? null : task(t.after),
      body: t.body.map(op),
    })),
  };
}

/** Nested sections over exclusive locks: every body gives back what it took, in reverse order, and nests no lock in itself. */
const nested: fc.Arbitrary<Program> = fc
  .array(fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }), {
    minLength: 2,
    maxLength: 3,
  })
  .map((tasks): Program => {
    const locks = ['A', 'B', 'C', 'D'].map(
      (id): ProgramLock => ({ id, kind: 'mutex', units: 1, class: id, rules: [] }),
    );
    return {
      name: 'nested',
      locks,
      flags: [],
      tasks: tasks.map((sections, t): ProgramTask => {
        const body = sections.flatMap((wanted) => {
          const ids = [...new Set(wanted)].map((n) => locks[n]!.id);
          return [...ids.map(take), ...[...ids].reverse().map(give)];
        });
        return { name: `T${t}`, function: null, cpu: null, irq: null, after: null, body };
      }),
    };
  });

/** Draws from `programs` until the law was tried on enough that could be searched whole; fails if too few could. */
function law(
  programs: fc.Arbitrary<Program>,
  runs: number,
  holds: (program: Program, before: readonly string[]) => void,
): void {
  let bad = 0;
  let tried = 0;
  fc.assert(
    fc.property(programs, (program) => {
      const before = ends(program);
      if (before === null) return;
      tried++;
      bad += before.length;
      holds(program, before);
    }),
    { numRuns: runs },
  );
  expect(tried).toBeGreaterThan(runs * 0.9);
  expect(bad).toComeUpMoreThan(10);
}

describe('what does not change a verdict', () => {
  it('other names', () => {
    law(drawn(WILD), 400, (program, before) => {
      // Names in the reverse of their order, so that nothing can hang on it.
      const task = (name: string) => `zz${9 - Number(/\d+$/.exec(name)?.[0] ?? 0)}-${name}`;
      const back = (end: string) => end.replace(/zz\d-/g, '').split(' ');
      const after = ends(renamed(program, (id) => `other_${id}`, task));
      const sorted = (list: readonly string[]) =>
        list.map((end) => `${end.split(' ')[0]} ${end.split(' ').slice(1).sort().join(' ')}`).sort();
      expect(sorted((after ?? []).map((end) => back(end).join(' ')))).toEqual(sorted(before));
    });
  });

  it('another order of the tasks and of the locks', () => {
    // Without waits that any one of several tasks can end: where such a wait closes two cycles at once, the one that is
    // told depends on the order of the tasks (docs/lock-model.md, "Waits-for").
    const kinds = LOCK_KINDS.filter((kind) => kind !== 'completion' && kind !== 'semaphore');
    law(drawn({ ...WILD, kinds }), 600, (program, before) => {
      const turned = {
        ...program,
        tasks: [...program.tasks].reverse(),
        locks: [...program.locks].reverse(),
        flags: [...program.flags].reverse(),
      };
      expect(ends(turned)).toEqual(before);
    });
  });

  it('a task and a lock that have nothing to do with the others', () => {
    law(drawn({ ...WILD, irqs: false }), 300, (program, before) => {
      const lock: ProgramLock = { id: 'unrelated', kind: 'mutex', units: 1, class: 'unrelated', rules: [] };
      const stranger: ProgramTask = {
        name: 'stranger',
        function: null,
        cpu: null,
        irq: null,
        after: null,
        body: [take('unrelated'), give('unrelated')],
      };
      const more = { ...program, locks: [...program.locks, lock], tasks: [...program.tasks, stranger] };
      expect(ends(more)).toEqual(before);
    });
  });

  it('a flag that nobody reads, set at every step', () => {
    law(nested, 200, (program, before) => {
      const body = (t: ProgramTask) => t.body.flatMap((op) => [op, plainOp({ do: 'set', flag: 'seen' })]);
      const watched = {
        ...program,
        flags: [{ id: 'seen', set: false }],
        tasks: program.tasks.map((t) => ({ ...t, body: body(t) })),
      };
      expect(ends(watched)).toEqual(before);
    });
  });
});

describe('what may only take deadlocks away', () => {
  it('one gate lock around everything takes them all', () => {
    law(nested, 300, (program) => {
      const gate: ProgramLock = { id: 'G', kind: 'mutex', units: 1, class: 'gate', rules: [] };
      const gated = {
        ...program,
        locks: [...program.locks, gate],
        tasks: program.tasks.map((t) => ({ ...t, body: [take('G'), ...t.body, give('G')] })),
      };
      expect(ends(gated)).toEqual([]);
    });
  });

  it('reentrancy changes nothing in a program that does not nest the lock', () => {
    law(nested, 300, (program, before) => {
      const reentrant = {
        ...program,
        locks: program.locks.map((l): ProgramLock => ({ ...l, rules: ['reentrant'] })),
      };
      expect(ends(reentrant)).toEqual(before);
    });
  });

  it('fewer tasks: what is left was there before', () => {
    law(nested, 300, (program, before) => {
      for (const dropped of program.tasks) {
        const fewer = { ...program, tasks: program.tasks.filter((t) => t !== dropped) };
        for (const end of ends(fewer) ?? []) expect(before).toContain(end);
      }
    });
  });

  it('one order of the locks for all tasks takes them all', () => {
    law(nested, 200, (program) => {
      const ordered = {
        ...program,
        tasks: program.tasks.map((t) => {
          const body: Op[] = [];
          // Each section of the body again, its locks taken in the order of their names.
          let section: string[] = [];
          for (const op of t.body) {
            if (op.do === 'lock') section.push(op.lock);
            else if (section.length > 0) {
              const ids = section.sort();
              body.push(...ids.map(take), ...[...ids].reverse().map(give));
              section = [];
            }
          }
          return { ...t, body };
        }),
      };
      expect(ends(ordered)).toEqual([]);
    });
  });
});
