// Fuzzes relock's own readers with jsfuzz: `npm run fuzz:importers -- --seconds N [--target ID] [--seed N]`.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { instrumentBuild } from './instrument.js';
import { packSeeds } from './pack-seeds.js';
import { FUZZ_TARGETS, type FuzzTarget } from './targets.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Seeds longer than this are cut: jsfuzz mutates at most 4 KiB, and hands larger ones over as JSON. */
const SEED_BYTES = 4096;

/** What became of one target. */
interface Outcome {
  readonly target: string;
  readonly execs: number;
  /** Lines, functions and branches reached, as jsfuzz counts them. */
  readonly coverage: number;
  /** Distinct failures: the message with numbers taken out, and the file that holds the input. */
  readonly failures: ReadonlyMap<string, string>;
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Copies the seeds of a target into a folder that jsfuzz may write to; long ones give their first and last part. */
function layOutSeeds(target: FuzzTarget, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const put = (bytes: Uint8Array): void => {
    writeFileSync(join(folder, createHash('sha256').update(bytes).digest('hex')), bytes);
  };
  put(new Uint8Array(0));
  for (const seed of target.seeds)
    for (const file of filesBelow(join(root, seed))) {
      const bytes = readFileSync(file);
      put(bytes.subarray(0, SEED_BYTES));
      if (bytes.length > SEED_BYTES) put(bytes.subarray(bytes.length - SEED_BYTES));
    }
  if (target.id === 'pack') for (const bytes of packSeeds()) put(bytes);
}

/** Runs jsfuzz until it crashes or the time is up. Resolves to what its last line of statistics said. */
function runOnce(
  work: string,
  target: FuzzTarget,
  seed: number,
  seconds: number,
): Promise<{ readonly execs: number; readonly coverage: number }> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [join(root, 'dist/fuzz/jsfuzz-child.js'), 'shim.cjs', 'corpus', String(seed), String(target.text)],
      { cwd: work, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
    );
    let execs = 0;
    let coverage = 0;
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const stats = /^#(\d+) (?:NEW|PULSE) +cov: (\d+)/.exec(line);
        if (stats === null) continue;
        execs = Number(stats[1]);
        coverage = Number(stats[2]);
      }
    });
    // Its worker is a grandchild: the whole group is ended, and no other process.
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It had ended by itself.
      }
    };
    const timer = setTimeout(end, seconds * 1000);
    child.on('exit', () => {
      clearTimeout(timer);
      end();
      resolve({ execs, coverage });
    });
  });
}

/** What the target says of a crashing input, in this process and with the plain build. */
async function failureOf(target: FuzzTarget, bytes: Uint8Array): Promise<Error | null> {
  try {
    await target.run(bytes);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function nameOf(error: Error): string {
  const frame = /\n\s+at .*\/dist\/(?!fuzz\/)([^):]+\.js):/.exec(error.stack ?? '')?.[1] ?? 'fuzz/laws.js';
  return `${error.message.split('\n', 1)[0]?.replace(/\d+/g, 'N').slice(0, 160)} (${frame})`;
}

async function fuzz(target: FuzzTarget, seconds: number, seed: number, keep: string): Promise<Outcome> {
  const work = mkdtempSync(join(tmpdir(), `relock-fuzz-${target.id}-`));
  const build = join(work, 'build');
  instrumentBuild(root, build);
  layOutSeeds(target, join(work, 'corpus'));
  const module = pathToFileURL(join(build, 'fuzz/targets.js')).href;
  // jsfuzz takes a CommonJS file and awaits only what is written as an async function.
  writeFileSync(
    join(work, 'shim.cjs'),
    `const target = import(${JSON.stringify(module)}).then((m) => m.targetOf(${JSON.stringify(target.id)}));
exports.fuzz = async function fuzz(bytes) { await (await target).run(bytes); };\n`,
  );
  const failures = new Map<string, string>();
  let execs = 0;
  let coverage = 0;
  const until = Date.now() + seconds * 1000;
  for (let run = 0; Date.now() < until; run++) {
    const stats = await runOnce(work, target, seed + run, (until - Date.now()) / 1000);
    execs += stats.execs;
    coverage = Math.max(coverage, stats.coverage);
    let crashed = false;
    for (const file of readdirSync(work).filter((name) => name.startsWith('crash-'))) {
      crashed = true;
      const bytes = readFileSync(join(work, file));
      const error = await failureOf(target, bytes);
      const name =
        error === null ? 'ends the worker, or takes too long, without an exception' : nameOf(error);
      if (!failures.has(name)) {
        mkdirSync(keep, { recursive: true });
        const kept = join(keep, `${target.id}-${file}`);
        cpSync(join(work, file), kept);
        failures.set(name, kept);
        process.stdout.write(`  ${target.id}: ${name}\n    ${kept}\n`);
        if (error?.stack !== undefined)
          process.stdout.write(`${error.stack.split('\n').slice(0, 8).join('\n')}\n`);
      }
      rmSync(join(work, file));
      // A seed that crashes would crash every run: it is taken out of the corpus.
      rmSync(join(work, 'corpus', createHash('sha256').update(bytes).digest('hex')), { force: true });
    }
    if (!crashed && Date.now() < until && stats.execs === 0)
      throw new Error(`jsfuzz did not start on ${target.id}`);
  }
  rmSync(work, { recursive: true, force: true });
  return { target: target.id, execs, coverage, failures };
}

const command = new Command()
  .name('fuzz:importers')
  .requiredOption('--seconds <n>', 'seconds in all, shared among the targets', Number)
  .option('--target <id...>', `only these: ${FUZZ_TARGETS.map((t) => t.id).join(' ')}`)
  .option('--seed <n>', 'where the dice begin', Number, 1)
  .option('--keep <folder>', 'where inputs that break a law are kept', join(root, 'fuzz', 'found'))
  .parse();
const options = command.opts<{ seconds: number; target?: string[]; seed: number; keep: string }>();
const targets = FUZZ_TARGETS.filter((t) => options.target === undefined || options.target.includes(t.id));
if (!(options.seconds > 0) || targets.length === 0)
  command.error('nothing to do: see --help', { exitCode: 2 });
let failed = 0;
let total = 0;
for (const target of targets) {
  const outcome = await fuzz(target, options.seconds / targets.length, options.seed, options.keep);
  total += outcome.execs;
  failed += outcome.failures.size;
  process.stdout.write(
    `${outcome.target.padEnd(16)} ${String(outcome.execs).padStart(9)} execs  coverage ${String(outcome.coverage).padStart(6)}  ${outcome.failures.size} failures\n`,
  );
}
process.stdout.write(`${total} execs over ${targets.length} targets, ${failed} distinct failures\n`);
process.exitCode = failed > 0 ? 1 : 0;
