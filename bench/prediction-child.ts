// Child process of prediction: one STD file from text to verdict, with its own seconds of CPU, peak memory (MB) and what it found.
import { checkCapture } from '../cli/check-file.js';
import { lowerCapture } from '../engine/lower/lower.js';
import { importSource } from '../importers/import.js';
import { openSource } from '../importers/source.js';

const opened = await openSource(process.argv[2] ?? '');
if (!opened.ok) throw new Error(opened.problem.title);
const imported = await importSource(opened.source, { format: 'std' });
await opened.source.close();
if (!imported.ok) throw new Error(imported.problem.title);
const form = await checkCapture(imported.capture, lowerCapture(imported.capture));
const { user, system } = process.cpuUsage();
process.stdout.write(
  JSON.stringify({
    cpu: (user + system) / 1e6,
    wall: process.uptime(),
    megabytes: process.resourceUsage().maxRSS / 1024,
    complete: form.complete,
    found: form.witnesses.map(({ cycle }) => [...cycle].sort()),
  }),
);
