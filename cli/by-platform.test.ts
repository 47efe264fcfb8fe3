// The canned query by-platform: which inversions the logs of each platform show, share, have one order of, or miss.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../corpus/store/open.js';
import type { Store } from '../corpus/store/store.js';
import { ingest, keep } from './ingest.js';
import { keepWitnesses } from './keep-witnesses.js';
import { programsIn, searchOnce } from './search.js';

const folder = mkdtempSync(join(tmpdir(), 'relock-platform-'));
const AT = '2026-11-25T00:00:00.000Z';
let store: Store;

async function add(...paths: string[]): Promise<void> {
  for (const path of paths) {
    const taken = await ingest(fileURLToPath(new URL(`../corpus/${path}`, import.meta.url)), null);
    if (!taken.ok) throw new Error(taken.problem.title);
    keep(store, taken.capture, AT);
  }
}

function rows(): Record<string, unknown>[] {
  const query = store.cannedQueries().find(({ name }) => name === 'by-platform');
  if (query === undefined) throw new Error('no such query');
  const result = store.queryReadOnly(query.sql, {}, { maxRows: 100 });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.rows.map((row) => Object.fromEntries(result.columns.map((column, i) => [column, row[i]])));
}

beforeAll(() => {
  const opened = openStore(join(folder, 'relock.db'), { mode: 'write' });
  if (!opened.ok) throw new Error(opened.problem.title);
  store = opened.store;
});
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

describe('relock query by-platform', () => {
  it('tells who shows, who shares and who misses, and names the witness', async () => {
    expect(rows()).toEqual([]);
    await add('samples/x86_64-sriov-numvfs-vs-remove-hung.log', 'samples/x86_64-abba-splat.log');
    await add('samples/s390x-zpci-unbind-vs-remove-hung.log', 'samples/eight-tasks-in-order.litmus');
    const { witnesses } = await searchOnce(programsIn(store), ['observed', 'predict']);
    keepWitnesses(store, witnesses, { campaign: null, at: AT });
    const told = rows();
    const of = (inversion: string) =>
      told
        .filter((row) => row['inversion'] === inversion)
        .map((row) => `${row['platform']} ${row['has']} ${row['captures']} (${row['shown_by']})`);
    expect(of('&dev->mutex <-> pci_rescan_remove_lock')).toEqual([
      's390 shows 1 (s390, x86_64)',
      'x86_64 shows 1 (s390, x86_64)',
    ]);
    expect(of('lf_a <-> lf_b')).toEqual(['x86_64 shows 1 (x86_64)', 's390 misses 0 (x86_64)']);
    // A litmus text is nobody's log.
    expect(told.map((row) => row['platform'])).not.toContain('unknown');
    for (const row of told) expect(witnesses.some(({ id }) => id === row['witness'])).toBe(true);
  });

  it('tells which platform has which half of what only deadlocks across captures', async () => {
    const opened = openStore(join(folder, 'halves.db'), { mode: 'write' });
    if (!opened.ok) throw new Error(opened.problem.title);
    const whole = store;
    store = opened.store;
    try {
      await add('samples/x86_64-pci-remove-only.ftrace.txt', 'samples/s390x-pci-unbind-only.ftrace.txt');
      const { witnesses } = await searchOnce(programsIn(store, true), ['observed', 'predict']);
      expect(witnesses.map(({ basis }) => basis)).toContain('composed');
      keepWitnesses(store, witnesses, { campaign: null, at: AT });
      const told = rows().map(({ inversion, platform, has, captures }) => [
        inversion,
        platform,
        has,
        captures,
      ]);
      const inversion = '&dev->mutex <-> pci_rescan_remove_lock';
      expect(told).toEqual([
        [inversion, 's390', 'only &dev->mutex before pci_rescan_remove_lock', 1],
        [inversion, 'x86_64', 'only pci_rescan_remove_lock before &dev->mutex', 1],
      ]);
    } finally {
      store.close();
      store = whole;
    }
  });
});
