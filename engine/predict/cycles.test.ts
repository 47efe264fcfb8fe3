// Tests of the cycles of the lock-order graph against all sequences of nodes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lockOf } from '../fuzz/programs.laws.js';
import { requestOf } from './conflicts.js';
import {
  type AbstractCycle,
  type CycleCount,
  type CycleLimits,
  enumerateCycles,
  type GraphNode,
} from './cycles.js';

const KEYS = ['A', 'B', 'C', 'D'];
const NO_LIMITS: CycleLimits = { length: 9, longerThan: 0, cycles: 1e6, faulty: 1e6, steps: 1e7 };

interface Drawn {
  readonly task: number;
  readonly want: string;
  readonly writes: boolean;
  readonly queues: boolean;
  readonly holds: readonly {
    readonly key: string | null;
    readonly writes: boolean;
    readonly sure: boolean;
  }[];
}

/** A task that wants a lock, to write or to read it, and holds others. */
function nodeOf({ task, want, writes, queues, holds }: Drawn): GraphNode {
  const mode = writes ? 'exclusive' : queues ? 'read' : 'recursive-read';
  const lock = lockOf(want, queues ? 'rwsem' : 'rwlock');
  return {
    source: 0,
    who: `t${task}`,
    want,
    holds: holds.map(({ key }) => key),
    dependency: {
      task,
      op: 1,
      want: {
        how: 'lock',
        resource: { of: 'lock', lock: want },
        mode,
        request: requestOf(lock, mode, false),
      },
      holds: holds.map(({ key, writes: exclusive, sure }) => ({
        resource: { of: 'lock', lock: key ?? 'X' },
        mode: exclusive ? 'exclusive' : 'recursive-read',
        exclusive,
        op: 0,
        sure,
      })),
    },
  };
}

