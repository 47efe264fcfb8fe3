// The store against a plain model in memory: random commands - import, find, triage, merge, save, resume, crash - and after
// each one both must say the same.
import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCapture } from '../pack/pack.js';
import { BASES, type Basis } from '../schema/capture.js';
import { GRADES, type Grade, TRIAGE_STATES, type TriageState } from '../schema/witness.js';
import { at, captureNo, programNo, witnessOf } from './fixtures.laws.js';
import { compare, found, Model, opened, type Real } from './model.laws.js';

class Import implements fc.Command<Model, Real> {
  constructor(readonly n: number) {}
  check = () => true;
  run(model: Model, real: Real): void {
    const capture = captureNo(this.n);
    const known = model.captures.includes(this.n);
    expect(real.store.addCapture(capture, encodeCapture(capture), model.now())).toBe(
      known ? 'already' : 'stored',
    );
    if (!known) model.captures.push(this.n);
    const program = programNo(this.n, capture.id);
    real.store.putPrograms([program]);
    if (!known) model.programs.push(program);
    compare(model, real);
  }
  toString = () => `import(${this.n})`;
}

class Put implements fc.Command<Model, Real> {
  constructor(
    readonly bug: number,
    readonly variant: number,
    readonly grade: Grade,
    readonly basis: Basis,
    readonly steps: number,
    readonly captures: readonly number[],
  ) {}
  check = (model: Readonly<Model>) => this.captures.every((n) => model.captures.includes(n));
  run(model: Model, real: Real): void {
    const { bug, variant, grade, basis, steps } = this;
    const captures = this.captures.map((n) => captureNo(n).id);
    const now = model.now();
    const { witness, outcome, dominated } = found(
      model,
      { bug, variant, grade, basis, steps, captures },
      now,
    );

    const put = real.store.putWitness(witness, { campaign: null, at: now });
    expect(put).toMatchObject({ outcome, state: model.state(bug) });
    expect(real.store.findWitness(put.show)).toMatchObject({
      found: 'one',
      witness: { signature: witness.signature },
    });
    if (!dominated) expect(put.show).toBe(witness.id);
    expect(real.store.findWitness(witness.signature)).toMatchObject({
      found: 'one',
      witness: { id: model.best(bug)?.id },
    });
    compare(model, real);
  }
  toString = () =>
    `put(${[this.bug, this.variant, this.grade, this.basis, this.steps, `[${this.captures}]`].join(' ')})`;
}

class Triage implements fc.Command<Model, Real> {
  constructor(
    readonly bug: number,
    readonly state: TriageState,
  ) {}
  check = () => true;
  run(model: Model, real: Real): void {
    const now = model.now();
    const { signature } = witnessOf({ bug: this.bug, variant: 0 });
    const known = model.of(this.bug).length > 0;
    expect(real.store.triage(signature, this.state, null, 'me', now).ok).toBe(known);
    if (known) model.triage.push({ bug: this.bug, state: this.state, at: now });
    expect(real.store.triageLog(signature).map((t) => [t.state, t.at])).toEqual(
      model.triage.filter((t) => t.bug === this.bug).map((t) => [t.state, t.at]),
    );
    compare(model, real);
  }
  toString = () => `triage(${this.bug} ${this.state})`;
}

class Save implements fc.Command<Model, Real> {
  constructor(
    readonly name: string,
    readonly execs: number,
  ) {}
  check = () => true;
  run(model: Model, real: Real): void {
    const now = model.now();
    const state = Uint8Array.of(this.execs);
    real.store.saveCheckpoint(this.name, { ...FIGURES, execs: this.execs, state }, now);
    model.campaigns.set(this.name, {
      execs: this.execs,
      startedAt: model.campaigns.get(this.name)?.startedAt ?? now,
      updatedAt: now,
    });
    expect([...(real.store.campaign(this.name)?.state ?? [])]).toEqual([this.execs]);
    compare(model, real);
  }
  toString = () => `save(${this.name} ${this.execs})`;
}

class Reopen implements fc.Command<Model, Real> {
  check = () => true;
  run(model: Model, real: Real): void {
    real.store.close();
    const reader = opened(real.path, 'read');
    compare(model, { ...real, store: reader });
    expect(reader.verify()).toEqual([]);
    reader.close();
    real.store = opened(real.path, 'write');
    compare(model, real);
  }
  toString = () => 'reopen';
}

const FIGURES = { seed: 1, steps: 1, seconds: 1, features: 1, seeds: 1, newSignatures: 1, model: 'kernel/2' };

/** A campaign goes on from what is stored, whoever stored it: from the checkpoint, not from memory. */
class Resume implements fc.Command<Model, Real> {
  constructor(readonly name: string) {}
  check = (model: Readonly<Model>) => model.campaigns.has(this.name);
  run(model: Model, real: Real): void {
    const known = model.campaigns.get(this.name)!;
    const stored = real.store.campaign(this.name);
    expect(stored).toMatchObject({ execs: known.execs, startedAt: known.startedAt });
    expect([...(stored?.state ?? [])]).toEqual([known.execs & 0xff]);
    const execs = stored!.execs + 1;
    const now = model.now();
    real.store.saveCheckpoint(this.name, { ...FIGURES, execs, state: Uint8Array.of(execs) }, now);
    model.campaigns.set(this.name, { ...known, execs, updatedAt: now });
    compare(model, real);
  }
  toString = () => `resume(${this.name})`;
}

