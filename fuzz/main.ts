// Fuzzes relock's own readers with jsfuzz: `npm run fuzz:importers -- --seconds N [--target ID] [--seed N] [--corpus FOLDER]`.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { nameOf, stackOf } from './failure.js';
import { instrumentBuild } from './instrument.js';
import { seedsOf } from './seeds.js';
import { FUZZ_TARGETS, type FuzzTarget } from './targets.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** An input that is not through after so many seconds ends its process. */
const STUCK_SECONDS = 60;
const HEAP_MB = 2048;

/** What became of one target. */
interface Outcome {
  readonly target: string;
  readonly execs: number;
  /** Lines, functions and branches reached. */
  readonly coverage: number;
  /** Distinct failures: the message with numbers taken out, and the file that holds the input. */
  readonly failures: ReadonlyMap<string, string>;
}

/** The build with counters, and how many there are. */
interface Counted {
  readonly build: string;
  readonly counters: number;
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Writes the seeds of a target into a folder that jsfuzz adds to. */
async function layOutSeeds(target: FuzzTarget, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const bytes of await seedsOf(target, root)) writeFileSync(join(folder, digest(bytes)), bytes);
}

/** The input that the loop was at, and how many came before it. */
function currentOf(work: string): { readonly execs: number; readonly bytes: Buffer } {
  const file = readFileSync(join(work, 'current'));
  if (file.length < 8) return { execs: 0, bytes: Buffer.alloc(0) };
  return { execs: file.readUInt32LE(0), bytes: file.subarray(8, 8 + file.readUInt32LE(4)) };
}

/** Runs the loop until the time is up, or an input ends it or holds it up: that one is kept beside the others that failed. */
function runOnce(
  work: string,
  { build, counters }: Counted,
  target: FuzzTarget,
  seed: number,
  seconds: number,
): Promise<{ readonly execs: number; readonly coverage: number }> {
  return new Promise((resolve) => {
    writeFileSync(join(work, 'current'), '');
    const child = spawn(
      process.execPath,
      [
        `--max-old-space-size=${HEAP_MB}`,
        // Of an input nothing is left when the next one comes: young garbage is cheap.
        '--max-semi-space-size=64',
        join(root, 'dist/fuzz/loop.js'),
        build,
        target.id,
        String(counters),
        String(seed),
        String(seconds),
      ],
      { cwd: work, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let execs = 0;
    let coverage = 0;
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const stats = /^#(\d+) cov: (\d+)/.exec(line);
        if (stats !== null) {
          execs = Number(stats[1]);
          coverage = Number(stats[2]);
        }
      }
    });
    let last = -1;
    const watch = setInterval(() => {
      const at = currentOf(work).execs;
      if (at === last) child.kill('SIGKILL');
      last = at;
    }, STUCK_SECONDS * 1000);
    child.on('exit', (code) => {
      clearInterval(watch);
      const { bytes, execs: at } = currentOf(work);
      if (code !== 0 && at > 0) writeFileSync(join(work, `crash-${digest(bytes)}`), bytes);
      resolve({ execs: Math.max(execs, at), coverage });
    });
  });
}

/** What the target says of a crashing input, in this process and with the plain build. */
async function failureOf(target: FuzzTarget, bytes: Uint8Array): Promise<unknown> {
  try {
    await target.run(bytes);
    return null;
  } catch (error) {
    return error;
  }
}

/** Looks at the inputs that failed, keeps one of each distinct failure, and takes them out of the corpus. */
async function sift(
  target: FuzzTarget,
  work: string,
  keep: string,
  failures: Map<string, string>,
): Promise<void> {
  for (const file of readdirSync(work).filter((name) => name.startsWith('crash-'))) {
    const bytes = readFileSync(join(work, file));
    const error = await failureOf(target, bytes);
    const name =
      error === null
        ? `ends the loop, takes too long, or fails only behind other inputs (${file.slice(6, 18)})`
        : nameOf(error);
    if (!failures.has(name)) {
      mkdirSync(keep, { recursive: true });
      const kept = join(keep, `${target.id}-${file}`);
      cpSync(join(work, file), kept);
      failures.set(name, kept);
      process.stdout.write(`  ${target.id}: ${name}\n    ${kept}\n${stackOf(error)}\n`);
    }
    rmSync(join(work, file));
    // A seed that ends the loop would end every loop.
    rmSync(join(work, 'corpus', digest(bytes)), { force: true });
  }
}

async function fuzz(target: FuzzTarget, counted: Counted, options: Options): Promise<Outcome> {
  const seconds = options.seconds / targets.length;
  const work =
    options.corpus === undefined
      ? mkdtempSync(join(tmpdir(), `relock-fuzz-${target.id}-`))
      : join(options.corpus, target.id);
  await layOutSeeds(target, join(work, 'corpus'));
  const failures = new Map<string, string>();
  let execs = 0;
  let coverage = 0;
  const until = Date.now() + seconds * 1000;
  for (let run = 0; Date.now() < until; run++) {
    const stats = await runOnce(work, counted, target, options.seed + run, (until - Date.now()) / 1000);
    execs += stats.execs;
    coverage = Math.max(coverage, stats.coverage);
    await sift(target, work, options.keep, failures);
    if (stats.execs === 0) throw new Error(`the loop did not start on ${target.id}`);
  }
  if (options.corpus === undefined) rmSync(work, { recursive: true, force: true });
  return { target: target.id, execs, coverage, failures };
}

interface Options {
  readonly seconds: number;
  readonly target?: readonly string[];
  readonly seed: number;
  readonly keep: string;
  readonly corpus?: string;
}

const command = new Command()
  .name('fuzz:importers')
  .requiredOption('--seconds <n>', 'seconds in all, shared among the targets', Number)
  .option('--target <id...>', `only these: ${FUZZ_TARGETS.map((t) => t.id).join(' ')}`)
  .option('--seed <n>', 'where the dice begin', Number, 1)
  .option('--keep <folder>', 'where inputs that break a law are kept', join(root, 'fuzz', 'found'))
  .option('--corpus <folder>', 'where the inputs that reached something new are kept from run to run')
  .parse();
const options = command.opts<Options>();
const targets = FUZZ_TARGETS.filter((t) => options.target === undefined || options.target.includes(t.id));
if (!(options.seconds > 0) || targets.length === 0)
  command.error('nothing to do: see --help', { exitCode: 2 });
const build = mkdtempSync(join(tmpdir(), 'relock-fuzz-build-'));
const counted = { build, counters: instrumentBuild(root, build) };
let failed = 0;
let total = 0;
for (const target of targets) {
  const outcome = await fuzz(target, counted, options);
  total += outcome.execs;
  failed += outcome.failures.size;
  process.stdout.write(
    `${outcome.target.padEnd(16)} ${String(outcome.execs).padStart(9)} execs  coverage ${String(outcome.coverage).padStart(6)}  ${outcome.failures.size} failures\n`,
  );
}
rmSync(build, { recursive: true, force: true });
process.stdout.write(`${total} execs over ${targets.length} targets, ${failed} distinct failures\n`);
process.exitCode = failed > 0 ? 1 : 0;
