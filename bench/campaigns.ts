// Campaigns: what slices leave of the fuzzer's speed, what one costs the coordinator of a queue, what a second thread gains.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from '../corpus/schema/program.js';
import { parseLitmus } from '../corpus/text/litmus.js';
import { faultOf } from '../engine/campaign/arrivals.js';
import { CAMPAIGN_LIMITS } from '../engine/campaign/campaign.js';
import { type Job, type JobResult, runJob, type SliceResult } from '../engine/campaign/job.js';
import { unpackLane } from '../engine/campaign/lane-pack.js';
import { type Dialect, decodeReply, encodeJob, encodeReply, PROTOCOL } from '../engine/campaign/wire.js';
import { createFuzzer } from '../engine/fuzz/fuzzer.js';
import { MODEL_VERSION } from '../engine/model/rules.js';
import type { Bench, BenchResult, BenchRow } from './bench.js';
import { endless } from './made-programs.js';

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '..', 'cli', 'main.js');
const PROGRAMS = 8;
/** Of each program: about a second of work each on a quiet machine. */
const EXECS = 1000;
const ROUNDS = 3;
/** Slices of one lane, of which the last ones are measured: its state has grown by then. */
const SLICES = 24;
const MEASURED = 8;

function programs(): Program[] {
  return Array.from({ length: PROGRAMS }, (_, i) => {
    const parsed = parseLitmus(endless(i + 1));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value.program;
  });
}

function cpuSeconds(work: () => void): number {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
}

/** A stored campaign over all programs: seconds by the clock, and of CPU. */
function campaign(folder: string, jobs: number): { readonly clock: number; readonly cpu: number } {
  const db = join(folder, `j${jobs}.db`);
  copyFileSync(join(folder, 'imported.db'), db);
  const args = ['fuzz', 'bench', '--execs', `${EXECS * PROGRAMS}`, '-j', `${jobs}`, '--states', '1', '-q'];
  const timed = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1';
  const ran = spawnSync('bash', ['-c', timed, '_', process.execPath, MAIN, ...args, '--db', db], {
    encoding: 'utf8',
  });
  const [clock, user, system] = ran.stderr.trim().split(/\s+/).map(Number);
  if (clock === undefined || user === undefined || system === undefined)
    throw new Error(`no times: ${ran.stderr}`);
  return { clock, cpu: user + system };
}