/** Another lab's database comes in, twice: it has a capture, a witness that hangs on it, a decision and a campaign. */
class Merge implements fc.Command<Model, Real> {
  constructor(
    readonly n: number,
    readonly bug: number,
    readonly variant: number,
    readonly grade: Grade,
    readonly steps: number,
    readonly state: TriageState,
  ) {}
  check = () => true;
  run(model: Model, real: Real): void {
    const { n, bug, variant, grade, steps } = this;
    const [importedAt, foundAt, decidedAt] = [model.now(), model.now(), model.now()];
    const capture = captureNo(n);
    const find = { bug, variant, grade, basis: 'recorded', steps, captures: [capture.id] } as const;
    const name = `lab ${model.tick}`;
    const path = `${real.path}-${model.tick}.lab`;
    const lab = opened(path, 'write');
    lab.addCapture(capture, encodeCapture(capture), importedAt);
    lab.putPrograms([programNo(n, capture.id)]);
    const { signature } = witnessOf(find);
    lab.putWitness(witnessOf(find), { campaign: null, at: foundAt });
    expect(lab.triage(signature, this.state, null, 'lab', decidedAt).ok).toBe(true);
    lab.saveCheckpoint(name, { ...FIGURES, execs: n, state: Uint8Array.of(n) }, decidedAt);
    lab.close();

    if (!model.captures.includes(n)) {
      model.captures.push(n);
      model.programs.push(programNo(n, capture.id));
    }
    found(model, find, foundAt);
    model.triage.push({ bug, state: this.state, at: decidedAt });
    model.campaigns.set(name, { execs: n, startedAt: decidedAt, updatedAt: decidedAt });
    for (const merged of [1, 0]) {
      const result = real.store.merge(path, () => true);
      if (!result.ok) throw new Error(result.problem.title);
      expect(result.merged).toMatchObject({ decisions: merged, campaigns: merged, refused: [] });
      compare(model, real);
    }
  }
  toString = () => `merge(${this.n} ${this.bug} ${this.variant} ${this.grade} ${this.steps} ${this.state})`;
}

class Killed extends Error {}

/** The process ends in the middle of a transaction: what stands in the files then is what the next one finds, with a torn end. */
class Crash implements fc.Command<Model, Real> {
  constructor(readonly torn: number) {}
  check = () => true;
  run(model: Model, real: Real): void {
    const after = `${real.path.replace(/-after.*$/, '')}-after-${++model.tick}`;
    const half = (): void => {
      const capture = captureNo(9);
      real.store.addCapture(capture, encodeCapture(capture), at(model.tick));
      real.store.putWitness(witnessOf({ bug: 0, variant: 9, captures: [capture.id] }), {
        campaign: null,
        at: at(model.tick),
      });
      for (const end of ['', '-wal']) copyFileSync(`${real.path}${end}`, `${after}${end}`);
      appendFileSync(`${after}-wal`, Buffer.alloc(this.torn, 0x5a));
      throw new Killed('in the middle');
    };
    expect(() => real.store.atomically(half)).toThrow(Killed);
    // The one that goes on is rolled back; the one that was killed is recovered. Both hold the same.
    compare(model, real);
    real.store.close();
    real.path = after;
    real.store = opened(after, 'write');
    expect(real.store.verify()).toEqual([]);
    compare(model, real);
  }
  toString = () => `crash(${this.torn})`;
}

/** Sequences of commands; `npm run overnight` runs many more. */
const RUNS = Number(process.env['RELOCK_STORE_RUNS'] ?? 20);

const anyBug = fc.nat(1);
const anyPut = fc
  .tuple(
    anyBug,
    fc.nat(3),
    fc.constantFrom(...GRADES),
    fc.constantFrom(...BASES),
    fc.integer({ min: 2, max: 5 }),
    fc.uniqueArray(fc.nat(3), { maxLength: 2 }),
  )
  .map((args) => new Put(...args));
const commands = [
  fc.nat(3).map((n) => new Import(n)),
  // Three times, since most of what can go wrong needs several witnesses of one bug.
  anyPut,
  anyPut,
  anyPut,
  fc.tuple(anyBug, fc.constantFrom(...TRIAGE_STATES)).map((args) => new Triage(...args)),
  fc.tuple(fc.constantFrom('night', 'day'), fc.nat(255)).map((args) => new Save(...args)),
  fc.constant(new Reopen()),
  fc.constantFrom('night', 'day').map((name) => new Resume(name)),
  fc
    .tuple(
      fc.nat(3),
      anyBug,
      fc.nat(3),
      fc.constantFrom(...GRADES),
      fc.integer({ min: 2, max: 5 }),
      fc.constantFrom(...TRIAGE_STATES),
    )
    .map((args) => new Merge(...args)),
  fc.nat(6000).map((torn) => new Crash(torn)),
];

describe('the store and a model of it', () => {
  it('agree after every command', () => {
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 60, size: 'max' }), (sequence) => {
        const folder = mkdtempSync(join(tmpdir(), 'relock-model-'));
        const path = join(folder, 'relock.db');
        const real: Real = { store: opened(path, 'write'), path };
        try {
          fc.modelRun(() => ({ model: new Model(), real }), sequence);
        } finally {
          real.store.close();
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: RUNS },
    );
  });
});
