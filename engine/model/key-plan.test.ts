// Laws of state keys: equal keys, equal futures, in every state that random programs of all kinds can reach; and how few bits they take.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op, OpAction, Program } from '../../corpus/schema/program.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { xorshift } from '../rng.js';
import { choiceOf } from './choice.js';
import { compileOrThrow } from './compile.js';
import { keyPlan } from './key-plan.js';
import { Machine } from './machine.js';
import { PLAIN_SHAPE, type ProgramShape, randomProgram } from './random-program.js';
import { SHAPES as ALL_SHAPES } from './shapes.laws.js';

const SHAPES: Readonly<Record<string, Partial<ProgramShape>>> = {
  'readers, writers, attempts': {
    kinds: ['rwsem', 'rwlock', 'mutex'],
    rules: true,
    unfair: 20,
    tries: true,
    flags: true,
    oddities: 10,
  },
  'units and signals': { kinds: ['semaphore', 'completion', 'mutex'], oddities: 30, tries: true },
  'grace periods': { kinds: ['rcu', 'srcu', 'mutex'], oddities: 25 },
  'forks and joins': { forks: true, oddities: 30 },
  interrupts: { kinds: ['spinlock', 'rwlock', 'semaphore'], irqs: true, oddities: 30, tries: true },
  contexts: { kinds: ['ww_mutex', 'ww_mutex', 'mutex'], contexts: true, oddities: 5 },
  everything: ALL_SHAPES.everything,
};

/** All choices of the tasks that can act: an interrupt may have several CPUs to hit. */
function choices(m: Machine): number[] {
  const list: number[] = [];
  const mask = m.actMask();
  for (let t = 0; t < m.compiled.tasks; t++) {
    if ((mask & (1 << t)) === 0) continue;
    if (m.compiled.taskCpu[t]! >= 0 || m.hasBegun(t)) list.push(t);
    else for (const cpu of m.compiled.cpus.keys()) if (m.canHit(t, cpu)) list.push(choiceOf(t, cpu));
  }
  return list;
}

function keyOf(m: Machine): string {
  const key = new Int32Array(m.keyWords);
  m.writeKey(key, 0);
  return key.join(' ');
}

/** What the rest of a run can depend on, as far as the machine says it, and where each choice leads. */
function future(m: Machine, from: Int32Array): string {
  m.load(from, 0);
  const { tasks } = m.compiled;
  const all = Array.from({ length: tasks }, (_, t) => t);
  const list = choices(m);
  const verdict = m.finished();
  const now = {
    verdict: verdict?.kind === 'violated' ? [verdict.kind, verdict.task, verdict.op] : verdict,
    // Who holds units of a semaphore decides nothing.
    held: all.map((t) =>
      m
        .held(t)
        .filter(({ lock }) => m.compiled.lockKind[lock] !== 'semaphore')
        .map(({ lock, depth, mode }) => [lock, depth, mode])
        .sort(),
    ),
    at: all.map((t) => [m.pc(t), m.isWaiting(t), m.hasBegun(t), m.canStep(t), m.wants(t)]),
    dead: m.deadMask(),
  };
  const next = list.map((choice) => {
    m.load(from, 0);
    m.act(choice);
    // A broken requirement leaves the counters as they were: no key is asked for there.
    return [choice, m.over ? JSON.stringify(m.finished()?.kind) : keyOf(m)];
  });
  return JSON.stringify([now, next]);
}

/** Reaches all states, at most so many, told apart by all their words; where two have one key, their futures must be the same. */
function twins(program: Program, goesOn: boolean, most: number): number {
  const m = new Machine(compileOrThrow(program), goesOn);
  const byKey = new Map<string, string>();
  const seen = new Set<string>();
  let met = 0;
  const open: Int32Array[] = [];
  const visit = (): void => {
    const words = Int32Array.from(m.stateWords);
    const text = words.join(' ');
    if (m.over || seen.has(text)) return;
    seen.add(text);
    const key = keyOf(m);
    const told = future(m, words);
    const before = byKey.get(key);
    if (before === undefined) byKey.set(key, told);
    else {
      met++;
      expect(told).toBe(before);
    }
    open.push(words);
  };
  m.reset();
  visit();
  for (let words = open.pop(); words !== undefined && seen.size < most; words = open.pop()) {
    m.load(words, 0);
    for (const choice of choices(m)) {
      m.load(words, 0);
      m.act(choice);
      visit();
    }
  }
  return met;
}

