// Tests of the s390 debug feature: samples, records in time, zPCI messages, and files of a real guest.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lowerCapture } from '../../engine/lower/lower.js';
import { captureOf, sampleTests } from '../testdata/sample-laws.laws.js';
import { readDebugLine, readZpci } from './record.js';

const TESTDATA = join(import.meta.dirname, '../testdata/s390dbf');
const SHARED = join(import.meta.dirname, '../../../shared/formats-samples/s390dbf');

const samples = sampleTests('s390dbf');

describe('records of the debug feature', () => {
  it('stand in time as annotations, each on its line, and say nothing of locks', async () => {
    for (const name of samples) {
      const text = readFileSync(join(TESTDATA, name), 'utf8');
      const capture = await captureOf(text);
      const lines = text.split('\n');
      for (const note of capture.notes ?? []) {
        expect(note.clock).toBe('utc');
        expect(lines[note.where - 1]).toContain(`${String(note.timeUs).slice(0, -6)}:`);
      }
      expect(lowerCapture(capture).programs).toEqual([]);
    }
  });

  it('carry time, CPU, level, caller and the name of the feature', async () => {
    const capture = await captureOf(readFileSync(join(TESTDATA, '03-zpci-headings-and-oddities.txt')));
    const notes = capture.notes ?? [];
    expect(notes[1]).toEqual({
      what: 'zpci',
      where: 4,
      timeUs: 1_712_345_678_000_250,
      clock: 'utc',
      cpu: 1,
      text: 'ena fid:0, fh:80020000, rc:0',
      facts: {
        does: 'ena',
        fid: '0',
        fh: '80020000',
        rc: '0',
        level: 3,
        exception: 0,
        caller: '000003e0001c2b10',
        area: 0,
        view: 'sprintf',
        feature: 'pci_msg',
      },
    });
    expect(notes.map(({ facts }) => facts['feature'])).toEqual([
      ...Array(6).fill('pci_msg'),
      'pci_error',
      ...Array(3).fill('cio_msg'),
    ]);
    expect(notes[2]?.facts).toMatchObject({ does: 'dis', rc: '-5', exception: 1 });
    expect(notes[6]).toMatchObject({ cpu: 3, text: '', facts: { bytes: '0000033a61626300', area: 1 } });
  });

  it('give the printable beginning of the bytes of hex_ascii', () => {
    const { records } = readDebugLine(
      '00 01795371165:346361 2 - 0001 00000000009b7b32  65 6e 73 63 68 00 00 | ensch..',
    );
    expect(records).toMatchObject([{ view: 'hex_ascii', text: 'ensch', bytes: '656e7363680000' }]);
  });

  it('know a message of zPCI from others', () => {
    expect(readZpci('add fid:1a, fh:20000, c:1')).toEqual({ does: 'add', fid: '1a', fh: '20000', c: '1' });
    expect(readZpci('chsc: ssd failed for 0.0.0000 (rc=0004)')).toBeNull();
    expect(readZpci('event: sch 0.0.0000, process=1')).toBeNull();
  });
});

describe.skipIf(!existsSync(SHARED))('files of a guest on s390x (../shared)', () => {
  it('are read record by record', async () => {
    for (const name of readdirSync(SHARED).filter((file) => file.endsWith('.txt'))) {
      const text = readFileSync(join(SHARED, name), 'utf8');
      const capture = await captureOf(text);
      const view = name.includes('hex_ascii') ? 'hex_ascii' : 'sprintf';
      expect(capture.format).toBe('s390dbf');
      expect(capture.byEvent).toEqual({ [view]: text.trimEnd().split('\n').length });
      expect(capture.skipped).toEqual([]);
    }
  });
});
