// Child process of import-trace-dat: imports one file, or only walks its pages (`walk`); prints CPU seconds and peak memory (MB), both again with all columns asked for, records, rows.
import type { EventColumns } from '../corpus/schema/event.js';
import { importSource } from '../importers/import.js';
import { openSource } from '../importers/source.js';
import { eventsById } from '../importers/trace-dat/events.js';
import { openTraceDat } from '../importers/trace-dat/open.js';
import { timelinesOf } from '../importers/trace-dat/timeline.js';

const COLUMNS = [
  ...(['kind', 'task', 'lock', 'mode', 'site', 'peer', 'cpu', 'context'] as const),
  ...(['known', 'disabled', 'episode', 'timeNs', 'where'] as const),
] satisfies readonly (keyof EventColumns)[];

const [, , path = '', what = 'import'] = process.argv;
const from = process.cpuUsage();
const used = (): number => {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
};

const peak = (): number => process.resourceUsage().maxRSS / 1024;

async function walk(): Promise<readonly number[]> {
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
  return [used(), peak(), used(), peak(), records, 0];
}

async function imports(): Promise<readonly number[]> {
  const opened = await openSource(path);
  if (!opened.ok) throw new Error(opened.problem.title);
  const imported = await importSource(opened.source);
  await opened.source.close();
  if (!imported.ok) throw new Error(imported.problem.title);
  const ours = [used(), peak()];
  const { byEvent, events } = imported.capture;
  const rows = events.kind.length;
  for (const name of COLUMNS) if (events[name].length !== rows) throw new Error(`column ${name} is short`);
  const records = Object.values(byEvent).reduce((sum, count) => sum + count, 0);
  return [...ours, used(), peak(), records, rows];
}

const figures = what === 'walk' ? await walk() : await imports();
process.stdout.write(`${figures.join(' ')}\n`);