const op = (action: OpAction): Op => ({ ...action, guard: null, site: null, frames: [], line: null });
const lock = (id: string): Op => op({ do: 'lock', lock: id, mode: 'exclusive', attempt: false });
const unlock = (id: string): Op => op({ do: 'unlock', lock: id });

/** How many words and fields the key of a program has. */
function wordsAndFields(text: string): { readonly words: number; readonly fields: number } {
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const m = new Machine(compileOrThrow(parsed.value.program));
  const plan = keyPlan(m.compiled, m.layout, false);
  expect(plan.words).toBe(m.keyWords);
  return { words: plan.words, fields: plan.source.length };
}

describe('state keys', () => {
  it.each(Object.entries(SHAPES))('are equal only where the futures are: %s', (_name, shape) => {
    let met = 0;
    const sizes = fc.record({ tasks: fc.integer({ min: 2, max: 3 }), ops: fc.integer({ min: 2, max: 7 }) });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.boolean(), (size, seed, goesOn) => {
        met += twins(randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...shape, ...size }), goesOn, 400);
      }),
      { numRuns: 400 },
    );
    expect(met).toComeUpMoreThan(100);
  });

  it('take of tasks that only lock and unlock the places and who waits, and nothing else', () => {
    const bodies = ['A', 'B', 'C'].map((id, i, ids) => {
      const other = ids[(i + 1) % 3]!;
      return {
        name: id,
        function: null,
        cpu: null,
        irq: null,
        after: null,
        body: [lock(id), lock(other), unlock(other), unlock(id)],
      };
    });
    const locks = ['A', 'B', 'C'].map(
      (id) => ({ id, kind: 'mutex', units: 1, class: id, rules: [] }) as const,
    );
    const m = new Machine(compileOrThrow({ name: 'ring', locks, flags: [], tasks: bodies }));
    const plan = keyPlan(m.compiled, m.layout, false);
    // Three places of 0 to 4, three bits each, and three tasks that may wait.
    expect([...plan.shift]).toEqual([0, 3, 6, 9]);
    expect([...plan.source]).toEqual([m.layout.pc, m.layout.pc + 1, m.layout.pc + 2, m.layout.waiting]);
    expect([...plan.ends]).toEqual([0, 0, 0, 1]);
    expect(plan.words).toBe(1);
  });

  it('take one more field for each thing that does not follow from the places', () => {
    const two = (lines: string, more = ''): string =>
      `litmus 1 x\nlock A mutex\n${more}task T\n${lines}task U\n  lock A\n  unlock A\n`;
    const fields = (text: string): number => wordsAndFields(text).fields;
    expect(fields(two('  lock A\n  unlock A\n'))).toBe(3);
    expect(fields(two('  lock A try\n  unlock A\n'))).toBe(3);
    expect(fields(two('  lock A\n  unlock A\n  set F\n', 'flag F\n'))).toBe(4);
    // Branches that meet holding different things: what each of the two holds, the lock's owner and its readers.
    expect(fields(two('  when F: lock A\n  when F: unlock A\n', 'flag F\n'))).toBe(3 + 1 + 2 + 2);
    expect(fields(two('  lock S\n  unlock S\n', 'lock S semaphore:2\n'))).toBe(4);
    expect(fields(two('  signal C\n', 'lock C completion\n'))).toBe(4);
    expect(fields(two('  sync R\n', 'lock R rcu\n'))).toBe(4);
    expect(fields(two('  fork U\n'))).toBe(4);
    expect(
      fields(
        'litmus 1 x\nlock A spinlock\ntask T cpu 0\n  lock A\n  unlock A\ntask H irq hard\n  lock A\n  unlock A\n',
      ),
    ).toBe(
      // Places, waiters; the CPU that the handler hits; whether interrupts are off there, and bottom halves never are.
      3 + 1 + 1,
    );
  });

  it('of acquire contexts fit into few words: what is held there, since where, and whose context is older', () => {
    const five = ['A', 'B', 'C', 'D', 'E'];
    const locks = five.map((id) => `lock ${id} ww_mutex:wound-wait\n`).join('');
    const task = (id: string, i: number): string => {
      const next = five[(i + 1) % 5]!;
      return `task T${i}\n  ww begin\n  lock ${id}\n  lock ${next}\n  unlock ${next}\n  unlock ${id}\n  ww end\n`;
    };
    expect(wordsAndFields(`litmus 1 ww\n${locks}${five.map(task).join('')}`).words).toBeLessThanOrEqual(6);
  });
});
