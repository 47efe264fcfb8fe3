// Tests of what is ahead: nobody does, while others stay, what it says they do not come to.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { Ahead, SORTS, sortsOf, USE } from './ahead.js';
import { explore } from './exhaustive.js';

const LIMITS = { states: 100_000 };

/** Where each task can come to stand while the tasks of the mask stay where they are; null if there are too many states. */
function placesWithout(machine: Machine, staying: number): Set<number>[] | null {
  const { tasks } = machine.compiled;
  const places = Array.from({ length: tasks }, () => new Set<number>());
  const seen = new Set<string>();
  const copy = (): Int32Array => {
    const state = new Int32Array(machine.stateWords.length);
    machine.save(state, 0);
    return state;
  };
  const open = [copy()];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    machine.load(state, 0);
    const key = new Int32Array(machine.keyWords);
    machine.writeKey(key, 0);
    if (seen.has(key.join())) continue;
    seen.add(key.join());
    if (seen.size > 3000) return null;
    for (let t = 0; t < tasks; t++) {
      const after = machine.compiled.taskAfter[t]!;
      // Who starts behind another one stands nowhere before.
      if (after < 0 || machine.hasEnded(after)) places[t]!.add(machine.pc(t));
    }
    for (let t = 0; t < tasks; t++) {
      machine.load(state, 0);
      if ((staying & (1 << t)) !== 0 || (machine.actMask() & (1 << t)) === 0) continue;
      machine.act(t);
      open.push(copy());
    }
  }
  return places;
}

describe('what is ahead', () => {
  it('is all that a task can come to do while others stay', () => {
    let barred = 0;
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 12 }), fc.nat({ max: 3 }), (seed, walked, stays) => {
        const rng = xorshift(seed);
        const program = randomProgram(rng, {
          ...PLAIN_SHAPE,
          kinds: seed % 2 === 0 ? ['mutex', 'rwsem', 'rwlock'] : LOCK_KINDS,
          tasks: 4,
          ops: 6,
          locks: 3,
          tries: seed % 3 > 0,
          flags: seed % 5 > 1,
          forks: seed % 7 > 3,
          rules: seed % 4 === 0,
          oddities: 15,
        });
        const machine = new Machine(compileOrThrow(program), true);
        const c = machine.compiled;
        for (let i = 0; i < walked && machine.actMask() !== 0; i++) {
          const able = Array.from({ length: c.tasks }, (_, t) => t).filter((t) => machine.canAct(t));
          machine.act(able[rng.below(able.length)]!);
        }
        const state = new Int32Array(machine.stateWords.length);
        machine.save(state, 0);
        const ahead = new Ahead(machine);
        const staying = (1 << stays) | machine.deadMask();
        const places = placesWithout(machine, staying);
        if (places === null) return;
        machine.load(state, 0);
        for (let u = 0; u < c.tasks; u++) {
          if (staying & (1 << u)) continue;
          const from = machine.pc(u);
          for (let g = c.opBase[u]! + from; g < c.opBase[u + 1]!; g++) {
            for (let sort = USE; sort < SORTS; sort++) {
              if ((sortsOf(c, g) & (1 << sort)) === 0) continue;
              const reaches = ahead.reaches(sort, c.opArg[g]!, u, from, staying);
              if (!reaches) {
                barred++;
                expect(places[u]).not.toContain(g - c.opBase[u]!);
              }
              // Who stays bars, and nothing else: without them all that stands ahead is reached.
              expect(ahead.reaches(sort, c.opArg[g]!, u, from, 0)).toBe(true);
              expect(ahead.doing(sort, c.opArg[g]!) & (1 << u)).not.toBe(0);
            }
          }
        }
      }),
      { numRuns: 1500 },
    );
    expect(barred).toComeUpMoreThan(100);
  });

  it.each([
    [
      'an attempt that fails goes past what it would wait for',
      'lock A mutex\nlock B mutex\ntask T0\n  lock B try\n  lock B\n  unlock B\n  unlock B\n  lock A\ntask T1\n  lock B try\ntask T2\n  lock A\n  lock B try\n',
    ],
    [
      'a guard that does not hold goes past what stands behind it',
      'lock A mutex\nlock B mutex\nflag F\ntask T0\n  when F: lock B\n  when F: unlock B\n  lock A\ntask T1\n  lock B\n  set F\ntask T2\n  lock A\n',
    ],
    [
      'who queues later sees who waited before',
      'lock L0 rwsem\nlock L1 rwlock\ntask T0\n  lock L0 read\n  unlock L0\ntask T2\n  lock L0\n  lock L0\n  unlock L0\n  unlock L0\ntask T3 after T0\n  lock L0 read try\n  lock L1\n  lock L0\n  unlock L1\n',
    ],
    [
      'a gate that is held keeps all from what stands behind it',
      'lock G mutex\nlock A mutex\nlock B mutex\nflag F\ntask T0\n  lock G\n  lock A\n  set F\n  lock B\n  unlock B\n  unlock A\n  unlock G\ntask T1\n  lock G\n  lock B\n  clear F\n  lock A\n  unlock A\n  unlock B\n  unlock G\n',
    ],
  ])('%s', (_name, text) => {
    const read = parseLitmus(`litmus 1 ahead\n${text}`);
    if (!read.ok) throw new Error(JSON.stringify(read));
    const named = (reduced: boolean): string[] =>
      explore(read.value.program, LIMITS, reduced)
        .finds.map((find) => `${find.kind} ${find.tasks.join(' ')}`)
        .sort();
    expect(named(true)).toEqual(named(false));
  });

  it('whoever holds the gate goes through alone: as many states as tasks, not as places', () => {
    const task = (n: number): string =>
      `task T${n}\n  lock G\n  lock A${n % 2}\n  set F\n  lock A${1 - (n % 2)}\n  clear F\n  unlock A${1 - (n % 2)}\n  unlock A${n % 2}\n  unlock G\n`;
    const text = `litmus 1 gate\nlock G mutex\nlock A0 mutex\nlock A1 mutex\nflag F\n${[0, 1, 2, 3].map(task).join('')}`;
    const read = parseLitmus(text);
    if (!read.ok) throw new Error(JSON.stringify(read));
    // Which of the tasks have been through, and nothing in between.
    expect(explore(read.value.program, LIMITS).states).toBeLessThanOrEqual(16);
  });
});
