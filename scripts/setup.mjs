// Set-up on a fresh machine: installs the locked packages if they are missing or outdated, then builds.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(
    `NODE ${process.versions.node} IS TOO OLD\nrelock runs on Node 20, 22 and 24.\n    install Node 20 or later, then: npm start`,
  );
  process.exit(2);
}

/** Runs a command in the project's root; its output goes to stderr, so that stdout stays free for data. */
function run(command, args) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, npm_config_loglevel: 'error' },
  });
  if (result.status === 0) return;
  console.error(`SET-UP FAILED\n${command} ${args.join(' ')} ended with ${result.status ?? result.signal}.`);
  console.error(
    'better-sqlite3 compiles itself: it needs python3, make and g++ (apt-get install -y python3 make g++).',
  );
  process.exit(2);
}

const lock = join(root, 'package-lock.json');
const installed = join(root, 'node_modules', '.package-lock.json');
const stale = !existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs;
if (stale && !sameVersions()) {
  console.error('installing the locked packages (better-sqlite3 compiles itself: about two minutes) ...');
  run('npm', ['ci', '--no-audit', '--no-fund']);
}
run('npm', ['run', '--silent', 'build']);

/** True if what is installed is what the lock file names, whatever the file times say (a checkout sets them anew). */
function sameVersions() {
  if (!existsSync(installed)) return false;
  const want = JSON.parse(readFileSync(lock, 'utf8')).packages;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  return Object.entries(want).every(
    ([path, entry]) => path === '' || entry.optional === true || have[path]?.version === entry.version,
  );
}
