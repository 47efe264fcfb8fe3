// Campaign files: there and back again nothing is lost, twice is once, and no damaged byte comes in.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEnvelope, sealEnvelope } from '../pack/envelope.js';
import { encodeCapture } from '../pack/pack.js';
import { isCampaignFile, openCampaignFile } from './campaign-file.js';
import { at, captureNo, programNo, witnessOf } from './fixtures.laws.js';
import { DATABASE_VERSION } from './migrations.js';
import { openStore } from './open.js';
import { openEmpty, openScratch } from './sqlite.js';
import type { Store } from './store.js';

let folder: string;
const opened: Store[] = [];
const SEAL = { magic: 'RLKCMP\r\n', version: 1, noun: 'campaign' };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relock-campaign-'));
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(folder, { recursive: true });
});

function store(name: string): Store {
  const result = openStore(join(folder, name), { mode: 'write' });
  if (!result.ok) throw new Error(result.problem.title);
  opened.push(result.store);
  return result.store;
}

/** Two captures; bug 1 was found by `night` and reported, bug 2 by `day` alone. */
function lab(): Store {
  const db = store('lab.db');
  for (const [n, campaign] of [
    [1, 'night'],
    [2, 'day'],
  ] as const) {
    const capture = captureNo(n);
    db.addCapture(capture, encodeCapture(capture), at(n), 7);
    db.putPrograms([programNo(n, capture.id)]);
    const put = db.putWitness(witnessOf({ bug: n, variant: 1, captures: [capture.id] }), {
      campaign,
      at: at(10 + n),
    });
    db.triage(put.show, 'reported', `bug ${n}`, 'lab', at(20 + n));
    checkpoint(db, campaign, 100 * n, 30 + n);
  }
  return db;
}

function checkpoint(db: Store, name: string, execs: number, second: number): void {
  const figures = JSON.stringify({ execs });
  const owner = { token: name, pid: 1, host: 'lab', began: 'x' };
  db.lockCampaign(name, owner, at(second), () => false);
  db.saveFigures(name, owner.token, figures, at(second));
  const rest = { steps: 5, seconds: 90, features: 3, seeds: 2, newSignatures: 1, model: 'kernel/3' };
  db.saveCheckpoint(
    name,
    { seed: 7, execs, ...rest, state: Uint8Array.from([1, 2, 3]), figures },
    at(second),
  );
  db.unlockCampaign(name, owner.token);
}

function exported(db: Store, name: string): Uint8Array {
  const bytes = db.exportCampaign(name);
  if (bytes === null) throw new Error(`no campaign ${name}`);
  return bytes;
}

function take(db: Store, bytes: Uint8Array) {
  const result = db.mergeCampaign(bytes, 'night.relock', () => true);
  if (!result.ok) throw new Error(result.problem.title);
  return result.merged;
}

/** The body of a file, changed by a statement, in a seal that fits. */
function tampered(bytes: Uint8Array, sql: string): Uint8Array {
  const whole = openEnvelope(SEAL, bytes);
  if (!whole.ok) throw new Error(whole.problem.title);
  const db = openScratch(whole.body);
  db.exec(sql);
  const changed = sealEnvelope(SEAL, db.serialize());
  db.close();
  return changed;
}

