// Tests of the searches of plain programs: the same as the general ones on every random program, state for state.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../corpus/schema/program.js';
import type { SearchResult } from '../../corpus/schema/verdict.js';
import { compileOrThrow } from '../model/compile.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { explore } from './exhaustive.js';
import { findOf } from './find.js';
import { fullSteps } from './full.js';
import { KeyTable } from './key-table.js';
import { plainFullSteps } from './plain-full.js';
import { plainKeys } from './plain-keys.js';
import { PlainLayer } from './plain-layer.js';
import { type PlainProgram, plainProgram } from './plain-program.js';
import { plainReducedSteps } from './plain-reduced.js';
import { PlainRun } from './plain-run.js';
import { PlainSweep } from './plain-sweep.js';
import { isSettled, reducedSteps } from './reduced.js';

const LIMITS = { states: 200_000 };

function last<T>(search: Generator<number, T>): T {
  for (;;) {
    const { value, done } = search.next();
    if (done === true) return value;
  }
}

function named(result: SearchResult): string[] {
  return result.finds.map((find) => `${find.kind} ${find.tasks.join(' ')}`).sort();
}

/** Programs of mutexes, and such with readers that do not queue. */
const plain = fc
  .record({
    seed: fc.nat(),
    tasks: fc.integer({ min: 1, max: 5 }),
    locks: fc.integer({ min: 1, max: 5 }),
    ops: fc.integer({ min: 1, max: 9 }),
    readers: fc.boolean(),
    rules: fc.boolean(),
  })
  .map(({ seed, readers, ...shape }) =>
    randomProgram(xorshift(seed), {
      ...PLAIN_SHAPE,
      ...shape,
      kinds: readers ? ['mutex', 'rwsem', 'rwlock', 'spinlock'] : ['mutex'],
      unfair: 100,
    }),
  );

function tables(program: Program): { machine: Machine; tables: PlainProgram } | null {
  const machine = new Machine(compileOrThrow(program));
  const found = plainProgram(machine.compiled);
  return found === null ? null : { machine, tables: found };
}

/** Every vector of places that the machine can reach, as text. */
function placesByMachine(machine: Machine): Set<string> {
  const seen = new Set<string>();
  const places = new Set<string>();
  const key = new Int32Array(machine.keyWords);
  const state = new Int32Array(machine.stateWords.length);
  const visit = (): void => {
    machine.writeKey(key, 0);
    const name = `${machine.over} ${key.join()}`;
    if (seen.has(name)) return;
    seen.add(name);
    places.add(Array.from({ length: machine.compiled.tasks }, (_, t) => machine.pc(t)).join());
    const here = state.slice();
    machine.save(here, 0);
    for (let left = machine.actMask(); left !== 0; left &= left - 1) {
      machine.load(here, 0);
      machine.act(31 - Math.clz32(left & -left));
      visit();
    }
  };
  machine.reset();
  visit();
  return places;
}

