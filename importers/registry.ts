// All importers in the one order in which they are asked whether a file is theirs.
import { bpftraceImporter } from './bpftrace/importer.js';
import { crashImporter } from './crash/importer.js';
import { ctfImporter } from './ctf/importer.js';
import { ftraceImporter } from './ftrace/importer.js';
import type { Importer } from './importer.js';
import { kernelLogImporter } from './kernel-log/importer.js';
import { litmusImporter } from './litmus/importer.js';
import { nvidiaImporter } from './nvidia/importer.js';
import { perfLockImporter } from './perf/lock-tables.js';
import { perfScriptImporter } from './perf/script.js';
import { lockStatImporter } from './proc/lock-stat.js';
import { lockdepImporter } from './proc/lockdep.js';
import { lockdepChainsImporter } from './proc/lockdep-chains.js';
import { procStackImporter } from './proc/stack.js';
import { s390dbfImporter } from './s390dbf/importer.js';
import { scenarioImporter } from './scenario/importer.js';
import { stdImporter } from './std/importer.js';
import { traceDatImporter } from './trace-dat/importer.js';

/** Sorted by priority, lowest first; priorities are unique. */
export const IMPORTERS: readonly Importer[] = [
  litmusImporter,
  scenarioImporter,
  ftraceImporter,
  kernelLogImporter,
  traceDatImporter,
  stdImporter,
  crashImporter,
  procStackImporter,
  s390dbfImporter,
  nvidiaImporter,
  bpftraceImporter,
  lockdepImporter,
  lockdepChainsImporter,
  lockStatImporter,
  perfScriptImporter,
  ctfImporter,
  perfLockImporter,
].sort((a, b) => a.priority - b.priority);

/** The importer of that id, or null. */
export function importerOf(id: string): Importer | null {
  return IMPORTERS.find((importer) => importer.id === id) ?? null;
}

/** The first importer that takes the bytes for those of its binary format, or null. */
export function sniffBytes(head: Uint8Array): Importer | null {
  return IMPORTERS.find((importer) => importer.sniffBytes?.(head) === true) ?? null;
}

/** The first importer that takes the head for its own, or null. */
export function sniff(head: string): Importer | null {
  return IMPORTERS.find((importer) => importer.sniff(head)) ?? null;
}
