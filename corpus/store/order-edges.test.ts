// What counts as lock order in a program, and as use of a class in a capture.
import { describe, expect, it } from 'vitest';
import { EVENT_KINDS, type EventKind, NO_TIME } from '../schema/event.js';
import type { LockKind } from '../schema/lock.js';
import type { OpAction, Program } from '../schema/program.js';
import { classUse } from './class-use.js';
import { captureNo } from './fixtures.laws.js';
import { orderEdges } from './order-edges.js';

function program(
  locks: Readonly<Record<string, LockKind>>,
  ops: readonly OpAction[],
  irq: 'hard' | null = null,
): Program {
  return {
    name: 'p',
    locks: Object.entries(locks).map(([id, kind]) => ({
      id,
      kind,
      units: 1,
      class: `class ${id}`,
      rules: [],
    })),
    flags: [],
    tasks: [
      {
        name: 't',
        function: null,
        cpu: null,
        irq,
        after: null,
        body: ops.map((op, i) => ({ ...op, guard: null, site: `site ${i}`, frames: [], line: i + 1 })),
      },
    ],
  };
}
const take = (lock: string, mode: 'exclusive' | 'read' = 'exclusive', attempt = false): OpAction => ({
  do: 'lock',
  lock,
  mode,
  attempt,
});
const drop = (lock: string): OpAction => ({ do: 'unlock', lock });
const short = (p: Program) =>
  orderEdges(p).map((e) => `${e.classHeld} | ${e.classWanted} | ${e.mode} | ${e.ctx} | ${e.line}`);

describe('orderEdges', () => {
  it('names every lock that is held, whatever the order of release', () => {
    const ops = [take('A'), take('B', 'read'), drop('A'), take('C'), drop('C'), drop('B'), take('A')];
    expect(short(program({ A: 'mutex', B: 'rwsem', C: 'mutex' }, ops))).toEqual([
      'class A | class B | exclusive -> read | task | 2',
      'class B | class C | read -> exclusive | task | 4',
    ]);
  });

  it('a trylock and an RCU section want nothing, but are held; wait and sync want', () => {
    const ops = [
      take('A'),
      take('B', 'exclusive', true),
      take('R', 'read'),
      { do: 'wait', lock: 'D' } as const,
      { do: 'sync', lock: 'R' } as const,
    ];
    expect(short(program({ A: 'mutex', B: 'mutex', R: 'srcu', D: 'completion' }, ops, 'hard'))).toEqual([
      'class A | class D | exclusive -> wait | hard | 4',
      'class B | class D | exclusive -> wait | hard | 4',
      'class R | class D | read -> wait | hard | 4',
      'class A | class R | exclusive -> sync | hard | 5',
      'class B | class R | exclusive -> sync | hard | 5',
      'class R | class R | read -> sync | hard | 5',
    ]);
  });

  it('a lock taken again is an edge from its class to itself; an unlock of what is not held is none', () => {
    expect(short(program({ A: 'mutex' }, [drop('A'), take('A'), take('A')]))).toEqual([
      'class A | class A | exclusive -> exclusive | task | 3',
    ]);
  });
});

describe('classUse', () => {
  /** Rows of (kind, task, lock, time) over two locks of two classes. */
  function use(
    rows: readonly (readonly [EventKind, number, number, bigint])[],
    happened: boolean,
    names = ['a', 'b'],
  ) {
    const capture = captureNo(1);
    const n = rows.length;
    return classUse({
      ...capture,
      classes: names.map((name) => ({ name, kind: 'mutex', single: false })),
      episodes: [{ ...capture.episodes[0]!, happened }],
      events: {
        ...capture.events,
        kind: Uint8Array.from(rows, (r) => EVENT_KINDS.indexOf(r[0])),
        task: Uint32Array.from(rows, (r) => r[1]),
        lock: Int32Array.from(rows, (r) => r[2]),
        timeNs: BigInt64Array.from(rows, (r) => r[3]),
        episode: new Uint32Array(n),
      },
    }).map((u) => [u.class, u.acquisitions, u.contended, u.longestHoldNs]);
  }

  it('counts waits only where the state was seen', () => {
    const rows = [
      ['request', 0, 0, NO_TIME],
      ['request', 1, 0, NO_TIME],
      ['acquire', 1, 0, NO_TIME],
      ['request', 1, 1, NO_TIME],
      ['refuse', 1, 1, NO_TIME],
    ] as const;
    expect(use(rows, true)).toEqual([
      ['a', 1, 1, null],
      ['b', 0, 0, null],
    ]);
    expect(use(rows, false)).toEqual([
      ['a', 1, 0, null],
      ['b', 0, 0, null],
    ]);
  });

  it('takes the longest hold per task and lock, exact in nanoseconds', () => {
    const big = 2n ** 62n;
    const rows = [
      ['acquire', 0, 0, 10n],
      ['acquire', 1, 1, 15n],
      ['release', 0, 0, 20n],
      ['release', 1, 1, big + 1n],
      ['release', 1, 0, 99n],
      ['acquire', 0, 0, NO_TIME],
      ['release', 0, 0, 500n],
    ] as const;
    expect(use(rows, true)).toEqual([
      ['a', 2, 0, 10n],
      ['b', 1, 0, big - 14n],
    ]);
  });

  it('joins classes of one name, and leaves out what no event names', () => {
    expect(
      use(
        [
          ['acquire', 0, 0, 1n],
          ['acquire', 0, 1, 1n],
        ],
        true,
        ['same', 'same'],
      ),
    ).toEqual([['same', 2, 0, null]]);
    expect(use([['acquire', 0, 1, 1n]], true)).toEqual([['b', 1, 0, null]]);
  });
});