describe('searches of plain programs', () => {
  it('are the general ones: the reduced one to the letter, the full one in its finds', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(plain, (program) => {
        const both = tables(program);
        if (both === null) return;
        const { machine } = both;
        const reduced = last(plainReducedSteps(machine, both.tables, LIMITS));
        expect(reduced).toEqual(last(reducedSteps(machine, LIMITS)));
        const full = last(plainFullSteps(machine, both.tables, LIMITS));
        expect(isSettled(full) && full.complete).toBe(true);
        expect(named(full)).toEqual(named(last(fullSteps(machine, LIMITS))));
        for (const find of full.finds) {
          expect(findOf(replay(program, find.schedule).verdict)).toEqual({
            kind: find.kind,
            tasks: find.tasks,
          });
          kinds.add(find.kind);
        }
      }),
      { numRuns: 1500 },
    );
    expect([...kinds].sort()).toEqual(['deadlock', 'stranded']);
  });

  it('see every state that the machine can be in, once', () => {
    fc.assert(
      fc.property(plain, (program) => {
        const both = tables(program);
        if (both === null || program.tasks.length > 4) return;
        const full = last(plainFullSteps(both.machine, both.tables, LIMITS));
        expect(full.states).toBe(placesByMachine(both.machine).size);
      }),
      { numRuns: 300 },
    );
  });

  it('know more locks than one word holds, and more tasks than one key word', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const program = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, tasks: 5, locks: 70, ops: 7 });
      const both = tables(program)!;
      expect(both.tables.lockWords).toBe(3);
      const full = last(plainFullSteps(both.machine, both.tables, LIMITS));
      expect(named(full)).toEqual(named(last(fullSteps(both.machine, LIMITS))));
      const wide = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, tasks: 31, locks: 9, ops: 12 });
      const wideTables = tables(wide)!;
      expect(plainKeys(wideTables.tables).words).toBeGreaterThan(3);
      const some = { states: 300 };
      const reduced = last(plainReducedSteps(wideTables.machine, wideTables.tables, some));
      expect(reduced).toEqual(last(reducedSteps(wideTables.machine, some)));
    }
  });

  it('find the way to an end that they kept no layer of', () => {
    fc.assert(
      fc.property(plain, fc.nat(), (program, choice) => {
        const both = tables(program);
        if (both === null) return;
        const keys = plainKeys(both.tables);
        const ends: Int32Array[] = [];
        const sweep = new PlainSweep(both.tables, keys, { ...LIMITS, upTo: null, keep: 0 });
        while (sweep.advance(1000, () => ends.push(sweep.at.slice())));
        const upTo = ends[choice % ends.length]!;
        expect(sweep.pathTo(upTo)).toBe(null);
        const again = new PlainSweep(both.tables, keys, { ...LIMITS, upTo, keep: LIMITS.states });
        while (again.advance(1000, () => undefined));
        const run = new PlainRun(both.tables);
        for (const t of again.pathTo(upTo) ?? []) {
          expect(run.able & (1 << t)).not.toBe(0);
          run.step(t);
        }
        expect([...run.at]).toEqual([...upTo]);
      }),
      { numRuns: 300 },
    );
  });

  it('say so where the limit of states was hit', () => {
    const program = randomProgram(xorshift(5), { ...PLAIN_SHAPE, tasks: 5, ops: 8 });
    for (const reduced of [true, false])
      expect(explore(program, { states: 3 }, reduced).complete).toBe(false);
  });
});

describe('a plain run', () => {
  it('is where it was after a step and back', () => {
    fc.assert(
      fc.property(plain, fc.infiniteStream(fc.nat()), (program, choices) => {
        const both = tables(program);
        if (both === null) return;
        const run = new PlainRun(both.tables);
        const path: number[] = [];
        const trail = [JSON.stringify(run)];
        while (run.able !== 0) {
          const able = [...Array(31).keys()].filter((t) => run.able & (1 << t));
          const t = able[(choices.next().value ?? 0) % able.length]!;
          run.step(t);
          path.push(t);
          trail.push(JSON.stringify(run));
        }
        while (path.length > 0) {
          expect(JSON.stringify(run)).toBe(trail.pop());
          run.back(path.pop()!);
        }
        expect(JSON.stringify(run)).toBe(trail.pop());
      }),
      { numRuns: 300 },
    );
  });
});

describe('tables of keys', () => {
  it('tell keys apart as a set would, as they grow', () => {
    for (const words of [2, 3, 5]) {
      const table = new KeyTable(words);
      const known = new Set<string>();
      const rng = xorshift(words);
      for (let i = 0; i < 20_000; i++) {
        for (let w = 0; w < words; w++) table.key[w] = rng.below(words === 2 ? 120 : 12) | (w === 0 ? 1 : 0);
        const name = table.key.join();
        expect(table.add()).toBe(!known.has(name));
        known.add(name);
      }
      expect(table.size).toBe(known.size);
    }
  });

  it('keep of two notes what both have', () => {
    const { tables: program } = tables(randomProgram(xorshift(3), { ...PLAIN_SHAPE, tasks: 9, ops: 30 }))!;
    const keys = plainKeys(program);
    const layer = new PlainLayer(keys, 9);
    const notes = new Map<string, number>();
    const rng = xorshift(8);
    const key = new Int32Array(keys.words);
    for (let i = 0; i < 3000; i++) {
      key.fill(0);
      key[0] = 1;
      for (const t of [0, 4, 8]) key[keys.wordOf[t]!]! += (rng.next() & keys.ones[t]!) << keys.shift[t]!;
      const note = rng.next() & 0x1ff;
      layer.add(key, note);
      notes.set(key.join(), (notes.get(key.join()) ?? 0x1ff) & note);
    }
    const read = new Map<string, number>();
    for (let slot = 0; slot < layer.slots; slot++) {
      if (layer.entries[slot * keys.words] === 0) continue;
      const note = layer.read(slot);
      read.set(layer.key.join(), note);
    }
    expect(read).toEqual(notes);
    expect(layer.count).toBe(notes.size);
    expect(layer.keys().length).toBe(notes.size * keys.words);
  });
});
