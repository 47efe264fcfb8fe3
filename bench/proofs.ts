// States per second and time to a verdict: our searches beside SPIN's.
import { mkdtempSync, rmSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../corpus/schema/program.js';
import { explore } from '../engine/explore/exhaustive.js';
import type { Bench, BenchResult, BenchRow } from './bench.js';
import { called, nested, philosophers, trying } from './made-programs.js';
import { pan, type SearchRun } from './peers/spin.js';

const LIMITS = { states: 400_000_000 };

function median(runs: readonly SearchRun[]): SearchRun {
  const sorted = [...runs].sort((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor(sorted.length / 2)] ?? { states: 0, seconds: 1, megabytes: Number.NaN };
}

function ours(program: Program, reduced: boolean): SearchRun {
  const from = process.cpuUsage();
  const { states, complete } = explore(program, LIMITS, reduced);
  const { user, system } = process.cpuUsage(from);
  if (!complete) throw new Error(`${program.name} has more than ${LIMITS.states} states`);
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1000);
  return { states, seconds: (user + system) / 1e6, megabytes };
}

interface Side {
  readonly who: string;
  readonly go: (() => SearchRun) | null;
}

/** Our two searches and those of SPIN. */
function sidesOf(folder: string, program: Program, hashBits: number): Side[] {
  return [
    { who: 'relock, all states', go: () => ours(program, false) },
    { who: 'relock, reduced', go: () => ours(program, true) },
    { who: 'SPIN, all states', go: pan(folder, program, ['-DNOREDUCE'], hashBits) },
    { who: 'SPIN, reduced', go: pan(folder, program, [], hashBits) },
  ];
}

function compare(title: string, sides: readonly Side[], rounds: number): BenchResult[] {
  const runs = sides.map(() => [] as SearchRun[]);
  // Alternately, so that whatever else the machine does disturbs all alike.
  for (let round = 0; round < rounds; round++) {
    for (const [i, { go }] of sides.entries()) if (go !== null) runs[i]?.push(go());
  }
  const figures = sides.flatMap(({ who, go }, i) => (go === null ? [] : [{ who, ...median(runs[i] ?? []) }]));
  const notes = sides.filter(({ go }) => go === null).map(({ who }) => `${who}: spin or gcc is not here`);
  const row = (f: (typeof figures)[number], rate: number): BenchRow => ({
    who: f.who,
    seconds: f.seconds,
    rate,
  });
  const told = figures.map(
    (f) => `${f.who}: ${f.states} states in ${f.seconds.toFixed(4)} s, ${f.megabytes} MB at most`,
  );
  const verdicts = [...figures].sort(
    (a, b) => Number(b.who === 'relock, reduced') - Number(a.who === 'relock, reduced'),
  );
  return [
    {
      title: `${title}: all states`,
      unit: 'states/s',
      rows: figures.filter((f) => f.who.endsWith('all states')).map((f) => row(f, f.states / f.seconds)),
      notes: [
        ...told,
        `median of ${rounds} rounds, CPU time; nothing is told as less than 0.005 s of SPIN`,
        ...notes,
      ],
    },
    {
      title: `${title}: to the verdict`,
      unit: 'verdicts/s',
      rows: verdicts.map((f) => row(f, 1 / f.seconds)),
      notes: [],
    },
  ];
}

function inFolder(work: (folder: string) => readonly BenchResult[]): BenchResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
  try {
    return [...work(folder)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `hashBits` fits the size of the program: SPIN's default of 24 would cost it time on small ones. */
function measure(title: string, program: Program, hashBits: number, rounds: number): BenchResult[] {
  return inFolder((folder) => compare(title, sidesOf(folder, program, hashBits), rounds));
}

export const proofs: Bench = {
  name: 'proofs',
  about: 'states per second and time to a verdict, beside SPIN',
  run: () =>
    Promise.resolve([
      ...measure('6 philosophers', philosophers(6), 14, 5),
      ...measure('8 philosophers', philosophers(8), 18, 5),
      ...measure('10 philosophers', philosophers(10), 22, 3),
      ...measure('6 philosophers who try', trying(6), 22, 3),
      ...measure('6 philosophers, counted and called', called(6), 22, 3),
      ...measure('8 x 12 x 40, nested 8 deep', nested(8, 12, 40, { depth: 8, push: 75, seed: 9 }), 22, 3),
    ]),
};

/** Free memory without which SPIN is left out of the large proof: it takes about 10 GB. */
const SPIN_NEEDS = 13e9;

export const largeProof: Bench = {
  name: 'large-proof',
  about: '8 tasks x 12 locks x 40 ops without a deadlock, 149 million states, beside SPIN if 13 GB are free',
  run: () => {
    const program = nested(8, 12, 40, { depth: 8, push: 70, seed: 7 });
    return Promise.resolve(
      inFolder((folder) => {
        const room = freemem() > SPIN_NEEDS;
        const sides = sidesOf(folder, program, 27).filter(({ who }) => room || !who.startsWith('SPIN'));
        const results = compare('8 x 12 x 40, no deadlock', sides, 1);
        const note = 'SPIN was left out: not enough free memory';
        return room ? results : results.map((result) => ({ ...result, notes: [...result.notes, note] }));
      }),
    );
  },
};
