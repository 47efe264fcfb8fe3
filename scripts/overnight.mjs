// What CI runs in a short form, in full: `npm run overnight -- [--hours 8] [--only WORD]`. Each step's output goes to a file of its own.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '8' },
    only: { type: 'string', default: '' },
    logs: { type: 'string', default: join(root, 'fuzz', 'found', 'overnight') },
  },
});
const hours = Number(values.hours);
if (!(hours > 0)) throw new Error('overnight: --hours is a number above 0');

const vitest = (...args) => ['npx', 'vitest', 'run', ...args];
const random = { RELOCK_SEED: 'random' };

/** The steps by how much they find in an hour, best first: what is cut off at the end is missed least. */
const STEPS = [
  { what: 'whole suite, other dice', env: random, command: ['npm', 'test'] },
  {
    what: 'readers fuzzed with jsfuzz',
    env: {},
    command: [
      'npm',
      'run',
      'fuzz:importers',
      '--',
      ...['--seconds', String(Math.round(hours * 3600 * 0.5)), '--seed', String(Date.now() % 2 ** 31)],
      ...['--corpus', join(root, 'fuzz', 'found', 'corpus')],
    ],
  },
  { what: 'campaigns killed', env: { RELOCK_KILLS: '200' }, command: ['npm', 'run', 'kill-tests'] },
  {
    what: 'the store as a state machine',
    env: { ...random, RELOCK_STORE_RUNS: '500' },
    command: vitest('corpus/store/model'),
  },
  { what: 'bytes flipped in a database', env: { RELOCK_FLIPS: '250' }, command: vitest('cli/faults') },
  { what: 'SPIN beside the checker', env: {}, command: ['npm', 'run', 'oracle'] },
  {
    what: 'mutants',
    env: {},
    command: ['npm', 'run', 'mutants', '--', '--minutes', String(hours * 60 * 0.3)],
  },
];
/** Again and again, with other dice each time, for the rest of the night. */
const REPEATED = {
  what: 'differential and metamorphic laws, other dice',
  env: random,
  command: vitest(
    'engine/model',
    'engine/explore',
    'engine/predict',
    'engine/metamorphic',
    'engine/lower',
    'engine/shrink',
  ),
};

mkdirSync(values.logs, { recursive: true });
const until = Date.now() + hours * 3_600_000;
const rows = [];

/** Runs a command to its end or to that of the night, when it is ended with all that it has started. Resolves to how it ended. */
function ended([name, ...args], env, file) {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', file, file],
      detached: true,
    };
    const child = spawn(name, args, options);
    let isCut = false;
    const timer = setTimeout(
      () => {
        isCut = true;
        process.kill(-child.pid, 'SIGKILL');
      },
      Math.max(1000, until - Date.now()),
    );
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(isCut ? 'cut off' : code === 0 ? 'well' : 'FAILED');
    });
  });
}

/** Runs one step, tells how it ended, and keeps its output. */
async function run({ what, env, command }) {
  const log = join(
    values.logs,
    `${String(rows.length + 1).padStart(2, '0')}-${what.replace(/\W+/g, '-')}.log`,
  );
  const file = openSync(log, 'w');
  const began = Date.now();
  const status = await ended(command, env, file);
  closeSync(file);
  const minutes = ((Date.now() - began) / 60_000).toFixed(1);
  const last = readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  rows.push({ status });
  console.log(`${status.padEnd(8)} ${what}: ${minutes} min: ${last}\n         ${log}`);
}

for (const step of STEPS) if (step.what.includes(values.only) && Date.now() < until) await run(step);
if (REPEATED.what.includes(values.only)) while (Date.now() < until - 60_000) await run(REPEATED);
const failed = rows.filter(({ status }) => status === 'FAILED');
console.log(`\n${rows.length} steps, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
