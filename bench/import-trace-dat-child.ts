// Child process of import-trace-dat: imports one file and prints its own peak memory (MB), CPU seconds, records and rows.
import { importSource } from '../importers/import.js';
import { openSource } from '../importers/source.js';

const from = process.cpuUsage();
const opened = await openSource(process.argv[2] ?? '');
if (!opened.ok) throw new Error(opened.problem.title);
const imported = await importSource(opened.source);
await opened.source.close();
if (!imported.ok) throw new Error(imported.problem.title);
const { user, system } = process.cpuUsage(from);
const seconds = (user + system) / 1e6;
const { byEvent, events } = imported.capture;
const records = Object.values(byEvent).reduce((sum, count) => sum + count, 0);
process.stdout.write(
  `${process.resourceUsage().maxRSS / 1024} ${seconds} ${records} ${events.kind.length}\n`,
);
