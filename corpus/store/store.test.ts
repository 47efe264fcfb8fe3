// What the store promises, method by method, on a real file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCapture } from '../pack/pack.js';
import type { CaptureId, Signature } from '../schema/ids.js';
import { at, captureNo, programNo, witnessOf } from './fixtures.laws.js';
import { TABLES } from './migrations/001-tables.js';
import { openStore } from './open.js';
import { openFile } from './sqlite.js';
import { type Checkpoint, type Store, StoreTrouble } from './store.js';

let folder: string;
let store: Store;
const path = () => join(folder, 'relock.db');

function open(mode: 'write' | 'read' = 'write'): Store {
  const opened = openStore(path(), { mode });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problem));
  return opened.store;
}

/** Runs SQL behind the store's back, as another program might. */
function tamper(sql: string, foreignKeys = true): void {
  const db = openFile(path(), false, 1000);
  try {
    if (!foreignKeys) db.pragma('foreign_keys = OFF');
    db.exec(sql);
  } finally {
    db.close();
  }
}

function rows(sql: string, parameters: Record<string, string> = {}): unknown[][] {
  const result = store.queryReadOnly(sql, parameters, { maxRows: 100 });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.rows.map((row) => [...row]);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relock-store-'));
  store = open();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

describe('captures', () => {
  it('are stored once, and come back as they were', () => {
    const capture = captureNo(1);
    expect(store.addCapture(capture, encodeCapture(capture), at(1))).toBe('stored');
    expect(store.addCapture({ ...capture, file: 'copy.txt' }, encodeCapture(capture), at(2))).toBe('already');
    expect(store.captures()).toHaveLength(1);
    expect(store.captures()[0]).toMatchObject({
      file: 'dmesg-1.txt',
      reports: 1,
      events: 8,
      importedAt: at(1),
    });
    expect(store.captures()[0]?.skipped).toEqual(capture.skipped);
    expect(store.capture(capture.id)).toStrictEqual(capture);
    expect(store.capture('0'.repeat(64) as CaptureId)).toBeNull();
  });

  it('give rows to the views', () => {
    const capture = captureNo(1);
    store.addCapture(capture, encodeCapture(capture), at(1));
    expect(rows('SELECT kind, line, task, wants, holds FROM reports')).toEqual([
      ['hung-task', 7, 'bash', '&dev->mutex', '["pci_rescan_remove_lock"]'],
    ]);
    expect(rows('SELECT stat, severity, count FROM skipped ORDER BY stat')).toEqual([
      ['report_cut_off', 'data-loss', 3],
      ['stack_unreadable', 'info', 1],
    ]);
    expect(rows('SELECT * FROM contention ORDER BY class')).toEqual([
      ['&dev->mutex', 'mutex', 1, 2, 1, 40, 0],
      ['pci_rescan_remove_lock', 'mutex', 1, 1, 1, null, 0],
    ]);
  });

  it('are refused by name when they are larger than SQLite can hold', () => {
    const pack = new Uint8Array(1_000_000_001);
    expect(() => store.addCapture(captureNo(1), pack, at(1))).toThrow(/CAPTURE IS TOO LARGE/);
    expect(store.captures()).toEqual([]);
  });

  it('are refused by name when their bytes are damaged', () => {
    const capture = captureNo(1);
    const pack = encodeCapture(capture);
    pack[pack.length - 1] = pack[pack.length - 1]! ^ 1;
    store.addCapture(capture, pack, at(1));
    expect(() => store.capture(capture.id)).toThrow(StoreTrouble);
    expect(store.verify()).toMatchObject([{ what: 'capture', id: capture.id }]);
  });
});

describe('programs', () => {
  it('are stored once per episode and give the lock order', () => {
    const capture = captureNo(1);
    store.addCapture(capture, encodeCapture(capture), at(1));
    const program = programNo(0, capture.id);
    store.putPrograms([program, program]);
    store.putPrograms([program]);
    expect(store.programs()).toStrictEqual([program]);
    expect(store.programs({ capture: '0'.repeat(64) as CaptureId })).toEqual([]);
    expect(rows('SELECT * FROM lock_order')).toEqual([
      [
        '&dev->mutex',
        'pci_rescan_remove_lock',
        'exclusive -> exclusive',
        'task',
        1,
        1,
        'sriov_numvfs_store',
        'sriov_numvfs_store',
        'dmesg-1.txt:9',
      ],
      [
        'pci_rescan_remove_lock',
        '&dev->mutex',
        'exclusive -> exclusive',
        'task',
        1,
        1,
        'remove_store',
        'device_release_driver',
        'dmesg-1.txt:4',
      ],
    ]);
  });

  it('need a capture that is stored, and an id that fits', () => {
    const program = programNo(0, captureNo(1).id);
    // Relock itself has read the capture just before: if it is not there, the database is to blame.
    expect(() => store.putPrograms([program])).toThrow(StoreTrouble);
    expect(() => store.putPrograms([program])).toThrow(/DAMAGED/);
    expect(() => store.putPrograms([{ ...program, litmus: 'other' }])).toThrow(/sha256/);
    expect(rows('SELECT count(*) FROM programs')).toEqual([[0]]);
  });
});

describe('witnesses', () => {
  it('are new, then seen; worse ones of a known signature are counted, better ones stored', () => {
    const first = witnessOf({ bug: 1, variant: 1, grade: 'raw', steps: 9 });
    expect(store.putWitness(first, { campaign: null, at: at(1) })).toEqual({
      outcome: 'new',
      show: first.id,
      state: 'open',
    });
    expect(store.putWitness(first, { campaign: null, at: at(2) }).outcome).toBe('seen');
    const worse = witnessOf({ bug: 1, variant: 2, grade: 'raw', steps: 10 });
    expect(store.putWitness(worse, { campaign: 'night', at: at(3) })).toMatchObject({
      outcome: 'known-signature',
      show: first.id,
    });
    expect(store.findWitness(worse.id).found).toBe('none');
    const better = witnessOf({ bug: 1, variant: 3, grade: 'minimal', steps: 4 });
    expect(store.putWitness(better, { campaign: 'night', at: at(4) })).toMatchObject({
      outcome: 'known-signature',
      show: better.id,
    });
    const observed = witnessOf({ bug: 1, variant: 4, grade: 'reduced', basis: 'observed', steps: 9 });
    expect(store.putWitness(observed, { campaign: null, at: at(5) })).toMatchObject({ show: observed.id });
    expect(rows('SELECT best_witness, sightings, first_seen, last_seen FROM signatures')).toEqual([
      [better.id, 5, at(1), at(5)],
    ]);
    expect(store.witnesses().map((w) => w.id)).toEqual([observed.id, better.id, first.id]);
    expect(rows('SELECT id, locks, tasks, best FROM witnesses WHERE best')).toEqual([
      [better.id, '&dev->mutex, lock_1', 2, 1],
    ]);
    expect(store.verify()).toEqual([]);
  });

  it('come back in the form of the contract, with the captures where they were seen', () => {
    for (const n of [1, 2, 3]) store.addCapture(captureNo(n), encodeCapture(captureNo(n)), at(n));
    const witness = witnessOf({ bug: 1, variant: 1, captures: [captureNo(1).id] });
    store.putWitness(witness, { campaign: null, at: at(4) });
    expect(store.witnesses()).toStrictEqual([{ ...witness, found_at: at(4) }]);
    // The same text from another capture, and a worse text from a third.
    store.putWitness({ ...witness, captures: [captureNo(2).id] }, { campaign: null, at: at(5) });
    store.putWitness(witnessOf({ bug: 1, variant: 2, steps: 8, captures: [captureNo(3).id] }), {
      campaign: null,
      at: at(6),
    });
    expect(store.witnesses()[0]?.captures).toEqual([1, 2, 3].map((n) => captureNo(n).id));
    expect(store.witnesses({ capture: captureNo(3).id })).toHaveLength(1);
    expect(store.witnesses({ campaign: 'night' })).toHaveLength(0);
  });

  it('are found by the start of an id or of a signature', () => {
    const witnesses = Array.from({ length: 40 }, (_, bug) => witnessOf({ bug, variant: 1 }));
    for (const [n, w] of witnesses.entries()) store.putWitness(w, { campaign: null, at: at(n) });
    for (const w of witnesses) {
      expect(store.findWitness(w.id)).toMatchObject({ found: 'one', witness: { id: w.id } });
      expect(store.findWitness(w.signature.toUpperCase())).toMatchObject({
        found: 'one',
        witness: { id: w.id },
      });
    }
    // 40 witnesses under 16 digits: some digit begins two.
    const digits = [...'0123456789abcdef'].map((digit) => store.findWitness(digit));
    expect(digits.some((found) => found.found === 'ambiguous' && found.matches.length > 1)).toBe(true);
    for (const none of ['', 'xyz', '%', '_', "'", `${witnesses[0]?.id}0`])
      expect(store.findWitness(none)).toEqual({ found: 'none' });
  });

  it('are searched by lock, class, task, site and note', () => {
    const one = witnessOf({ bug: 1, variant: 1 });
    const two = witnessOf({ bug: 2, variant: 1 });
    store.putWitness(one, { campaign: null, at: at(1) });
    store.putWitness(two, { campaign: null, at: at(2) });
    const ids = (search: string) => store.witnesses({ search }).map((w) => w.id);
    expect(ids('lock_1')).toEqual([one.id]);
    expect(ids('lock AND 2')).toEqual([two.id]);
    expect(ids('site_1 OR site_2')).toEqual([two.id, one.id]);
    expect(ids('remov*')).toHaveLength(2);
    expect(ids('&dev->mutex')).toHaveLength(2);
    expect(ids('nobody')).toEqual([]);
    for (const odd of ['"', '(', 'AND', '-', '&->', 'no-b', 'zz:top', "'; --"]) expect(ids(odd)).toEqual([]);
    store.triage(two.id, 'reported', 'seen on lpar07', 'me', at(3));
    expect(ids('lpar07')).toEqual([two.id]);
  });

  it('are refused if their id does not fit their text', () => {
    const witness = witnessOf({ bug: 1, variant: 1 });
    expect(() => store.putWitness({ ...witness, litmus: 'x' }, { campaign: null, at: at(1) })).toThrow(
      /sha256/,
    );
    expect(() => store.putWitness(witness, { campaign: null, at: 'yesterday' })).toThrow(/toISOString/);
    expect(store.witnesses()).toEqual([]);
  });

  it('are never changed or deleted, whoever asks', () => {
    store.putWitness(witnessOf({ bug: 1, variant: 1 }), { campaign: null, at: at(1) });
    store.triage(witnessOf({ bug: 1, variant: 1 }).id, 'reported', null, 'me', at(2));
    const before = rows('SELECT * FROM witnesses');
    for (const sql of [
      "UPDATE witness SET grade = 'raw'",
      'DELETE FROM witness',
      'REPLACE INTO witness SELECT * FROM witness',
      "UPDATE triage SET state = 'fixed'",
      'DELETE FROM triage',
      'DELETE FROM sighting',
      "UPDATE sighting SET at = ''",
    ])
      expect(() => tamper(sql), sql).toThrow(/never|append-only/);
    expect(rows('SELECT * FROM witnesses')).toEqual(before);
  });
});

describe('triage', () => {
  it('appends, and the last decision stands', () => {
    const { id, signature } = witnessOf({ bug: 1, variant: 1 });
    store.putWitness(witnessOf({ bug: 1, variant: 1 }), { campaign: null, at: at(1) });
    const link = 'https://lore.kernel.org/linux-pci/20260310.1@x/';
    const put = store.triage(id.slice(0, 6), 'reported', `sent, see ${link} please`, 'niels', at(2));
    expect(put).toMatchObject({
      ok: true,
      entry: { signature, state: 'reported', link },
      witness: { state: 'reported' },
    });
    expect(store.triage(signature, 'invalid', null, 'niels', at(3)).ok).toBe(true);
    expect(store.witnesses({ state: 'invalid' }).map((w) => w.id)).toEqual([id]);
    expect(store.witnesses({ state: 'open' })).toEqual([]);
    expect(store.triageLog(signature as Signature).map((entry) => entry.state)).toEqual([
      'reported',
      'invalid',
    ]);
    expect(rows('SELECT state, who, at FROM triage_log')).toEqual([
      ['reported', 'niels', at(2)],
      ['invalid', 'niels', at(3)],
    ]);
  });

  it('a bug that is seen after its fix has regressed, until the next decision', () => {
    const witness = witnessOf({ bug: 1, variant: 1 });
    store.putWitness(witness, { campaign: null, at: at(1) });
    store.triage(witness.id, 'fixed', '7.0.0-rc4', 'niels', at(2));
    expect(store.witnesses()[0]?.state).toBe('fixed');
    expect(store.putWitness(witness, { campaign: null, at: at(3) })).toMatchObject({
      outcome: 'seen',
      state: 'regressed',
    });
    expect(store.witnesses({ state: 'regressed' })).toHaveLength(1);
    store.triage(witness.id, 'fixed', '7.0.0-rc5', 'niels', at(4));
    expect(store.witnesses()[0]?.state).toBe('fixed');
  });

  it('dup names the other signature; itself, unknown and ambiguous ids are refused', () => {
    const [a, b] = [witnessOf({ bug: 1, variant: 1 }), witnessOf({ bug: 2, variant: 1 })];
    store.putWitness(a, { campaign: null, at: at(1) });
    store.putWitness(b, { campaign: null, at: at(1) });
    expect(store.triage(a.id, 'dup', `${b.id} same path`, 'me', at(2))).toMatchObject({
      ok: true,
      entry: { dupOf: b.signature },
    });
    expect(store.triage(a.id, 'dup', a.id, 'me', at(2)).ok).toBe(false);
    expect(store.triage('feedfeedfeed', 'fixed', null, 'me', at(2))).toMatchObject({
      ok: false,
      problem: { title: 'NO WITNESS feedfeedfeed' },
    });
    expect(rows('SELECT count(*) FROM triage_log')).toEqual([[1]]);
  });
});

describe('campaigns', () => {
  const checkpoint: Checkpoint = {
    seed: 2 ** 53 - 1,
    execs: 10,
    steps: 100,
    seconds: 59.5,
    features: 5,
    seeds: 2,
    newSignatures: 1,
    model: 'kernel/2',
    state: Uint8Array.of(0, 1, 255),
  };

  it('keep the last checkpoint and one row per minute', () => {
    expect(store.campaign('night')).toBeNull();
    store.saveCheckpoint('night', checkpoint, at(0));
    store.saveCheckpoint('night', { ...checkpoint, seconds: 59.9, execs: 11 }, at(1));
    store.saveCheckpoint('night', { ...checkpoint, seconds: 60, execs: 12, state: Uint8Array.of(7) }, at(2));
    store.saveCheckpoint('day', checkpoint, at(1));
    const night = store.campaign('night');
    expect(night).toMatchObject({ seed: 2 ** 53 - 1, execs: 12, startedAt: at(0), updatedAt: at(2) });
    expect([...(night?.state ?? [])]).toEqual([7]);
    expect(store.campaigns().map((c) => c.name)).toEqual(['night', 'day']);
    expect(rows("SELECT minute, execs FROM coverage WHERE campaign = 'night' ORDER BY minute")).toEqual([
      [0, 11],
      [1, 12],
    ]);
    tamper("UPDATE campaign SET state = x'00' WHERE name = 'day'");
    expect(store.verify()).toMatchObject([{ what: 'campaign', id: 'day' }]);
  });
});

describe('atomically', () => {
  it('stores all or nothing', () => {
    const capture = captureNo(1);
    const importThenFail = () =>
      store.atomically(() => {
        store.addCapture(capture, encodeCapture(capture), at(1));
        store.putPrograms([programNo(0, capture.id)]);
        throw new Error('power cut');
      });
    expect(importThenFail).toThrow('power cut');
    expect(store.captures()).toEqual([]);
    expect(store.programs()).toEqual([]);
  });
});

/** A statement run while one of the triggers that forbid it is away; the trigger is put back. */
function without(trigger: string, sql: string): string {
  const text = new RegExp(`CREATE TRIGGER ${trigger}[\\s\\S]*?END;`).exec(TABLES)?.[0];
  if (text === undefined) throw new Error(`no trigger ${trigger}`);
  return `DROP TRIGGER ${trigger}; ${sql}; ${text}`;
}

describe('verify', () => {
  it('finds nothing wrong in a good database, and each kind of damage', () => {
    const capture = captureNo(1);
    store.addCapture(capture, encodeCapture(capture), at(1));
    store.putPrograms([programNo(0, capture.id)]);
    const witness = witnessOf({ bug: 1, variant: 1, captures: [capture.id] });
    store.putWitness(witness, { campaign: null, at: at(1) });
    expect(store.verify()).toEqual([]);
    tamper("UPDATE program SET litmus = 'other'");
    const kinds = () => [...new Set(store.verify().map((defect) => defect.what))];
    expect(kinds()).toEqual(['program']);
    tamper(without('witness_is_never_changed', "UPDATE witness SET litmus = 'other'"));
    expect(kinds()).toEqual(['program', 'witness']);
    tamper('DELETE FROM search');
    expect(store.verify().map((defect) => defect.what)).toContain('search');
    tamper(without('witness_is_never_deleted', 'DELETE FROM witness'), false);
    const defects = store.verify();
    expect(defects.map((defect) => defect.what)).toContain('row');
    expect(defects).toContainEqual({ what: 'signature', id: witness.signature, problem: 'has no witness' });
  });

  it.each([
    [without('capture_is_never_changed', 'UPDATE capture SET kernel = 9'), 'its rows in capture are not'],
    ['DROP TRIGGER capture_is_never_changed', 'is missing'],
    ['DROP VIEW skipped; CREATE VIEW skipped AS SELECT 1 AS one', 'is not as relock makes it'],
    ['CREATE TRIGGER mine AFTER INSERT ON report BEGIN DELETE FROM skip; END', 'is not of relock'],
    ["UPDATE report SET title = title || '!'", 'its rows in report are not'],
    ['DELETE FROM skip', 'its rows in skip are not'],
    ['UPDATE class_use SET acquisitions = acquisitions + 1', 'its rows in class_use are not'],
    [
      "UPDATE program_source SET lowered = replace(lowered, 'remover', 'removed')",
      'does not fit its checksum',
    ],
    [
      "UPDATE program_source SET lowered_sha256 = NULL, lowered = replace(lowered, 'remover', 'removed')",
      'litmus text differ',
    ],
    [
      "UPDATE program_source SET lowered_sha256 = NULL, lowered = replace(lowered, '\":', '\": ')",
      'not in canonical form',
    ],
    ['UPDATE program_source SET happened = 1 - happened', 'its JSON body and its columns differ'],
    ['UPDATE program SET ops = ops + 1', 'its name or its counts are not'],
    ["UPDATE order_edge SET class_held = 'other'", 'its rows in order_edge are not'],
    ["UPDATE signature SET title = 'other'", 'its row and its best witness differ'],
  ])('finds what is no longer what it was derived from: %s', (sql, problem) => {
    const capture = captureNo(1);
    store.addCapture(capture, encodeCapture(capture), at(1));
    store.putPrograms([programNo(0, capture.id)]);
    store.putWitness(witnessOf({ bug: 1, variant: 1, captures: [capture.id] }), {
      campaign: null,
      at: at(1),
    });
    expect(store.verify()).toEqual([]);
    tamper(sql);
    const problems = store.verify().map((defect) => defect.problem);
    // A changed task also has another lock order: one damage may show twice, and nothing else shows.
    expect(problems.length).toBeLessThanOrEqual(2);
    expect(problems.join('\n')).toContain(problem);
  });
});