describe('a campaign file', () => {
  it('carries captures, programs, checkpoint, figures, and what the campaign saw, and no other campaign', () => {
    const from = lab();
    const to = store('to.db');
    expect(take(to, exported(from, 'night'))).toEqual({
      captures: 2,
      programs: 2,
      witnesses: 1,
      sightings: 1,
      decisions: 1,
      campaigns: 1,
      refused: [],
      leftCampaigns: [],
    });
    expect(to.campaigns()).toEqual(from.campaigns().filter(({ name }) => name === 'night'));
    expect(to.campaign('night')).toEqual(from.campaign('night'));
    expect(to.campaignFigures()).toEqual(
      from.campaignFigures().filter(({ campaign }) => campaign === 'night'),
    );
    expect(to.programs()).toEqual(from.programs());
    expect(to.captures()).toEqual(from.captures());
    const { signature } = witnessOf({ bug: 1, variant: 1 });
    expect(to.witnesses()).toEqual(from.witnesses().filter((witness) => witness.signature === signature));
    expect(to.witnesses()[0]?.state).toBe('reported');
    expect(to.triageLog(signature)).toEqual(from.triageLog(signature));
    const minutes = "SELECT * FROM coverage WHERE campaign = 'night'";
    expect(to.queryReadOnly(minutes, {}, { maxRows: 10 })).toEqual(
      from.queryReadOnly(minutes, {}, { maxRows: 10 }),
    );
    expect(to.verify()).toEqual([]);
    expect(from.exportCampaign('noon')).toBeNull();
  });

  it('taken in twice is taken in once, and exported again is the same file', () => {
    const to = store('to.db');
    const bytes = exported(lab(), 'night');
    take(to, bytes);
    const once = exported(to, 'night');
    expect(take(to, bytes)).toMatchObject({
      captures: 0,
      programs: 0,
      witnesses: 0,
      sightings: 0,
      decisions: 0,
      campaigns: 0,
    });
    expect(Buffer.compare(exported(to, 'night'), once)).toBe(0);
  });

  it('goes there and back: the later state stands, and one that only has the same name is left', () => {
    const from = lab();
    const to = store('to.db');
    const old = exported(from, 'night');
    take(to, old);
    checkpoint(to, 'night', 900, 60);
    expect(take(from, exported(to, 'night')).campaigns).toBe(1);
    expect(from.campaign('night')?.execs).toBe(900);
    expect(from.campaignFigures().find(({ campaign }) => campaign === 'night')?.figures).toBe(
      '{"execs":900}',
    );
    expect(take(from, old).campaigns).toBe(0);
    expect(from.campaign('night')?.execs).toBe(900);
    const other = store('other.db');
    checkpoint(other, 'night', 1, 99);
    expect(take(other, old)).toMatchObject({ campaigns: 0, leftCampaigns: ['night'], witnesses: 1 });
    expect(other.campaign('night')?.execs).toBe(1);
  });

  it('any flipped byte and any cut is refused by name, and nothing comes in', () => {
    const bytes = exported(lab(), 'night');
    const to = store('to.db');
    const refused = (damaged: Uint8Array) => {
      const result = to.mergeCampaign(damaged, 'night.relock', () => true);
      expect(result).toMatchObject({ ok: false, problem: { about: 'night.relock' } });
    };
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, bits) => {
        const damaged = Uint8Array.from(bytes);
        damaged[place] = (damaged[place] ?? 0) ^ bits;
        refused(damaged);
      }),
    );
    fc.assert(fc.property(fc.nat(bytes.length - 1), (length) => refused(bytes.subarray(0, length))));
    expect(to.captures()).toEqual([]);
    expect(to.campaigns()).toEqual([]);
  });

  it('of a newer relock is refused by name, seal and database alike', () => {
    const bytes = exported(lab(), 'night');
    const seal = Uint8Array.from(bytes);
    seal[8] = 2;
    expect(openCampaignFile(seal, 'f')).toMatchObject({
      problem: { title: 'THIS PACKED CAMPAIGN WAS WRITTEN BY A NEWER RELOCK', about: 'f' },
    });
    const body = tampered(bytes, `PRAGMA user_version = ${DATABASE_VERSION + 1}`);
    expect(openCampaignFile(body, 'f')).toMatchObject({
      problem: { title: 'DATABASE IS OF A NEWER VERSION', about: 'f' },
    });
  });

  it('whose seal fits is still checked: a stranger may have made it', () => {
    const bytes = exported(lab(), 'night');
    for (const sql of [
      "UPDATE campaign SET state = x'00'",
      'DROP VIEW captures',
      "UPDATE program SET name = 'x', litmus = litmus || 'x'",
      'DELETE FROM search',
    ])
      expect(openCampaignFile(tampered(bytes, sql), 'f'), sql).toMatchObject({
        ok: false,
        problem: { title: 'THIS CAMPAIGN FILE IS NOT SOUND', about: 'f' },
      });
    const none = openEmpty();
    expect(openCampaignFile(sealEnvelope(SEAL, none.serialize()), 'f')).toMatchObject({ ok: false });
    none.close();
    expect(openCampaignFile(sealEnvelope(SEAL, Buffer.from('no database')), 'f')).toMatchObject({
      ok: false,
    });
  });

  it('is told by its first bytes', () => {
    const from = lab();
    expect(isCampaignFile(exported(from, 'day'))).toBe(true);
    expect(isCampaignFile(readFileSync(from.path))).toBe(false);
    expect(isCampaignFile(new Uint8Array(3))).toBe(false);
  });
});
