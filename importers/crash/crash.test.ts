// Tests of sessions of crash(8) and drgn, and of stacks from /proc: samples, and the deadlock that they show.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lowerCapture } from '../../engine/lower/lower.js';
import { ownerTask } from '../listing/mutex-paste.js';
import { captureOf, sampleTests } from '../testdata/sample-laws.laws.js';

const TESTDATA = join(import.meta.dirname, '../testdata');
const MAILS = join(import.meta.dirname, '../../../shared/formats-samples/mail');

const samples = [
  ...sampleTests('crash').map((name) => `crash/${name}`),
  ...sampleTests('proc-stack').map((name) => `proc-stack/${name}`),
];

describe('the hang that a listing shows', () => {
  it.each(samples)('%s: rescan lock and device lock, crosswise', async (name) => {
    const capture = await captureOf(readFileSync(join(TESTDATA, name)));
    expect(capture.episodes.map(({ basis, happened }) => [basis, happened])).toEqual([['observed', true]]);
    const [lowered] = lowerCapture(capture).programs;
    expect(lowered?.program.locks.map((lock) => lock.class)).toEqual(
      expect.arrayContaining(['&dev->mutex', 'pci_rescan_remove_lock']),
    );
    expect(lowered?.program.tasks.length).toBe(2);
  });

  it('with owners printed it rests on addresses, not on known paths', async () => {
    for (const name of ['01-x86-foreach-un-and-mutexes.txt', '03-drgn-lock.txt']) {
      const capture = await captureOf(readFileSync(join(TESTDATA, 'crash', name)));
      expect(capture.episodes[0]?.origin).toBe('locks held');
      expect(capture.episodes[0]?.ruledOut).toEqual([expect.stringContaining('prints the addresses')]);
    }
  });

  it('names states, seconds and stacks', async () => {
    const capture = await captureOf(readFileSync(join(TESTDATA, 'crash/03-drgn-lock.txt')));
    const [hung] = capture.reports.filter((report) => report.kind === 'hung-task');
    expect(hung?.blocked.map(({ task, pid, state, seconds }) => [task, pid, state, seconds])).toContainEqual([
      'hot-remover',
      2202,
      'D',
      252,
    ]);
  });

  it('is read out of a mail that quotes the session', async () => {
    const session = readFileSync(join(TESTDATA, 'crash/01-x86-foreach-un-and-mutexes.txt'), 'utf8');
    const mail = `From: a@example.org\nSubject: hang\nMessage-ID: <1@example.org>\nDate: Mon, 5 Jan 2026 10:00:00 +0100\n\nSee below.\n\n${session.replace(/^/gm, '> ')}`;
    const capture = await captureOf(mail);
    expect(capture.reports.map((report) => report.kind)).toEqual(['hung-task', 'locks-held']);
    expect(capture.reports[0]?.blocked[0]?.frames.slice(3, 6)).toEqual([
      '__mutex_lock.constprop.0',
      'pci_lock_rescan_remove',
      'sriov_numvfs_store',
    ]);
  });
});

describe('owner.counter', () => {
  it('is read signed, unsigned, decimal and hexadecimal, without its flag bits', () => {
    expect(ownerTask('0xffff88800a41b301')).toBe(0xffff88800a41b300n);
    expect(ownerTask(String(BigInt.asIntN(64, 0xffff88800a41b307n)))).toBe(0xffff88800a41b300n);
    expect(ownerTask('0')).toBe(0n);
  });
});

describe.skipIf(!existsSync(MAILS))('public mails (../shared)', () => {
  it.each(
    existsSync(MAILS) ? readdirSync(MAILS).filter((name) => /^(?:crash-bt|proc-stack).*txt$/.test(name)) : [],
  )('%s', async (name) => {
    const capture = await captureOf(readFileSync(join(MAILS, name)));
    const read = (capture.byEvent['bt'] ?? 0) + (capture.byEvent['proc stack'] ?? 0);
    expect(read).toBeGreaterThan(0);
  });
});
if (!existsSync(MAILS)) console.warn('crash: ../shared is missing, public mails were not read');