const key = fc.constantFrom(...KEYS);
const drawn = (queues: boolean): fc.Arbitrary<Drawn> =>
  fc.record({
    task: fc.nat(3),
    want: key,
    writes: fc.boolean(),
    queues: fc.constant(queues),
    holds: fc.array(
      fc.record({
        key: fc.oneof({ weight: 8, arbitrary: key }, fc.constant(null)),
        writes: fc.boolean(),
        sure: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  });
const graphs = fc.array(drawn(false), { maxLength: 8 }).map((list) => list.map(nodeOf));

function all(
  nodes: readonly GraphNode[],
  limits: Partial<CycleLimits> = {},
): { cycles: AbstractCycle[]; count: CycleCount; pauses: number } {
  const cycles: AbstractCycle[] = [];
  let pauses = 0;
  const steps = enumerateCycles(nodes, { ...NO_LIMITS, ...limits });
  for (;;) {
    const { value, done } = steps.next();
    if (done === true) return { cycles, count: value, pauses };
    if (value === null) pauses++;
    else cycles.push(value);
  }
}

/** Where nobody queues behind writers: whether one waits for what the other one holds. */
function waits(from: GraphNode, to: GraphNode): boolean {
  const writes = from.dependency.want.mode === 'exclusive';
  return to.holds.some((held, i) => held === from.want && (writes || to.dependency.holds[i]!.exclusive));
}

/** Two hold a lock that they cannot hold both. */
function keptApart(a: GraphNode, b: GraphNode): boolean {
  return a.holds.some((held, i) =>
    b.holds.some((other, j) => {
      const [x, y] = [a.dependency.holds[i]!, b.dependency.holds[j]!];
      return held !== null && held === other && x.sure && y.sure && (x.exclusive || y.exclusive);
    }),
  );
}

/** Every ring of nodes, from its first node in the list, in which each waits for the next. */
function rings(nodes: readonly GraphNode[]): GraphNode[][] {
  const found: GraphNode[][] = [];
  const extend = (path: GraphNode[]): void => {
    if (waits(path.at(-1)!, path[0]!)) found.push(path);
    for (const next of nodes.slice(nodes.indexOf(path[0]!) + 1)) {
      if (path.includes(next) || !waits(path.at(-1)!, next)) continue;
      const isOther = path.every(
        (one) => one.who !== next.who && one.want !== next.want && !keptApart(one, next),
      );
      if (isOther) extend([...path, next]);
    }
  };
  for (const first of nodes) extend([first]);
  return found;
}

const textOf = (nodes: readonly GraphNode[], of: readonly GraphNode[]): string =>
  of.map((node) => nodes.indexOf(node)).join(' ');

describe('cycles of the lock-order graph', () => {
  it('are all rings of different tasks that want different locks and share none, each once', () => {
    let long = 0;
    fc.assert(
      fc.property(graphs, (nodes) => {
        const { cycles, count } = all(nodes);
        const expected = rings(nodes);
        const sound = cycles.filter(({ fault }) => fault === null);
        expect(sound.map((one) => textOf(nodes, one.nodes)).sort()).toEqual(
          expected.map((ring) => textOf(nodes, ring)).sort(),
        );
        expect(count).toMatchObject({ found: sound.length, complete: true, full: false });
        expect(count.faulty).toBe(cycles.length - sound.length);
        long += expected.filter((ring) => ring.length > 2).length;
        for (const { nodes: ring, fault } of cycles) {
          if (fault === null) continue;
          expect(new Set(ring).size).toBe(ring.length);
          if (fault.why === 'gate') expect(keptApart(fault.a, fault.b) && ring.includes(fault.a)).toBe(true);
          else if (fault.why === 'same-task')
            expect(new Set(ring.map(({ who }) => who)).size).toBeLessThan(ring.length);
          else expect(ring.some((one, i) => !waits(one, ring[(i + 1) % ring.length]!))).toBe(true);
        }
      }),
      { numRuns: 800 },
    );
    expect(long).toComeUpMoreThan(20);
  });

  it('up to a length, and beyond another one; it says what it left out', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 4 }), fc.nat(3), (nodes, length, longerThan) => {
        const { cycles, count } = all(nodes, { length, longerThan });
        const expected = rings(nodes).filter((ring) => ring.length <= length && ring.length > longerThan);
        const sound = cycles.filter(({ fault }) => fault === null);
        expect(sound.map((one) => textOf(nodes, one.nodes)).sort()).toEqual(
          expected.map((ring) => textOf(nodes, ring)).sort(),
        );
        expect(count.full).toBe(false);
        if (rings(nodes).some((ring) => ring.length > length)) expect(count.complete).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('stops at its limits', () => {
    const member = (task: number, want: string, held: string): GraphNode =>
      nodeOf({ task, want, writes: true, queues: false, holds: [{ key: held, writes: true, sure: true }] });
    const nodes = [member(0, 'A', 'B'), member(1, 'B', 'A'), member(2, 'B', 'A'), member(3, 'B', 'A')];
    const tries = (limits: Partial<CycleLimits>) => all(nodes, limits).count;
    expect(tries({})).toEqual({ found: 3, faulty: 0, complete: true, full: false });
    expect(tries({ cycles: 3 })).toEqual({ found: 3, faulty: 0, complete: true, full: false });
    expect(tries({ cycles: 2 })).toEqual({ found: 2, faulty: 0, complete: false, full: true });
    expect(tries({ steps: 1 })).toMatchObject({ complete: false, full: true });
    // One task in both orders three times over: two of the rings are told.
    const own = nodes.map((node) => ({ ...node, who: 'one' }));
    expect(all(own).count).toEqual({ found: 0, faulty: 3, complete: true, full: false });
    const two = all(own, { faulty: 2 });
    expect([two.count.faulty, two.cycles.length]).toEqual([2, 2]);
    expect(all(own, { faulty: 0 }).cycles).toEqual([]);
  });

  it('pauses on its way', () => {
    const nodes = Array.from({ length: 150 }, (_, i) =>
      nodeOf({
        task: i,
        want: i % 2 === 0 ? 'A' : 'B',
        writes: true,
        queues: false,
        holds: [{ key: i % 2 === 0 ? 'B' : 'A', writes: true, sure: true }],
      }),
    );
    const pauses = (steps: number): number => all(nodes, { length: 2, steps }).pauses;
    expect([16_383, 16_384, 32_767, 32_768].map(pauses)).toEqual([0, 1, 1, 2]);
  });

  it('a reader that queues waits for a writer that waits, and is told by the shortest ring', () => {
    const reader = {
      task: 0,
      want: 'A',
      writes: false,
      queues: true,
      holds: [{ key: 'A', writes: false, sure: true }],
    };
    const writer = (task: number, held: string): GraphNode =>
      nodeOf({
        task,
        want: 'A',
        writes: true,
        queues: true,
        holds: [{ key: held, writes: true, sure: true }],
      });
    const of = (nodes: readonly GraphNode[]): string[] =>
      all(nodes)
        .cycles.filter(({ fault }) => fault === null)
        .map((one) => textOf(nodes, one.nodes));
    expect(of([nodeOf(reader), writer(1, 'X')])).toEqual(['0 1']);
    // A reader that does not queue passes by.
    expect(of([nodeOf({ ...reader, queues: false }), writer(1, 'X')])).toEqual([]);
    // Behind either of two writers: the second one waits for the reader's hold just as the first does.
    expect(of([nodeOf(reader), writer(1, 'X'), writer(2, 'Y')])).toEqual(['0 1', '0 2']);
  });
});
