// Soak: lets a campaign that cannot end run for hours beside nothing else, and prints what it weighs each minute.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { figuresIn } from '../cli/campaign-figures.js';
import { lengthOfTime, wholeNumber } from '../cli/numbers.js';
import { openStore } from '../corpus/store/open.js';
import { endless } from './made-programs.js';

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '..', 'cli', 'main.js');
const PROGRAMS = 8;
const CAMPAIGN = 'soak';
const MIB = 1024 * 1024;

const HELP = `npm run soak -- [--for 60m] [-j 2] [--every 1m] [--dir FOLDER]

Imports ${PROGRAMS} made programs that no search finishes, fuzzes them for so long, and prints a table: memory of the
process, execs, features and size of the database, one row each minute. FOLDER (a new one in the temp
directory if it is not said) keeps the database and table.md; a database that is there goes on.
`;

/** Resident MiB of a process as the kernel counts it, or null where there is no /proc. */
function residentMib(pid: number): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return null;
  }
}

function sizeMib(path: string): number {
  return ['', '-wal'].reduce((sum, end) => {
    return sum + (statSync(path + end, { throwIfNoEntry: false })?.size ?? 0) / MIB;
  }, 0);
}

function prepare(folder: string, db: string): void {
  mkdirSync(folder, { recursive: true });
  const files = Array.from({ length: PROGRAMS }, (_, i) => {
    const path = join(folder, `endless-${i + 1}.litmus`);
    writeFileSync(path, endless(i + 1));
    return path;
  });
  const imported = spawnSync(process.execPath, [MAIN, 'import', ...files, '--db', db, '-q'], {
    encoding: 'utf8',
  });
  if (imported.status !== 0) throw new Error(`import ended with ${imported.status}: ${imported.stderr}`);
}

/** One row of the table, of the figures that the campaign saved last. */
function row(db: string, pid: number, minutes: number): string | null {
  const opened = openStore(db, { mode: 'read' });
  if (!opened.ok) return null;
  try {
    const saved = opened.store.campaignFigures().find(({ campaign }) => campaign === CAMPAIGN);
    const figures = saved === undefined ? null : figuresIn(saved.figures);
    if (figures === null) return null;
    const cells = [
      minutes.toFixed(0),
      figures.execs,
      Math.round(figures.execs_per_second),
      figures.features,
      figures.seeds,
      figures.new_signatures,
      residentMib(pid)?.toFixed(0) ?? figures.rss_mib.toFixed(0),
      sizeMib(db).toFixed(1),
    ];
    return `| ${cells.join(' | ')} |`;
  } finally {
    opened.store.close();
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.on('exit', (code) => resolve(code));
  });
}

async function soak(): Promise<number> {
  const { values } = parseArgs({
    options: {
      for: { type: 'string', default: '60m' },
      jobs: { type: 'string', short: 'j', default: '2' },
      every: { type: 'string', default: '1m' },
      dir: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const every = lengthOfTime('--every', values.every) * 1000;
  lengthOfTime('--for', values.for);
  wholeNumber('-j', values.jobs);
  const folder = values.dir ?? mkdtempSync(join(tmpdir(), 'relock-soak-'));
  const db = join(folder, 'soak.db');
  if (statSync(db, { throwIfNoEntry: false }) === undefined) prepare(folder, db);
  const lines: string[] = [];
  const tell = (line: string): void => {
    lines.push(line);
    process.stdout.write(`${line}\n`);
    writeFileSync(join(folder, 'table.md'), `${lines.join('\n')}\n`);
  };
  tell('| minute | execs | execs/s | features | seeds | signatures | resident MiB | database MiB |');
  tell('| --- | --- | --- | --- | --- | --- | --- | --- |');
  const options = ['--for', values.for, '-j', values.jobs, '--states', '1000', '-q', '--db', db];
  const child = spawn(process.execPath, [MAIN, 'fuzz', CAMPAIGN, ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('relock cannot be started');
  const stop = (): void => void child.kill('SIGINT');
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const began = performance.now();
  const end = ended(child);
  for (let n = 1; ; n++) {
    const wait = sleep(began + n * every - performance.now(), null);
    const code = await Promise.race([end, wait]);
    if (code !== null || child.exitCode !== null || child.signalCode !== null) break;
    const told = row(db, pid, (performance.now() - began) / 60_000);
    if (told !== null) tell(told);
  }
  const code = await end;
  const verified = spawnSync(process.execPath, [MAIN, 'verify-db', '--db', db], { encoding: 'utf8' });
  process.stdout.write(
    `\nfuzz ended with ${code}, verify-db with ${verified.status}; ${folder} has the database and table.md\n`,
  );
  return verified.status === 0 && (code === 0 || code === 1) ? 0 : 1;
}

process.exitCode = await soak();
