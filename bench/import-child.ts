// Child process of import-gigabyte: imports one file and prints its own peak memory (MB), seconds and reports.
import { importFile } from './import-text.js';

const start = process.hrtime.bigint();
const reports = await importFile(process.argv[2] ?? '');
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
process.stdout.write(`${process.resourceUsage().maxRSS / 1024} ${seconds} ${reports}\n`);
