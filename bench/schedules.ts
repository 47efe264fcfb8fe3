// Schedules to the first deadlock: the predictor and the fuzzer beside random, URW, SURW, POS, PCT and delay-bounded walks.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../corpus/schema/program.js';
import { parseLitmus } from '../corpus/text/litmus.js';
import { createFuzzer } from '../engine/fuzz/fuzzer.js';
import { asWritten } from '../engine/lower/as-written.js';
import { compileOrThrow } from '../engine/model/compile.js';
import { Machine } from '../engine/model/machine.js';
import { predict } from '../engine/predict/predict.js';
import { xorshift } from '../engine/rng.js';
import { SCHEDULERS } from '../engine/schedulers/list.js';
import { run } from '../engine/schedulers/run.js';
import type { Bench, BenchResult } from './bench.js';
import { inverted, philosophers, skewed } from './made-programs.js';

/** Seeds tried, and schedules before a trial is given up. */
const TRIALS = 41;
const MOST = 5_000;
/** Ops of all trials of one scheduler on one program: long programs get fewer schedules. */
const OPS = 10_000_000;
const MAX_STEPS = 100_000;

interface Case {
  readonly name: string;
  readonly program: Program;
}

/** SCTBench and RADBench in our own words, from the folder that the project was built from. */
function classic(name: string): Case {
  const text = readFileSync(join('corpus', 'scenarios', 'classics', `${name}.litmus`), 'utf8');
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(`${name} is no litmus text`);
  return { name, program: parsed.value.program };
}

function cases(): Case[] {
  return [
    ...['deadlock01', 'carter01', 'phase01', 'sync01', 'sync02', 'radbench-bug5', 'radbench-bug6'].map(
      classic,
    ),
    { name: '7 philosophers', program: philosophers(7) },
    { name: 'skew50', program: skewed(50) },
    { name: 'wide16', program: philosophers(16) },
    { name: '8x12x40, one inversion', program: inverted(8, 12, 40) },
    { name: '16x32x200, one inversion', program: inverted(16, 32, 200) },
    // The control: its meal lies inside one lock, so that it cannot deadlock.
    classic('din-phil-7-sat'),
  ];
}

const isBad = (kind: string): boolean => kind === 'deadlock' || kind === 'stranded' || kind === 'violated';

/** Schedules until the first bad end, over all seeds; infinite where a trial was given up. */
function firstBad(program: Program, trial: (seed: number, most: number) => number): number[] {
  const { ops } = compileOrThrow(program);
  const most = Math.max(50, Math.min(MOST, Math.floor(OPS / ops / TRIALS)));
  return Array.from({ length: TRIALS }, (_, i) => trial(i + 1, most));
}

function ofFuzzer(program: Program): number[] {
  return firstBad(program, (seed, most) => {
    const fuzzer = createFuzzer([program], { seed, maxSteps: MAX_STEPS });
    for (;;) {
      const { execs, finds, risk } = fuzzer.round(1);
      // Walks ahead of an independent run are schedules too; that run itself is among the execs.
      const schedules = execs + risk.runs - Math.floor(execs / 10);
      if (finds.length > 0) return schedules;
      if (schedules >= most) return Number.POSITIVE_INFINITY;
    }
  });
}

/** Schedules that prediction replays until one is bad: its cycles are constructed, or searched for, not drawn. */
function ofPredictor(program: Program): string {
  const { cycles } = predict([{ lowered: asWritten(program), captures: ['bench'] }]);
  if (cycles.some(({ status }) => status === 'confirmed')) return '1';
  return cycles.some(({ status }) => status === 'open') ? 'open' : 'none';
}

function median(list: readonly number[], most: number): string {
  const at = [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.POSITIVE_INFINITY;
  return Number.isFinite(at) ? String(at) : `>${most}`;
}

function line(cells: readonly string[]): string {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(25) : cell.padStart(8))).join(' ');
}

function table(): string[] {
  const lines = [line(['program', 'predict', 'fuzzer', ...SCHEDULERS.map((make) => make().name)])];
  for (const { name, program } of cases()) {
    const compiled = compileOrThrow(program);
    const machine = new Machine(compiled);
    const most = Math.max(50, Math.min(MOST, Math.floor(OPS / compiled.ops / TRIALS)));
    const others = SCHEDULERS.map((make) =>
      firstBad(program, (seed, bound) => {
        const scheduler = make();
        const rng = xorshift(seed * 7919);
        for (let n = 1; n <= bound; n++) {
          if (isBad(run(machine, scheduler, rng, MAX_STEPS).verdict.kind)) return n;
        }
        return Number.POSITIVE_INFINITY;
      }),
    );
    const figures = [ofFuzzer(program), ...others].map((list) => median(list, most));
    lines.push(line([name, ofPredictor(program), ...figures]));
  }
  return lines;
}

export const schedules: Bench = {
  name: 'schedules',
  about: 'schedules to the first deadlock on SCTBench-like programs, beside the schedulers of the field',
  run(): Promise<readonly BenchResult[]> {
    const notes = [
      ...table(),
      `medians of ${TRIALS} seeds; >N: more than half of them found nothing in N schedules; counts, no times`,
      'predict: 1 where its first schedule ends in a cycle, none where it shows none (waits are left to search and fuzzer)',
      'fuzzer: from a cold start, its blind walks counted too',
    ];
    return Promise.resolve([
      { title: 'Schedules to the first deadlock', unit: 'schedules', rows: [], notes },
    ]);
  },
};
