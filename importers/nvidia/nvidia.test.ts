// Tests of NVIDIA's bug reports: samples, line numbers of the whole file, and the packed form that the script writes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { captureOf, sampleTests } from '../testdata/sample-laws.laws.js';

const SAMPLE = readFileSync(join(import.meta.dirname, '../testdata/nvidia/01-x86-hung-and-xid.log'), 'utf8');

// A report is full of kernel log: whoever does not know it reads it as one.
sampleTests('nvidia', { alsoClaimedBy: ['kernel-log'] });

describe('a bug report of the NVIDIA driver', () => {
  it('gives what its dmesg gives alone, with the lines of the whole file', async () => {
    const lines = SAMPLE.split('\n');
    const from = lines.indexOf('dmesg:') + 1;
    const alone = await captureOf(
      lines.slice(from, lines.lastIndexOf('_'.repeat(44), lines.length - 5)).join('\n'),
    );
    const capture = await captureOf(SAMPLE);
    expect(capture.reports.map(({ kind, line }) => [kind, line])).toEqual(
      alone.reports.map(({ kind, line }) => [kind, line + from]),
    );
    expect(capture.reports.length).toBeGreaterThan(0);
    expect([...capture.events.where]).toEqual([...alone.events.where].map((line) => line + from));
    for (const { line } of capture.reports)
      expect(lines[line - 1]).toMatch(/blocked for more|Showing all locks/);
  });

  it('tells of each Xid once, in time', async () => {
    const { notes = [] } = await captureOf(SAMPLE);
    expect(notes.map(({ what, timeUs, clock, facts }) => [what, timeUs, clock, facts])).toEqual([
      ['xid', 120_000_100, 'boot', { xid: 79, device: '0000:01:00' }],
      ['xid', 120_000_200, 'boot', { xid: 154, device: '0000:01:00' }],
    ]);
    const lines = SAMPLE.split('\n');
    for (const { where, text } of notes) expect(lines[where - 1]).toContain(text);
  });

  it('is read as the script packs it: one gzip member a section', async () => {
    const sections = SAMPLE.split(/(?=^_{44}$)/m).map((section) => gzipSync(section));
    const packed = await captureOf(Buffer.concat(sections));
    const plain = await captureOf(SAMPLE);
    expect({ ...packed, id: '', bytes: 0 }).toEqual({ ...plain, id: '', bytes: 0 });
  });
});