function speeds(): BenchResult {
  const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
  const all = programs();
  const took: Record<string, number[]> = { j1: [], j2: [], gain: [] };
  try {
    const files = all.map((_, i) => join(folder, `endless-${i + 1}.litmus`));
    for (const [i, file] of files.entries()) writeFileSync(file, endless(i + 1));
    const imported = ['import', ...files, '--db', join(folder, 'imported.db'), '-q'];
    if (spawnSync(process.execPath, [MAIN, ...imported]).status !== 0) throw new Error('import failed');
    for (let round = 0; round < ROUNDS; round++) {
      const one = campaign(folder, 1);
      const two = campaign(folder, 2);
      took['j1']?.push(one.cpu);
      took['j2']?.push(two.cpu);
      took['gain']?.push(one.clock / two.clock);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const row = (who: string, key: string): BenchRow => {
    const seconds = median(took[key] ?? []);
    return { who, seconds, rate: (EXECS * PROGRAMS) / seconds };
  };
  return {
    title: `relock fuzz, ${PROGRAMS} programs that no search finishes, ${EXECS * PROGRAMS} execs, by CPU, start and predictions too; median of ${ROUNDS}`,
    unit: 'execs/s',
    rows: [row('relock fuzz -j 1', 'j1'), row('relock fuzz -j 2', 'j2')],
    notes: [
      `by the clock -j 2 is ${median(took['gain'] ?? []).toFixed(2)} times -j 1 (needs two idle cores)`,
    ],
  };
}

function done(job: Job): JobResult {
  const steps = runJob(job);
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/** What one lane's slices cost: J the worker, c the coordinator, in seconds of CPU; S bytes of the lane's state. */
function slices(): BenchResult[] {
  const dialect: Dialect = { protocol: PROTOCOL, relock: 'bench', model: MODEL_VERSION };
  const [program] = programs();
  if (program === undefined) throw new Error('no program');
  const work: number[] = [];
  const coordinate: number[] = [];
  let before: SliceResult | null = null;
  let carried = 0;
  let from: SliceResult | null = null;
  for (let i = 0; i < SLICES; i++) {
    const { maxSteps, epochWork } = CAMPAIGN_LIMITS;
    const fuzz: Uint8Array | null = before?.fuzz ?? null;
    if (i === SLICES - MEASURED) from = before;
    const slice = { program, seed: 1, seeds: [], gifts: [], work: epochWork, execs: null, maxSteps, fuzz };
    const job: Job = { id: `fuzz 0 ${i} 0`, kind: 'fuzz', slice };
    let result: JobResult | null = null;
    work.push(
      cpuSeconds(() => {
        result = done(job);
      }),
    );
    if (result === null) throw new Error('no result');
    const reply = encodeReply({ dialect, id: job.id, by: 'bench', result });
    carried = reply.length;
    coordinate.push(
      cpuSeconds(() => {
        encodeJob({ dialect, to: 'bench', job });
        const read = decodeReply(reply, dialect);
        if (!read.ok) throw new Error(read.reason);
        const fault = faultOf(job, read.message.result);
        if (fault !== null) throw new Error(fault);
      }),
    );
    before = (result as Extract<JobResult, { kind: 'fuzz' }>).slice;
  }
  const j = median(work.slice(-MEASURED));
  const c = median(coordinate.slice(-MEASURED));
  const coordinator: BenchResult = {
    title: `slices of one lane, the last ${MEASURED} of ${SLICES}: what keeps one coordinator busy`,
    unit: 'slices/s',
    rows: [
      { who: 'the coordinator takes', seconds: c, rate: 1 / c },
      { who: 'one worker thread makes', seconds: j, rate: 1 / j },
    ],
    notes: [
      `J = ${j.toFixed(2)} s, c = ${(c * 1000).toFixed(1)} ms, S = ${before?.fuzz.length ?? 0} bytes (${carried} as sent), ${before?.execs ?? 0} execs`,
      `one coordinator keeps up with ${Math.floor(j / c)} threads`,
    ],
  };
  if (from === null || before === null) throw new Error('nothing was measured');
  return [coordinator, inOneGo(program, from, before, work.slice(-MEASURED))];
}

/** The same execs from the same state by one fuzzer that is never packed: what the slices of a campaign leave of its speed. */
function inOneGo(
  program: Program,
  from: SliceResult,
  to: SliceResult,
  sliced: readonly number[],
): BenchResult {
  const state = unpackLane(from.fuzz);
  if (state === null) throw new Error('a lane that cannot be read');
  const execs = to.execs - from.execs;
  const options = { seed: 1, maxSteps: CAMPAIGN_LIMITS.maxSteps };
  const alone = cpuSeconds(() => createFuzzer([program], options, state).round(execs));
  const seconds = sliced.reduce((sum, one) => sum + one, 0);
  return {
    title: `${execs} execs of that lane, from the same state`,
    unit: 'execs/s',
    rows: [
      { who: 'as slices, packed in between', seconds, rate: execs / seconds },
      { who: 'in one go, the fuzzer alone', seconds: alone, rate: execs / alone },
    ],
    notes: [`slices leave ${Math.round((100 * alone) / seconds)} % of the speed`],
  };
}

export const campaigns: Bench = {
  name: 'campaigns',
  about: 'campaigns beside the fuzzer alone; what a slice costs the coordinator of a queue',
  run: async () => [...slices(), speeds()],
};
