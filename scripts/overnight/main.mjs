// What CI runs in a short form, in full: `npm run overnight -- [--hours 8] [--only WORD] [--plan]`. Each step has a share of the night, and a file for its output.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { filledIn, minutesOf } from './plan.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '8' },
    only: { type: 'string', default: '' },
    // Says what would be run, for how long, and ends.
    plan: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    logs: { type: 'string', default: join(root, 'fuzz', 'found', 'overnight') },
    // A module that exports STEPS, for a night of one's own.
    steps: { type: 'string', default: join(root, 'scripts', 'overnight', 'steps.mjs') },
  },
});
const hours = Number(values.hours);
if (!(hours > 0)) throw new Error('overnight: --hours is a number above 0');
const { STEPS } = await import(pathToFileURL(values.steps).href);
const steps = STEPS.filter(({ what }) => what.includes(values.only));
if (steps.length === 0) throw new Error(`overnight: no step has "${values.only}" in its name`);

const until = Date.now() + hours * 3_600_000;
const minutesLeft = () => (until - Date.now()) / 60_000;
const seedOf = (n) => String((Number(values.seed) + n * 7919) % 2 ** 31);

/** Runs a command to its end or to that of its minutes, when it is ended with all that it has started. Resolves to how it ended. */
function ended([name, ...args], env, file, minutes) {
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
      Math.max(1000, minutes * 60_000),
    );
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(isCut ? 'cut off' : code === 0 ? 'well' : 'FAILED');
    });
  });
}

const rows = [];

/** Runs one step, tells how it ended, and keeps its output. */
async function run(step, minutes) {
  const log = join(
    values.logs,
    `${String(rows.length + 1).padStart(2, '0')}-${step.what.replace(/\W+/g, '-')}.log`,
  );
  const { command, env } = filledIn(step, minutes, seedOf(rows.length));
  const file = openSync(log, 'w');
  const began = Date.now();
  const status = await ended(command, env, file, minutes);
  closeSync(file);
  const text = readFileSync(log, 'utf8').trimEnd();
  const figures = (step.figures?.exec(text)?.[0] ?? text.split('\n').at(-1) ?? '').trim();
  const took = (Date.now() - began) / 60_000;
  rows.push({ what: step.what, status, took, figures, log });
  console.log(
    `${status.padEnd(8)} ${step.what}: ${took.toFixed(1)} of ${minutes.toFixed(1)} min: ${figures}`,
  );
  return status;
}

if (values.plan) {
  minutesOf(steps, hours * 60).forEach((minutes, i) => {
    const { command, env } = filledIn(steps[i], minutes, seedOf(i));
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value} `);
    const time = minutes === 0 ? 'left out' : `${minutes.toFixed(1)} min`;
    console.log(`${time.padStart(9)}  ${steps[i].what}: ${variables.join('')}${command.join(' ')}`);
  });
  process.exit(0);
}

mkdirSync(values.logs, { recursive: true });
for (let at = 0; at < steps.length; at++) {
  const [minutes] = minutesOf(steps.slice(at), minutesLeft());
  if (minutes === 0) {
    rows.push({ what: steps[at].what, status: 'left out', took: 0, figures: '', log: '' });
    console.log(
      `left out ${steps[at].what}: it needs ${steps[at].least} min, ${minutesLeft().toFixed(1)} are left`,
    );
  } else await run(steps[at], minutes);
}
const again = steps.at(-1);
while (minutesLeft() > again.least) if ((await run(again, minutesLeft())) === 'FAILED') break;

console.log('\n| step | minutes | ended | figures |\n|---|---|---|---|');
for (const { what, status, took, figures } of rows)
  console.log(
    `| ${what} | ${took.toFixed(1)} | ${status} | ${figures.replace(/^\||\|$/g, '').replaceAll('|', ',')} |`,
  );
const failed = rows.filter(({ status }) => status === 'FAILED');
for (const { what, log } of failed) console.log(`\n${what} FAILED: ${log}`);
console.log(
  `\n${rows.length} steps, ${failed.length} failed; seed ${values.seed}; their output: ${values.logs}`,
);
process.exitCode = failed.length > 0 ? 1 : 0;
