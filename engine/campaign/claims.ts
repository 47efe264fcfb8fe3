// Claims: which signatures were found, in order, and the witnesses that are made of them.
import type { Signature, WitnessId } from '../../corpus/schema/ids.js';
import type { Schedule } from '../../corpus/schema/schedule.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { followIn } from '../shrink/outcome.js';
import type { ShrinkLimits } from '../shrink/shrink.js';
import type { Established } from './establish.js';
import type { Job } from './job.js';
import { signatureOf } from './signature.js';
import type { CampaignState, Claim, Sighting, Unestablished } from './state.js';
import type { Target } from './targets.js';

/** Guards the order: the first find of a signature makes its witness, whoever shrinks it and whenever that ends. */
export class Claims {
  readonly #limits: ShrinkLimits;
  readonly #timestamp: () => string | null;
  readonly #claims = new Map<Signature, Claim>();
  readonly #witnesses = new Map<Signature, Witness>();
  readonly #out = new Set<string>();
  readonly #sighted = new Set<string>();
  readonly #sightings: Sighting[];
  readonly #unestablished: Unestablished[];
  /** Witnesses that stand since the last `take`. */
  #fresh: Witness[] = [];

  constructor(limits: ShrinkLimits, timestamp: () => string | null, from?: CampaignState) {
    this.#limits = limits;
    this.#timestamp = timestamp;
    for (const claim of from?.claims ?? []) this.#claims.set(claim.signature, claim);
    for (const witness of from?.witnesses ?? []) this.#witnesses.set(witness.signature, witness);
    this.#sightings = [...(from?.sightings ?? [])];
    this.#unestablished = [...(from?.unestablished ?? [])];
    for (const { signature, program } of this.#sightings) this.#sighted.add(`${signature} ${program}`);
  }

  /** Notes a find: its signature and the programs that show it; the first of a signature is claimed. Null: no bad end. */
  found(target: Target, schedule: Schedule): Signature | null {
    const shape = followIn(target.lowered.program, schedule)?.shape ?? null;
    if (shape === null) return null;
    const signature = signatureOf(shape);
    if (!this.#claims.has(signature)) {
      const { lowered, captures, files } = target;
      const from = { lowered, captures, files, schedule };
      this.#claims.set(signature, { signature, foundAt: this.#timestamp(), outcome: 'waiting', from });
    }
    for (const program of target.sources) {
      if (this.#sighted.has(`${signature} ${program}`)) continue;
      this.#sighted.add(`${signature} ${program}`);
      this.#sightings.push({ signature, program });
    }
    return signature;
  }

  next(): Job | null {
    for (const { signature, outcome, from, foundAt } of this.#claims.values()) {
      const id = `establish ${signature}`;
      if (outcome !== 'waiting' || from === null || this.#out.has(id)) continue;
      this.#out.add(id);
      const { lowered, captures, files, schedule } = from;
      const input = { lowered, run: { schedule }, captures, files, ...(foundAt === null ? {} : { foundAt }) };
      return { id, kind: 'establish', input, limits: this.#limits };
    }
    return null;
  }

  drop(id: string): void {
    this.#out.delete(id);
  }

  settle(id: string, established: Established): void {
    if (!this.#out.delete(id)) return;
    const signature = id.slice('establish '.length) as Signature;
    const claim = this.#claims.get(signature);
    if (claim === undefined || claim.outcome !== 'waiting') return;
    const outcome = established.ok ? 'established' : 'failed';
    this.#claims.set(signature, { ...claim, outcome, from: null });
    if (established.ok) {
      this.#witnesses.set(signature, established.witness);
      this.#fresh.push(established.witness);
    } else {
      const program = claim.from?.lowered.program.name ?? '?';
      this.#unestablished.push({ program, reason: established.reason });
    }
  }

  /** Witnesses that nobody was told of yet. */
  take(): readonly Witness[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  witnessOf(signature: Signature | null): WitnessId | null {
    return signature === null ? null : (this.#witnesses.get(signature)?.id ?? null);
  }
  get waiting(): number {
    return [...this.#claims.values()].filter(({ outcome }) => outcome === 'waiting').length;
  }
  get established(): number {
    return this.#witnesses.size;
  }
  get failed(): number {
    return this.#unestablished.length;
  }
  /** In the order of the finds, however long each took to shrink. */
  get witnesses(): Witness[] {
    return [...this.#claims.keys()].flatMap((signature) => this.#witnesses.get(signature) ?? []);
  }

  state(): Pick<CampaignState, 'claims' | 'witnesses' | 'sightings' | 'unestablished'> {
    return {
      claims: [...this.#claims.values()],
      witnesses: this.witnesses,
      sightings: [...this.#sightings],
      unestablished: [...this.#unestablished],
    };
  }
}
