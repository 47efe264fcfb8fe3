// States per second and time to a verdict: our searches beside SPIN's on philosophers.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explore } from '../engine/explore/exhaustive.js';
import type { Bench, BenchResult, BenchRow } from './bench.js';
import { philosophers } from './made-programs.js';

const ROUNDS = 3;
const LIMITS = { states: 20_000_000 };

/** Philosophers as anybody would write them for SPIN: one statement an op. */
function promela(n: number): string {
  const forks = `byte fork[${n}];`;
  const task = [
    `active [${n}] proctype P() {`,
    '  byte left = _pid; byte right;',
    `  d_step { right = (_pid + 1) % ${n} };`,
    '  atomic { fork[left] == 0 -> fork[left] = 1 };',
    '  atomic { fork[right] == 0 -> fork[right] = 1 };',
    '  fork[right] = 0; fork[left] = 0',
    '}',
  ];
  return [forks, ...task, ''].join('\n');
}

interface Run {
  readonly states: number;
  readonly seconds: number;
}

function median(runs: readonly Run[]): Run {
  const sorted = [...runs].sort((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor(sorted.length / 2)] ?? { states: 0, seconds: 1 };
}

function ours(n: number, reduced: boolean): Run {
  const from = process.cpuUsage();
  const { states, complete } = explore(philosophers(n), LIMITS, reduced);
  const { user, system } = process.cpuUsage(from);
  if (!complete) throw new Error(`${n} philosophers have more than ${LIMITS.states} states`);
  return { states, seconds: (user + system) / 1e6 };
}

/** Builds pan; null: SPIN or gcc is missing. */
function pan(folder: string, n: number, name: string, flags: readonly string[]): (() => Run) | null {
  const binary = join(folder, name);
  try {
    writeFileSync(join(folder, 'm.pml'), promela(n));
    execFileSync('spin', ['-a', 'm.pml'], { cwd: folder, stdio: 'ignore' });
    execFileSync('gcc', ['-O2', '-DSAFETY', ...flags, '-o', binary, 'pan.c'], {
      cwd: folder,
      stdio: 'ignore',
    });
  } catch {
    return null;
  }
  return () => {
    // -c0: go on beyond the deadlock, as our search does.
    const { stdout } = spawnSync(binary, ['-c0', '-m100000', '-w24'], { cwd: folder, encoding: 'utf8' });
    const states = Number(/([\d.e+]+) states, stored/.exec(stdout)?.[1] ?? Number.NaN);
    const time = Number(/elapsed time ([\d.]+) seconds/.exec(stdout)?.[1] ?? 0);
    return { states, seconds: Math.max(time, 0.005) };
  };
}

function measure(n: number): BenchResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
  try {
    const sides = [
      { who: 'relock, every order', go: () => ours(n, false) },
      { who: 'relock, reduced', go: () => ours(n, true) },
      { who: 'SPIN, pan -O2, every order', go: pan(folder, n, 'full', ['-DNOREDUCE']) },
      { who: 'SPIN, pan -O2, reduced', go: pan(folder, n, 'reduced', []) },
    ];
    const notes = sides.filter(({ go }) => go === null).map(({ who }) => `${who}: spin or gcc is not here`);
    const runs = sides.map(() => [] as Run[]);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, { go }] of sides.entries()) if (go !== null) runs[i]?.push(go());
    }
    const figures = sides.flatMap(({ who, go }, i) =>
      go === null ? [] : [{ who, ...median(runs[i] ?? []) }],
    );
    const row = (f: (typeof figures)[number], rate: number): BenchRow => ({
      who: f.who,
      seconds: f.seconds,
      rate,
    });
    const all = figures.filter((f) => f.who.endsWith('every order'));
    const states = figures.map((f) => `${f.who}: ${f.states} states in ${f.seconds.toFixed(3)} s`);
    const told = [
      ...states,
      `median of ${ROUNDS} rounds; ours CPU time, SPIN's elapsed as it tells it, 0.00 s taken for 0.005`,
      ...notes,
    ];
    const verdicts = [...figures].sort(
      (a, b) => Number(b.who === 'relock, reduced') - Number(a.who === 'relock, reduced'),
    );
    return [
      {
        title: `${n} philosophers: all states`,
        unit: 'states/s',
        rows: all.map((f) => row(f, f.states / f.seconds)),
        notes: told,
      },
      {
        title: `${n} philosophers: to the verdict`,
        unit: 'verdicts/s',
        rows: verdicts.map((f) => row(f, 1 / f.seconds)),
        notes: [],
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const proofs: Bench = {
  name: 'proofs',
  about: 'states per second and time to a verdict on philosophers, beside SPIN',
  run: () => Promise.resolve([...measure(6), ...measure(8)]),
};
