// A long trace.dat: behind so many events records are counted and no longer looked at, and that is told.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CaptureId } from '../../corpus/schema/ids.js';
import { CaptureBuilder } from '../builder.js';
import { memoryAccess } from '../random-access.js';
import { readTraceDat } from './importer.js';

const SAMPLE = readFileSync(join(import.meta.dirname, '../testdata/trace-dat/001-x86_64-v7-zstd-abba.dat'));

async function read(rows?: number) {
  const builder = new CaptureBuilder(rows === undefined ? {} : { rows });
  await readTraceDat(memoryAccess(SAMPLE), builder);
  return builder.finish({
    id: '0'.repeat(64) as CaptureId,
    file: 'x.dat',
    bytes: SAMPLE.length,
    format: 'trace-dat',
    provenance: 'byte',
  });
}

describe('a trace.dat longer than memory is meant for', () => {
  it('keeps the first events, counts all records, and says what was not looked at', async () => {
    const whole = await read();
    const cut = await read(20);
    expect(whole.skipped.map(({ stat }) => stat)).not.toContain('trace_dat_rows_beyond');
    expect(whole.events.kind.length).toBeGreaterThan(40);
    expect(cut.events.kind.length).toBeLessThan(40);
    expect(cut.byEvent).toEqual(whole.byEvent);
    const beyond = cut.skipped.find(({ stat }) => stat === 'trace_dat_rows_beyond');
    expect(beyond?.count).toBeGreaterThan(0);
    expect([...cut.events.kind]).toEqual([...whole.events.kind.subarray(0, cut.events.kind.length)]);
  });
});
