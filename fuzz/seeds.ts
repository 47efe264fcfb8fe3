// The first inputs of each target: what is packed is unpacked, and long texts are cut into windows that start at a line.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { archiveSeeds, mailSeeds, packSeeds, traceDatSeeds } from './made-seeds.js';
import type { FuzzTarget } from './targets.js';

/** Bytes of a window: a report or some dozen records. Shorter inputs run faster, so more is tried in a night. */
const WINDOW = 1024;
/** Windows of one file, spread over it. */
const WINDOWS = 12;

export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** The start of a text and windows spread over the rest, each from the start of a line to the end of one. */
function windowsOf(bytes: Buffer, most: number): Buffer[] {
  const windows: Buffer[] = bytes.length > WINDOW ? [bytes.subarray(0, most)] : [];
  const step = Math.max(WINDOW, Math.floor(bytes.length / WINDOWS));
  for (let at = 0; at < bytes.length; at += step) {
    const start = at === 0 ? 0 : bytes.indexOf(10, at) + 1;
    if (start === 0 && at !== 0) break;
    const end = bytes.lastIndexOf(10, start + WINDOW) + 1;
    windows.push(bytes.subarray(start, end > start ? end : start + WINDOW));
  }
  return windows;
}

/** What is in a gzip file; a damaged one, as some that were found, is a seed as it is. */
function unpacked(raw: Buffer): Buffer {
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  try {
    return gunzipSync(raw);
  } catch {
    return raw;
  }
}

async function madeFor(target: FuzzTarget, root: string): Promise<Uint8Array[]> {
  const log = (): Buffer =>
    readFileSync(join(root, 'importers/testdata/kernel-log/01-x86-sriov-vs-remove-hung.log'));
  switch (target.made) {
    case null:
      return [];
    case 'pack':
      return packSeeds();
    case 'trace-dat':
      return traceDatSeeds(join(root, 'importers/testdata/trace-dat'));
    case 'archive':
      return archiveSeeds(log());
    case 'mail':
      return mailSeeds(log());
    default: {
      const never: never = target.made;
      throw new Error(`no seeds are made for ${String(never)}`);
    }
  }
}

/** All seeds of a target, the empty one first. `root`: the project's folder. */
export async function seedsOf(target: FuzzTarget, root: string): Promise<Buffer[]> {
  const seeds: Buffer[] = [Buffer.alloc(0)];
  for (const bytes of await madeFor(target, root)) seeds.push(Buffer.from(bytes));
  const regressions = filesBelow(join(root, 'fuzz/regressions')).filter((file) =>
    file.includes(`/${target.id}--`),
  );
  for (const file of [...target.seeds.flatMap((seed) => filesBelow(join(root, seed))), ...regressions]) {
    const raw = readFileSync(file);
    // Packed bytes are seeds for the unpackers as they are; what is in them is a seed for the readers.
    if (/\.(?:gz|zst|xz|tgz|tar|dat)$/.test(file) && raw.length <= target.maxBytes) seeds.push(raw);
    const bytes = unpacked(raw);
    if (!/\.(?:zst|xz|tgz|tar)$/.test(file)) seeds.push(...windowsOf(bytes, target.maxBytes));
  }
  return seeds;
}
