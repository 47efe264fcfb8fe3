// The store against a plain model in memory: random commands, and after each one both must say the same.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCapture } from '../pack/pack.js';
import { BASES, type Basis } from '../schema/capture.js';
import type { CaptureId } from '../schema/ids.js';
import { GRADES, type Grade, TRIAGE_STATES, type TriageState, type Witness } from '../schema/witness.js';
import { at, captureNo, programNo, witnessOf } from './fixtures.laws.js';
import { openStore } from './open.js';
import type { Store, StoredProgram } from './store.js';

interface ModelSighting {
  readonly bug: number;
  readonly witness: string | null;
  readonly captures: readonly CaptureId[];
  readonly at: string;
}

/** What the store should hold, in the plainest form. */
class Model {
  tick = 0;
  readonly captures: number[] = [];
  readonly programs: StoredProgram[] = [];
  readonly witnesses: { readonly bug: number; readonly witness: Witness; readonly foundAt: string }[] = [];
  readonly sightings: ModelSighting[] = [];
  readonly triage: { readonly bug: number; readonly state: TriageState; readonly at: string }[] = [];
  readonly campaigns = new Map<string, { execs: number; startedAt: string; updatedAt: string }>();

  now(): string {
    return at(++this.tick);
  }
  of(bug: number): Witness[] {
    return this.witnesses.filter((w) => w.bug === bug).map((w) => w.witness);
  }
  state(bug: number): Witness['state'] {
    const last = this.triage.filter((t) => t.bug === bug).at(-1);
    if (last === undefined) return 'open';
    const again = this.sightings.some((s) => s.bug === bug && s.at > last.at);
    return last.state === 'fixed' && again ? 'regressed' : last.state;
  }
  best(bug: number): Witness | undefined {
    const rank = (w: Witness) => [GRADES.indexOf(w.grade), w.steps, BASES.indexOf(w.basis), w.preemptions];
    return this.of(bug).reduce<Witness | undefined>((best, w) => {
      if (best === undefined) return w;
      const [a, b] = [rank(w), rank(best)];
      const differing = a.findIndex((value, i) => value !== b[i]);
      return differing !== -1 && a[differing]! < b[differing]! ? w : best;
    }, undefined);
  }
  /** Witnesses newest first, as the store lists them. */
  list(): Witness[] {
    return this.witnesses
      .map(({ bug, witness, foundAt }) => {
        const again = this.sightings
          .filter((s) => s.bug === bug)
          .filter(
            (s) => s.witness === witness.id || (s.witness === null && this.best(bug)?.id === witness.id),
          )
          .flatMap((s) => s.captures);
        const captures = [...new Set([...witness.captures, ...again])];
        return { ...witness, captures, state: this.state(bug), found_at: foundAt };
      })
      .reverse();
  }
}

interface Real {
  store: Store;
  readonly path: string;
}

function compare(model: Model, { store }: Real): void {
  expect(store.captures().map((c) => c.id)).toEqual(model.captures.map((n) => captureNo(n).id));
  expect(store.programs()).toEqual(model.programs);
  expect(store.witnesses()).toEqual(model.list());
  expect(
    store
      .campaigns()
      .map((c) => [c.name, c.execs, c.startedAt, c.updatedAt])
      .sort(),
  ).toEqual([...model.campaigns].map(([name, c]) => [name, c.execs, c.startedAt, c.updatedAt]).sort());
}

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
    const witness = witnessOf({ bug, variant, grade, basis, steps, captures });
    const now = model.now();
    const stored = model.of(bug);
    const seen = stored.find((w) => w.id === witness.id);
    const noWorse = (w: Witness) =>
      GRADES.indexOf(w.grade) <= GRADES.indexOf(grade) &&
      BASES.indexOf(w.basis) <= BASES.indexOf(basis) &&
      w.steps <= steps;
    const dominated = seen === undefined && stored.some(noWorse);
    const outcome = seen !== undefined ? 'seen' : stored.length === 0 ? 'new' : 'known-signature';
    if (seen === undefined && !dominated) model.witnesses.push({ bug, witness, foundAt: now });
    model.sightings.push({ bug, witness: dominated ? null : witness.id, captures, at: now });

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
    const figures = {
      seed: 1,
      execs: this.execs,
      steps: 1,
      seconds: 1,
      features: 1,
      seeds: 1,
      newSignatures: 1,
      model: 'kernel/2',
    };
    real.store.saveCheckpoint(this.name, { ...figures, state }, now);
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
    const reader = openStore(real.path, { mode: 'read' });
    if (!reader.ok) throw new Error(reader.problem.title);
    compare(model, { ...real, store: reader.store });
    expect(reader.store.verify()).toEqual([]);
    reader.store.close();
    const writer = openStore(real.path, { mode: 'write' });
    if (!writer.ok) throw new Error(writer.problem.title);
    real.store = writer.store;
    compare(model, real);
  }
  toString = () => 'reopen';
}

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
];

describe('the store and a model of it', () => {
  it('agree after every command', () => {
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 60, size: 'max' }), (sequence) => {
        const folder = mkdtempSync(join(tmpdir(), 'relock-model-'));
        const path = join(folder, 'relock.db');
        const opened = openStore(path, { mode: 'write' });
        if (!opened.ok) throw new Error(opened.problem.title);
        const real: Real = { store: opened.store, path };
        try {
          fc.modelRun(() => ({ model: new Model(), real }), sequence);
        } finally {
          real.store.close();
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 50 },
    );
  });
});
