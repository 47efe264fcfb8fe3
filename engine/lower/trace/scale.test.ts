// Tests of the lowering's size: a recording of a million events becomes as few shapes and programs as one of ten thousand.
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../../corpus/schema/capture.js';
import { IRQ_STATE } from '../../../corpus/schema/event.js';
import type { CaptureId } from '../../../corpus/schema/ids.js';
import { CaptureBuilder } from '../../../importers/builder.js';
import { predict } from '../../predict/predict.js';
import { lowerCapture } from '../lower.js';
import { EXCLUSIVE, IN_TASK, KIND } from './codes.js';
import { lowerTrace } from './lower-trace.js';
import { graphOf, relevanceOf } from './relevance.js';
import { TRANSACTION_LIMITS, transactionsOf } from './transactions.js';

const TASKS = 48;
const PAIRS = 400;
/** Pairs of locks that some task takes in the other order too. */
const INVERTED = 3;

/**
 * About `events` events: 48 tasks take pairs of 800 locks in one order, the inner one up to five times in a row; every 1000th
 * transaction is one of task 0 or 1 in the other order, on one of three pairs.
 */
function busyRecording(events: number): Capture {
  const builder = new CaptureBuilder();
  const episode = builder.episode({ origin: 'trace', basis: 'recorded' });
  const tasks = Array.from({ length: TASKS }, (_, t) =>
    builder.task({ name: `worker-${t}`, pid: 100 + t, function: null, named: true, runs: 'task' }, null),
  );
  const outer = builder.lockClass('outer', 'mutex', false);
  const inner = builder.lockClass('inner', 'mutex', false);
  const pairs = Array.from({ length: PAIRS }, (_, i) => [
    builder.lock(outer, `a${i}`, `a${i}`),
    builder.lock(inner, `b${i}`, `b${i}`),
  ]);
  let made = 0;
  const row = (kind: number, task: number, lock: number): void => {
    made++;
    builder.row(
      kind,
      task,
      lock,
      EXCLUSIVE,
      -1,
      task % 8,
      IN_TASK,
      0,
      IRQ_STATE.known,
      episode,
      0,
      made * 1000,
      made,
    );
  };
  const take = (task: number, lock: number): void => {
    row(KIND.request, task, lock);
    row(KIND.acquire, task, lock);
  };
  for (let n = 0; made < events; n++) {
    const odd = n % 1000 === 999;
    const task = tasks[odd ? Math.floor(n / 1000) % 2 : 2 + ((n * 7) % (TASKS - 2))]!;
    const [a, b] = pairs[odd ? Math.floor(n / 1000) % INVERTED : (n * 13) % PAIRS]!;
    const [first, second] = odd ? [b!, a!] : [a!, b!];
    take(task, first);
    for (let i = 0; i <= n % 5; i++) {
      take(task, second);
      row(KIND.release, task, second);
    }
    row(KIND.release, task, first);
    row(KIND.sleep, task, -1);
  }
  return builder.finish({
    id: '0'.repeat(64) as CaptureId,
    file: 'busy.dat',
    bytes: events * 40,
    format: 'trace-dat',
    provenance: 'byte',
  });
}

/** What is counted of a recording that must not grow with it. */
function sizesOf(capture: Capture) {
  const { length } = capture.events.kind;
  const graph = graphOf(capture, 0, length);
  const relevance = relevanceOf(capture, 0, length, graph);
  const { shapes, complete } = transactionsOf(capture, 0, length, graph.atStart, relevance);
  return {
    complete,
    relevant: relevance.locks.reduce((sum, bit) => sum + bit, 0),
    shapes: shapes.length,
    steps: Math.max(...shapes.map((shape) => shape.steps.length)),
    kept: Math.max(...shapes.flatMap((shape) => [...shape.kept.values()].map((times) => times.length))),
    keptActors: Math.max(...shapes.map((shape) => shape.kept.size)),
    seen: shapes.reduce((sum, shape) => sum + shape.count, 0),
  };
}

describe('a long recording', () => {
  it('has as many shapes and programs as a short one, and loses no ring', () => {
    const small = busyRecording(40_000);
    const large = busyRecording(1_000_000);
    expect(large.events.kind.length).toBeGreaterThanOrEqual(1_000_000);
    const [few, many] = [sizesOf(small), sizesOf(large)];
    expect(many).toEqual({ ...few, kept: many.kept, seen: many.seen });
    expect(many).toMatchObject({ complete: true, relevant: 2 * INVERTED, shapes: 2 * INVERTED, steps: 4 });
    expect(many.kept).toBeLessThanOrEqual(2 * TRANSACTION_LIMITS.occurrences);
    expect(many.keptActors).toBeLessThanOrEqual(TRANSACTION_LIMITS.actors);
    // Every transaction on these locks was counted, few of them were kept.
    expect(many.seen).toBeGreaterThan(20 * few.seen);

    const { programs, complete } = lowerTrace(large, 'busy');
    expect(complete).toBe(true);
    expect(programs).toHaveLength(INVERTED);
    expect(lowerCapture(small).programs).toHaveLength(INVERTED);
    const { cycles } = predict(programs.map((lowered) => ({ lowered, captures: [large.id] })));
    expect(cycles.map(({ status }) => status)).toEqual(Array(INVERTED).fill('confirmed'));
  });
});
