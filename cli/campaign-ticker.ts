// Ticker: keeps the figures of a running campaign, from what the engine and the database say.
import { statSync } from 'node:fs';
import type { CampaignFigures, NewestWitness } from '../corpus/schema/statistics.js';
import type { Store } from '../corpus/store/store.js';
import { CAMPAIGN_LIMITS } from '../engine/campaign/campaign.js';
import type { CampaignProgress } from '../engine/campaign/state.js';
import { MODEL_VERSION } from '../engine/model/rules.js';
import { titleOf } from '../reports/explain.js';
import type { Budget, FoundWitness } from './campaign-run.js';

interface Totals {
  readonly ms: number;
  readonly execs: number;
}

export interface TickerOrder {
  readonly name: string;
  readonly seed: number;
  readonly shards: number;
  readonly jobs: number;
  readonly hosts?: () => number;
  /** See RunOrder. */
  readonly states?: number | null;
}

/** Rates are those of so many seconds. */
const RATE_SECONDS = 30;
const NEWEST = 2;

/** Guards the moments at which something new came. */
export class Ticker {
  readonly #store: Store;
  readonly #order: TickerOrder;
  #earlier: Totals = { ms: 0, execs: 0 };
  #budget: Budget = { seconds: null, execs: null, quiet: null };
  #progress: CampaignProgress | null = null;
  #features = -1;
  /** Working time, in ms, at which the last new feature or witness was met. */
  #newsMs = 0;
  #lastFeatureAt: string | null = null;
  #lastWitnessAt: string | null = null;
  #checkpointAt: string | null = null;
  #marks: Totals[] = [];
  #states: Totals[] = [];
  #found: readonly FoundWitness[] = [];
  #reach = { captures: -1, edges: 0, classes: 0, neverContended: 0 };

  constructor(store: Store, order: TickerOrder) {
    this.#store = store;
    this.#order = order;
  }

  begin(earlier: Totals, budget: Budget): void {
    this.#earlier = earlier;
    this.#budget = budget;
    this.#newsMs = earlier.ms;
    const before = this.#store.campaignFigures().find(({ campaign }) => campaign === this.#order.name);
    if (before === undefined) return;
    const known = JSON.parse(before.figures) as Partial<CampaignFigures>;
    this.#lastFeatureAt = known.last_feature_at ?? null;
    this.#lastWitnessAt = known.last_witness_at ?? null;
  }

  tell(progress: CampaignProgress, found: readonly FoundWitness[]): void {
    if (this.#features >= 0 && progress.features > this.#features) {
      this.#newsMs = progress.ms;
      this.#lastFeatureAt = new Date().toISOString();
    }
    // Searches meet no features; the clock of quiet begins with the fuzzer.
    if (progress.phase !== 'fuzz') this.#newsMs = progress.ms;
    this.#features = progress.features;
    this.#progress = progress;
    this.#found = found;
    this.#marks = within(this.#marks, progress);
    this.#states = within(this.#states, { ms: progress.ms, execs: progress.steps });
  }
  witnessed(at: string): void {
    this.#lastWitnessAt = at;
    this.#newsMs = this.#progress?.ms ?? this.#newsMs;
  }
  saved(at: string): void {
    this.#checkpointAt = at;
  }
  /** Nobody works any more. */
  rest(): void {
    this.#marks = [];
  }

