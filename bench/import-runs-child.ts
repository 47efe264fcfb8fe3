// Child process of the import benchmarks: imports one file again and again, or only walks its pages (`walk`); prints its figures as JSON.
import type { EventColumns } from '../corpus/schema/event.js';
import { importSource } from '../importers/import.js';
import { openSource } from '../importers/source.js';
import { eventsById } from '../importers/trace-dat/events.js';
import { openTraceDat } from '../importers/trace-dat/open.js';
import { timelinesOf } from '../importers/trace-dat/timeline.js';
import type { ImportRuns } from './import-runs.js';

const COLUMNS = [
  ...(['kind', 'task', 'lock', 'mode', 'site', 'peer', 'cpu', 'context'] as const),
  ...(['known', 'disabled', 'episode', 'timeNs', 'where'] as const),
] satisfies readonly (keyof EventColumns)[];

/** Imports after the first one: by the third V8 has compiled what it will. */
const AGAIN = 7;

const [, , path = '', what = 'import'] = process.argv;

/** CPU seconds of the process since it was called, helper threads included. */
function clock(): () => number {
  const from = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1e6;
  };
}

const peak = (): number => process.resourceUsage().maxRSS / 1024;

async function walk(): Promise<ImportRuns> {
  const used = clock();
  const opened = await openSource(path);
  if (!opened.ok) throw new Error(opened.problem.title);
  const file = await opened.source.randomAccess();
  const ignore = (): void => {};
  const dat = await openTraceDat(file, ignore);
  if (dat === null) throw new Error(`${path} cannot be opened`);
  let records = 0;
  for (const { cursors } of timelinesOf(file, dat, eventsById(dat.dat.formats, ignore).values(), ignore))
    for (const cursor of cursors) while (cursor.next()) records++;
  await opened.source.close();
  const seconds = used();
  return { first: seconds, again: seconds, all: seconds, peak: peak(), peakOfAll: peak(), records, rows: 0 };
}

async function importOnce(): Promise<
  Pick<ImportRuns, 'first' | 'all' | 'peak' | 'peakOfAll' | 'records' | 'rows'>
> {
  const used = clock();
  const opened = await openSource(path);
  if (!opened.ok) throw new Error(opened.problem.title);
  const imported = await importSource(opened.source);
  await opened.source.close();
  if (!imported.ok) throw new Error(imported.problem.title);
  const ours = { first: used(), peak: peak() };
  const { byEvent, events } = imported.capture;
  const rows = events.kind.length;
  for (const name of COLUMNS) if (events[name].length !== rows) throw new Error(`column ${name} is short`);
  const records = Object.values(byEvent).reduce((sum, count) => sum + count, 0);
  return { ...ours, all: used(), peakOfAll: peak(), records, rows };
}

async function imports(): Promise<ImportRuns> {
  const first = await importOnce();
  let again = Number.POSITIVE_INFINITY;
  for (let i = 0; i < AGAIN; i++) again = Math.min(again, (await importOnce()).first);
  return { ...first, again };
}

process.stdout.write(JSON.stringify(what === 'walk' ? await walk() : await imports()));
