// Runs tests against mutants in one process: `loop.mjs TREE COUNT TASKS`, tasks as JSON; says what came of each, a line each.
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';

register('./hook.mjs', import.meta.url);
const [tree, count, tasksFile] = process.argv.slice(2);
const { testFiles, effort, jobs, fixed, order } = JSON.parse(readFileSync(tasksFile, 'utf8'));
globalThis.__mutant = Int32Array.of(fixed ?? -1);
globalThis.__effort = effort;
globalThis.__reached = new Uint8Array(Number(count));
const { tests, runTest } = await import('./vitest-shim.mjs');
// The seed of the suite; the first counterexample is enough.
fc.configureGlobal({ seed: 20_261_125, endOnFailure: true });
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

if (fixed !== undefined) say({ at: fixed });
try {
  for (const file of testFiles) await import(pathToFileURL(join(tree, file)).href);
} catch (error) {
  if (fixed === undefined) throw error;
  // A mutant that stands outside of functions may keep the modules from being loaded at all.
  say({ id: fixed, killedBy: 'loading the modules' });
  process.exit(0);
}

/** The name of the first test that fails, or null. Says which test is next: it has its own limit. */
async function killer(id, order) {
  for (const i of order) {
    say({ at: id, test: i });
    try {
      await runTest(tests[i]);
    } catch {
      return tests[i].name;
    }
  }
  return null;
}

const all = [...tests.keys()];
if (fixed !== undefined) say({ id: fixed, killedBy: await killer(fixed, order) });
else if (jobs === undefined) {
  // The first run, without a mutant: which test reaches what, and how long it takes.
  const atLoad = [...globalThis.__reached.keys()].filter((id) => globalThis.__reached[id] === 1);
  say({ atLoad, tests: tests.map(({ name }) => name) });
  for (const i of all) {
    globalThis.__reached.fill(0);
    const began = process.cpuUsage();
    try {
      await runTest(tests[i]);
    } catch (error) {
      // A law that counts what it has seen may miss its count where it makes fewer draws.
      if (effort === 1) throw error;
      say({ leftOut: i, why: String(error).split('\n', 1)[0] });
      continue;
    }
    const { user, system } = process.cpuUsage(began);
    const reached = [...globalThis.__reached.keys()].filter((id) => globalThis.__reached[id] === 1);
    say({ test: i, ms: Math.round((user + system) / 1000), reached });
  }
} else
  for (const { id, order } of jobs) {
    globalThis.__mutant[0] = id;
    say({ id, killedBy: await killer(id, order) });
  }
