// Small STD recordings decided whole: by hand, and against a search written from the definition of a correct reordering.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importSource } from '../../../importers/import.js';
import { sourceOf } from '../../../importers/source.js';
import { decidedRecording } from './decided.js';
import { predictedRecording } from './predicted.js';

/** The same by closures: how many rings were confirmed, and whether all others were refuted. */
async function predicted(text: string): Promise<{ found: number; complete: boolean }> {
  const imported = await importSource(sourceOf('t.std', Buffer.from(text)), { format: 'std' });
  if (!imported.ok) throw new Error(imported.problem.title);
  const { capture } = imported;
  const { programs, complete } = predictedRecording(capture, 0, 0, capture.events.kind.length, 't');
  return { found: programs.length, complete };
}

async function deadlocks(text: string): Promise<number> {
  const imported = await importSource(sourceOf('t.std', Buffer.from(text)), { format: 'std' });
  if (!imported.ok) throw new Error(imported.problem.title);
  const { capture } = imported;
  const decided = decidedRecording(capture, 0, 0, capture.events.kind.length, 't');
  if (decided === null) throw new Error('not decided');
  return decided.length;
}

/** `0 a L1 a L2` in a line for each run of one thread: a acq, r rel, w write, g read (get), f fork, j join. */
function std(short: string): string {
  const verbs: Record<string, string> = { a: 'acq', r: 'rel', w: 'w', g: 'r', f: 'fork', j: 'join' };
  return short
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [thread, ...words] = line.trim().split(/\s+/);
      const out: string[] = [];
      for (let i = 0; i + 1 < words.length; i += 2)
        out.push(`T${thread}|${verbs[words[i]!]}(${words[i + 1]})|${i + 1}`);
      return out;
    })
    .join('\n')
    .concat('\n');
}

const AB = 'a A a B r B r A';
const BA = 'a B a A r A r B';

describe('small recordings, decided', () => {
  it.each([
    ['opposite orders', `0 ${AB}\n1 ${BA}`, 1],
    ['the same order', `0 ${AB}\n1 ${AB}`, 0],
    ['one thread, both orders', `0 ${AB} ${BA}`, 0],
    ['a gate lock', `0 a G ${AB} r G\n1 a G ${BA} r G`, 0],
    ['a gate lock given back too early', `0 a G a A r G a B r B r A\n1 a G a B r G a A r A r B`, 1],
    ['the child was forked behind the section', `0 ${AB} f T1\n1 ${BA}`, 0],
    ['the child was forked before the section', `0 f T1 ${AB}\n1 ${BA}`, 1],
    ['what was read was written behind the section', `0 ${AB} w x\n1 g x ${BA}`, 0],
    ['what was read was written inside the section', `0 a A w x a B r B r A\n1 a B g x a A r A r B`, 1],
    ['what was read was overwritten', `0 w x\n1 g x ${BA}\n0 w x ${AB}`, 1],
    ['a lock taken again is still held', `0 a A a A r A a B r B r A\n1 ${BA}`, 1],
    ['three of them', '0 a A a B r B r A\n1 a B a C r C r B\n2 a C a A r A r C', 1],
    ['a join that waits for who wants the lock', '0 f T1\n1 a L r L\n0 a L j T1 r L', 1],
    ['a lock that spans threads', `0 a G f T1\n1 ${AB}\n0 j T1 r G\n2 a G ${BA} r G`, 0],
    ['sections in another order than recorded', `1 a B r B\n0 ${AB}\n1 ${BA}`, 1],
  ])('%s', async (_name, short, expected) => {
    expect(await deadlocks(std(short))).toBe(expected);
    const { found, complete } = await predicted(std(short));
    if (found !== expected) expect([found, complete]).toEqual([0, false]);
  });

  it('too large a recording is not decided, and says so', async () => {
    const text = std(Array.from({ length: 700 }, (_, i) => `${i % 5} ${AB}`).join('\n'));
    await expect(deadlocks(text)).rejects.toThrow('not decided');
  });

  it('agrees with the definition on random recordings', async () => {
    let some = 0;
    let same = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.nat(1 << 20)),
        fc.integer({ min: 12, max: 30 }),
        async (dice, length) => {
          const trace = randomTrace(() => Number(dice.next().value), length);
          if (trace.length === 0) return;
          const truth = deadlocksByDefinition(trace);
          const text = trace.map(({ t, verb, arg }) => `T${t}|${verb}(${arg})|1\n`).join('');
          const got = await deadlocks(text);
          if (truth) some++;
          expect(got > 0).toBe(truth);
          const { found, complete } = await predicted(text);
          if (found > 0) expect(truth).toBe(true);
          else if (complete) expect(truth).toBe(false);
          if (found > 0 === truth) same++;
        },
      ),
      { numRuns: 1500 },
    );
    expect(some).toBeGreaterThan(10);
    // What closures leave open is rare.
    expect(same).toBeGreaterThan(1400);
  });
});

