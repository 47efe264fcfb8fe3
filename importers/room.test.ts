// Recordings that are longer than there is room for: the first of it is kept, the rest counted and told, whichever format it is.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../corpus/schema/capture.js';
import type { CaptureId } from '../corpus/schema/ids.js';
import { CaptureBuilder, type Room } from './builder.js';
import { importerOf, sniff, sniffBytes } from './registry.js';
import { sourceOf } from './source.js';

const ROOT = join(import.meta.dirname, 'testdata');
const FORMATS = ['ftrace', 'perf', 'ctf', 'bpftrace', 'trace-dat'];
const FILES = FORMATS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name)),
);
const BEYOND = new Set(['trace_rows_beyond', 'trace_dat_rows_beyond']);
/** A record makes a handful of rows, and what is open at the end ends. */
const SLACK = 70;

async function read(file: string, room: Partial<Room>): Promise<Capture | null> {
  const raw = readFileSync(join(ROOT, file));
  const bytes = file.endsWith('.gz') ? gunzipSync(raw) : raw;
  const source = sourceOf(file, bytes);
  const importer = sniffBytes(await source.headBytes()) ?? sniff(await source.head());
  if (importer === null || !['ftrace', 'perf-script', 'ctf', 'bpftrace', 'trace-dat'].includes(importer.id))
    return null;
  const builder = new CaptureBuilder(room);
  await importer.read(source, builder);
  return builder.finish({
    id: '0'.repeat(64) as CaptureId,
    file,
    bytes: bytes.length,
    format: importer.id,
    provenance: importer.provenance ?? 'line',
  });
}

const beyond = ({ skipped }: Capture) => skipped.find(({ stat }) => BEYOND.has(stat));

describe('a recording that there is no room for', () => {
  it('is sought among samples of every format that has no end', async () => {
    const read = new Set(
      (await Promise.all(FILES.map((file) => whole(file)))).map((capture) => capture?.format),
    );
    for (const id of ['ftrace', 'perf-script', 'ctf', 'bpftrace', 'trace-dat']) {
      expect(importerOf(id), id).not.toBeNull();
      expect(read, id).toContain(id);
    }
  });

  const wholes = new Map<string, Promise<Capture | null>>();
  function whole(file: string): Promise<Capture | null> {
    const known = wholes.get(file) ?? read(file, {});
    wholes.set(file, known);
    return known;
  }

  it.each(FILES)('%s: all records are counted, some kept, and the rest is told', async (file) => {
    const all = await whole(file);
    if (all === null) return;
    expect(beyond(all)).toBeUndefined();
    const rows = all.events.kind.length;
    const rooms: Partial<Room>[] = [
      { rows: 1 },
      { rows: 20 },
      { rows: Math.ceil(rows / 2) },
      { locks: 3 },
      { classes: 2 },
      { tasks: 2 },
      { sites: 2 },
    ];
    for (const room of rooms) {
      const cut = await read(file, room);
      if (cut === null) throw new Error('read before');
      expect(cut.byEvent, JSON.stringify(room)).toEqual(all.byEvent);
      expect(cut.events.kind.length).toBeLessThanOrEqual(Math.min(rows + SLACK, (room.rows ?? rows) + SLACK));
      expect(cut.locks.length).toBeLessThanOrEqual((room.locks ?? all.locks.length) + SLACK);
      const told = beyond(cut);
      if (told === undefined) continue;
      expect(told.count).toBeGreaterThan(0);
      expect(told.severity).toBe('data-loss');
      if (all.provenance === 'line') expect(told.first_line).toBeGreaterThan(0);
    }
    if (rows > 200) {
      const cut = await read(file, { rows: 20 });
      expect(cut !== null && beyond(cut)?.count).toBeGreaterThan(0);
    }
  });
});
