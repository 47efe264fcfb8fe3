// Random schedules per second: the fast walk beside the general machine and beside the same loop in C.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Program } from '../corpus/schema/program.js';
import { plainProgram } from '../engine/explore/plain-program.js';
import { ExclusiveWalk } from '../engine/fuzz/exclusive-walk.js';
import { compileOrThrow } from '../engine/model/compile.js';
import { Machine } from '../engine/model/machine.js';
import { xorshift } from '../engine/rng.js';
import { randomScheduler } from '../engine/schedulers/random.js';
import { run } from '../engine/schedulers/run.js';
import type { Bench, BenchResult, BenchRow } from './bench.js';
import { ordered, philosophers } from './made-programs.js';

const ROUNDS = 7;
const MACHINE_WALKS = 500;

/** The seeds of bench/peers/walk.c, so that both make the same choices. */
function seedOf(i: number): number {
  return Math.imul(i, 2654435761) | 1;
}

/** What bench/peers/walk.c reads. */
function forPeer(program: Program): string {
  const at = new Map(program.locks.map((lock, i) => [lock.id, i + 1]));
  const bodies = program.tasks.map((task) => {
    const ops = task.body.map((op) =>
      'lock' in op ? (at.get(op.lock) ?? 0) * (op.do === 'lock' ? 1 : -1) : 0,
    );
    return [ops.length, ...ops].join(' ');
  });
  return [`${program.tasks.length} ${program.locks.length}`, ...bodies, ''].join('\n');
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
}

function seconds(work: () => void): number {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

/** Builds the peer into a folder; null: there is no gcc. */
function built(folder: string): string | null {
  const peer = join(folder, 'walk');
  try {
    execFileSync('gcc', ['-O2', '-o', peer, join('bench', 'peers', 'walk.c')], { stdio: 'ignore' });
    return peer;
  } catch {
    return null;
  }
}

function measure(title: string, program: Program, walks: number, peer: string | null): BenchResult {
  const machine = new Machine(compileOrThrow(program));
  const plain = plainProgram(machine.compiled);
  const fast = plain === null ? null : ExclusiveWalk.of(plain);
  if (fast === null) throw new Error(`${title} does not fit the walk over exclusive locks`);
  let steps = 0;
  const go = (): void => {
    steps = 0;
    for (let i = 1; i <= walks; i++) {
      fast.run(seedOf(i), false);
      steps += fast.steps;
    }
  };
  go();
  const ours: number[] = [];
  const peers: number[] = [];
  const general: number[] = [];
  const notes: string[] = [];
  const heap: number[] = [];
  // Alternately, so that whatever else the machine does disturbs all alike.
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.memoryUsage().heapUsed;
    ours.push(steps / seconds(go));
    heap.push(process.memoryUsage().heapUsed - before);
    if (peer !== null) {
      const out = execFileSync(peer, [String(walks)], { input: forPeer(program), encoding: 'utf8' });
      const [theirSteps, , features, time] = out.split(' ').map(Number);
      if (theirSteps !== steps) throw new Error(`C made ${theirSteps} steps where we made ${steps}`);
      if (features !== fast.features)
        throw new Error(`C saw ${features} features where we saw ${fast.features}`);
      peers.push((theirSteps ?? 0) / (time ?? 1));
    }
    let machineSteps = 0;
    const spent = seconds(() => {
      const rng = xorshift(1);
      for (let i = 0; i < MACHINE_WALKS; i++) machineSteps += run(machine, randomScheduler(), rng, 1e6).steps;
    });
    general.push(machineSteps / spent);
  }
  const row = (who: string, rates: readonly number[]): BenchRow => {
    const rate = median(rates);
    return { who, seconds: steps / rate, rate };
  };
  const rows = [row('relock, with coverage', ours)];
  if (peers.length > 0) rows.push(row('the same loop in C, gcc -O2', peers));
  else notes.push('no gcc here: the loop in C was not built');
  rows.push(row('relock machine, any program', general));
  notes.push(
    `${walks} walks of ${steps} steps a round, ${fast.features} features, median of ${ROUNDS} rounds, CPU time`,
  );
  notes.push(
    `heap growth in a round: ${median(heap)} bytes (median), ${(median(heap) / walks).toFixed(3)} a walk`,
  );
  return { title, unit: 'steps/s', rows, notes };
}

const WORKER_MS = 1500;

/** Steps that so many worker threads make at once, each in the same time; the best of some rounds, as others disturb. */
async function stepsOfWorkers(workers: number): Promise<number> {
  const threads = Array.from(
    { length: workers },
    (_, i) =>
      new Worker(new URL('./walks-worker.js', import.meta.url), {
        workerData: { ms: WORKER_MS, seed: 2 * i + 1 },
      }),
  );
  const heard = (thread: Worker): Promise<unknown> => once(thread, 'message');
  await Promise.all(threads.map(heard));
  let best = 0;
  for (let round = 0; round < 3; round++) {
    const all = threads.map(heard);
    for (const thread of threads) thread.postMessage('go');
    const steps = (await Promise.all(all)).map((message) => Number((message as readonly unknown[])[0]));
    best = Math.max(
      best,
      steps.reduce((sum, n) => sum + n, 0),
    );
  }
  await Promise.all(threads.map((thread) => thread.terminate()));
  return best;
}

async function twoCores(): Promise<BenchResult> {
  const one = await stepsOfWorkers(1);
  const two = await stepsOfWorkers(2);
  const seconds = WORKER_MS / 1000;
  return {
    title: '8 tasks x 12 locks x 40 ops, on two cores',
    unit: 'steps per second by the clock',
    rows: [
      { who: 'two worker threads', seconds, rate: two / seconds },
      { who: 'one worker thread', seconds, rate: one / seconds },
    ],
    notes: [
      `${availableParallelism()} cores; nothing else should run on them: this is measured by the clock`,
    ],
  };
}

export const walks: Bench = {
  name: 'walks',
  about: 'random schedules of plain lock programs, beside the same loop in C',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
    try {
      const peer = built(folder);
      return [
        measure('8 tasks x 12 locks x 40 ops, random schedules', ordered(8, 12, 40), 20_000, peer),
        measure('7 philosophers, random schedules', philosophers(7), 200_000, peer),
        await twoCores(),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
