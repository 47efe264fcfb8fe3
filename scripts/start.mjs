// The first five minutes: imports the sample captures, fuzzes for some seconds, and shows a witness.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const main = join(root, 'dist', 'cli', 'main.js');
const db = process.env.RELOCK_DB ?? join(mkdtempSync(join(tmpdir(), 'relock-start-')), 'relock.db');
const where = { cwd: root, env: { ...process.env, RELOCK_DB: db } };

/** Runs one relock command in sight of the user; ends the whole run if its exit code is not one of `fine`. */
function relock(args, fine) {
  console.error(`\n$ relock ${args.join(' ')}`);
  const result = spawnSync(process.execPath, [main, ...args], { ...where, stdio: 'inherit' });
  if (!fine.includes(result.status)) process.exit(result.status ?? 2);
}

const fresh = !existsSync(db);
relock(['import', 'corpus/samples'], [0]);
// 1 means that a deadlock was found, which the samples are made to show.
relock(['fuzz', 'first', '--for', '8s', '--seed', '1'], [0, 1]);
relock(['ls'], [0]);

// The case that relock was made for: found by the function that takes the device lock first.
const list = spawnSync(process.execPath, [main, 'ls', '--json', '-s', 'sriov_numvfs_store'], {
  ...where,
  encoding: 'utf8',
});
// Of several, the one nearest to what a log shows.
const BASES = ['observed', 'recorded', 'aliased', 'composed'];
const found = JSON.parse(list.stdout || '{}').witnesses ?? [];
found.sort((a, b) => BASES.indexOf(a.basis) - BASES.indexOf(b.basis));
const witness = found[0]?.id ?? 'newest';
relock(['show', witness], [0]);
console.error(`\nThe database is ${db}${fresh ? ' (a throw-away one: set RELOCK_DB to keep yours)' : ''}.`);
console.error('Next: npx relock import YOUR-LOG...   then: npx relock fuzz --for 1m');