interface Event {
  readonly t: number;
  readonly verb: 'acq' | 'rel' | 'w' | 'r';
  readonly arg: string;
}

/** A recording that could have happened: locks are free when taken, or the taker's own. */
function randomTrace(dice: () => number, length: number): Event[] {
  const stacks: string[][] = [[], [], []];
  const trace: Event[] = [];
  for (let i = 0; i < length; i++) {
    const t = dice() % 3;
    const stack = stacks[t]!;
    const roll = dice() % 12;
    const lock = 'AABBC'[dice() % 5]!;
    if (roll < 6) {
      if (stacks.some((other, u) => u !== t && other.includes(lock)) || stack.length >= 3) continue;
      stack.push(lock);
      trace.push({ t, verb: 'acq', arg: lock });
    } else if (roll < 10) {
      const top = stack.pop();
      if (top !== undefined) trace.push({ t, verb: 'rel', arg: top });
    } else trace.push({ t, verb: roll === 10 ? 'w' : 'r', arg: 'x' });
  }
  for (const [t, stack] of stacks.entries())
    while (stack.length > 0) trace.push({ t, verb: 'rel', arg: stack.pop()! });
  return trace;
}

/** Written from the definition, with no code of ours: positions of the threads, and the write that each variable shows. */
function deadlocksByDefinition(trace: readonly Event[]): boolean {
  const threads = [0, 1, 2].map((t) => trace.flatMap((e, i) => (e.t === t ? [{ ...e, i }] : [])));
  const sees = new Map<number, number>();
  let last = -1;
  for (const [i, e] of trace.entries()) {
    if (e.verb === 'w') last = i;
    if (e.verb === 'r') sees.set(i, last);
  }
  const seen = new Set<string>();
  const stack: { at: number[]; value: number }[] = [{ at: [0, 0, 0], value: -1 }];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const { at, value } = state;
    const key = `${at} ${value}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const owner = new Map<string, number>();
    for (const [t, events] of threads.entries()) {
      const depth = new Map<string, number>();
      for (const e of events.slice(0, at[t])) {
        if (e.verb === 'acq') depth.set(e.arg, (depth.get(e.arg) ?? 0) + 1);
        if (e.verb === 'rel') depth.set(e.arg, (depth.get(e.arg) ?? 0) - 1);
      }
      for (const [lock, n] of depth) if (n > 0) owner.set(lock, t);
    }
    const waitsFor = threads.map((events, t) => {
      const e = events[at[t]!];
      const who = e?.verb === 'acq' ? owner.get(e.arg) : undefined;
      return who === undefined || who === t ? -1 : who;
    });
    for (let t = 0; t < 3; t++) {
      let u = waitsFor[t]!;
      for (let hops = 0; u >= 0 && hops < 3; hops++) {
        if (u === t) return true;
        u = waitsFor[u]!;
      }
    }
    for (const [t, events] of threads.entries()) {
      const e = events[at[t]!];
      if (e === undefined || waitsFor[t]! >= 0) continue;
      if (e.verb === 'r' && sees.get(e.i) !== value) continue;
      stack.push({ at: at.with(t, at[t]! + 1), value: e.verb === 'w' ? e.i : value });
    }
  }
  return false;
}
