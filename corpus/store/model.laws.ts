// What the store should hold, in the plainest form: the model that model.test.ts compares it with.
import { expect } from 'vitest';
import { BASES, type Basis } from '../schema/capture.js';
import type { CaptureId } from '../schema/ids.js';
import { GRADES, type Grade, type TriageState, type Witness } from '../schema/witness.js';
import { at, captureNo, witnessOf } from './fixtures.laws.js';
import { openStore } from './open.js';
import type { Store, StoredProgram } from './store.js';

interface ModelSighting {
  readonly bug: number;
  readonly witness: string | null;
  readonly captures: readonly CaptureId[];
  readonly at: string;
}

/** What the store should hold, in the plainest form. */
export class Model {
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

export interface Real {
  store: Store;
  path: string;
}

export function opened(path: string, mode: 'read' | 'write'): Store {
  const result = openStore(path, { mode });
  if (!result.ok) throw new Error(result.problem.title);
  return result.store;
}

/** What the command `Put` and a merged witness are made of. */
export interface Find {
  readonly bug: number;
  readonly variant: number;
  readonly grade: Grade;
  readonly basis: Basis;
  readonly steps: number;
  readonly captures: readonly CaptureId[];
}

/** A witness that is no better than one of its bug is counted, and not stored. */
export function found(
  model: Model,
  { bug, variant, grade, basis, steps, captures }: Find,
  now: string,
): { readonly witness: Witness; readonly outcome: string; readonly dominated: boolean } {
  const witness = witnessOf({ bug, variant, grade, basis, steps, captures });
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
  return { witness, outcome, dominated };
}

export function compare(model: Model, { store }: Real): void {
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