  /** Seconds of work since the last new feature or signature. */
  get quietSeconds(): number {
    return ((this.#progress?.ms ?? 0) - this.#newsMs) / 1000;
  }
  get used(): { readonly seconds: number; readonly execs: number } {
    return {
      seconds: ((this.#progress?.ms ?? this.#earlier.ms) - this.#earlier.ms) / 1000,
      execs: (this.#progress?.execs ?? this.#earlier.execs) - this.#earlier.execs,
    };
  }

  figures(): CampaignFigures | null {
    const p = this.#progress;
    if (p === null) return null;
    const { name, seed, shards, jobs } = this.#order;
    const reach = this.#reachNow();
    const fresh = this.#found.filter(({ isNew }) => isNew).length;
    const replays = p.witnesses + p.unestablished;
    return {
      campaign: name,
      model: MODEL_VERSION,
      seed,
      shards,
      jobs,
      hosts: this.#order.hosts?.() ?? 0,
      phase: p.phase,
      phase_done: p.done,
      phase_of: p.of,
      seconds: rounded(p.ms / 1000),
      run_seconds: rounded(this.used.seconds),
      budget_seconds: this.#budget.seconds,
      run_execs: this.used.execs,
      budget_execs: this.#budget.execs,
      execs: p.execs,
      steps: p.steps,
      execs_per_second: rounded(rateOf(this.#marks)),
      lanes: p.lanes,
      seeds: p.seeds,
      features: p.features,
      last_feature_at: this.#lastFeatureAt,
      last_witness_at: this.#lastWitnessAt,
      checkpoint_at: this.#checkpointAt,
      new_signatures: this.#store.newSignatures(name),
      seen_again: this.#found.length - fresh,
      shrinking: p.shrinking,
      programs: p.programs.all,
      proved: p.programs.proved,
      ill_formed: p.programs.illFormed,
      states: p.states,
      cycles_confirmed: p.cycles.confirmed,
      cycles_refuted: p.cycles.refuted,
      cycles_open: p.cycles.open,
      order_edges: reach.edges,
      classes: reach.classes,
      never_contended: reach.neverContended,
      random_runs: p.risk?.runs ?? 0,
      next_is_new: p.risk?.nextIsNew ?? null,
      next_is_new_at_most: p.risk?.atMost ?? null,
      search_seconds_left: this.#searchSecondsLeft(p),
      replays,
      replays_agree: p.witnesses,
      rss_mib: rounded(process.memoryUsage.rss() / 2 ** 20),
      db_mib: rounded(sizeOf(this.#store.path) / 2 ** 20),
      yields: p.yields
        .map(([arm, { features, execs }]) => ({ arm, features, execs }))
        .sort((a, b) => b.features - a.features || (a.arm < b.arm ? -1 : 1)),
      newest: this.#newest(),
    };
  }

  /** True at most: each program that is left ends at the bound of its search, if not sooner. */
  #searchSecondsLeft(p: CampaignProgress): number | null {
    if ((p.phase !== 'search' && p.phase !== 'deep-search') || p.of === null) return null;
    const usual = p.phase === 'search' ? CAMPAIGN_LIMITS.searchStates : CAMPAIGN_LIMITS.deepStates;
    const asked = this.#order.states ?? usual;
    const bound = p.phase === 'search' ? Math.min(usual, asked) : asked;
    const rate = rateOf(this.#states);
    // A state costs at least one transition; how many of them, this search has shown so far.
    const perState = p.states === 0 ? 0 : p.steps / p.states;
    return rate <= 0 || perState === 0 ? null : rounded(((p.of - p.done) * bound * perState) / rate);
  }

  #reachNow() {
    const captures = this.#store.captureCount();
    if (captures === this.#reach.captures) return this.#reach;
    const one = (sql: string): number => {
      const result = this.#store.queryReadOnly(sql, {}, { maxRows: 1 });
      return result.ok ? Number(result.rows[0]?.[0] ?? 0) : 0;
    };
    this.#reach = {
      captures,
      edges: one('SELECT count(*) FROM (SELECT DISTINCT class_held, class_wanted FROM lock_order)'),
      classes: one('SELECT count(*) FROM contention'),
      neverContended: one('SELECT count(*) FROM contention WHERE never_contended'),
    };
    return this.#reach;
  }

  #newest(): NewestWitness[] {
    return this.#store
      .witnesses({ campaign: this.#order.name, limit: NEWEST })
      .map((witness) => ({ id: witness.id, title: titleOf(witness), at: witness.found_at ?? '' }));
  }
}

/** The marks of the last half minute, and the one before. */
function within(marks: readonly Totals[], now: Totals): Totals[] {
  const first = marks.findLastIndex(({ ms }) => now.ms - ms >= RATE_SECONDS * 1000);
  return [...marks.slice(Math.max(0, first)), { ms: now.ms, execs: now.execs }];
}

function rateOf(marks: readonly Totals[]): number {
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined || last.ms <= first.ms) return 0;
  return ((last.execs - first.execs) / (last.ms - first.ms)) * 1000;
}

function rounded(n: number): number {
  return Math.round(n * 100) / 100;
}

/** Bytes of the database and of its log. */
function sizeOf(path: string): number {
  const bytes = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return bytes(path) + bytes(`${path}-wal`);
}
