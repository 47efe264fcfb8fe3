// One run of a stored campaign: resumes its state, stores each find at once, saves a checkpoint every half minute.
import { decodeCheckpoint, encodeCheckpoint } from '../corpus/pack/checkpoint.js';
import type { Witness } from '../corpus/schema/witness.js';
import type { Campaign, Store } from '../corpus/store/store.js';
import { runCampaign } from '../engine/campaign/campaign.js';
import {
  CAMPAIGN_PHASES,
  CAMPAIGN_STATE_VERSION,
  type CampaignProgram,
  type CampaignProgress,
  type CampaignResult,
  type CampaignState,
} from '../engine/campaign/state.js';
import type { FuzzState } from '../engine/fuzz/fuzzer.js';
import { MODEL_VERSION } from '../engine/model/rules.js';
import { runCrew } from './fuzz-crew.js';
import { keepWitnesses } from './keep-witnesses.js';
import type { Figures } from './progress.js';
import { usage } from './trouble.js';

/** How long this run may go on. */
export type Budget =
  | { readonly by: 'seconds'; readonly seconds: number }
  | { readonly by: 'execs'; readonly execs: number };

export interface FoundWitness {
  /** The one to show, with its triage state. */
  readonly witness: Witness;
  readonly isNew: boolean;
}

const CHECKPOINT_MS = 30_000;
/** A find is stored at once; the state that knows of it soon after, but not for each of a shower of finds. */
const AFTER_FIND_MS = 2_000;
const FIRST_SEED = 1;

interface Totals {
  readonly ms: number;
  readonly execs: number;
}

export interface RunHooks {
  readonly shouldStop: () => boolean;
  /** Figures of this run alone. */
  readonly onFigures: (figures: Figures) => void;
}

const BEFORE_FUZZING = CAMPAIGN_PHASES.filter((phase) => phase !== 'fuzz');

/** Guards the campaign's figures between the engine and the database. */
export class CampaignRun {
  readonly found: FoundWitness[] = [];
  readonly #store: Store;
  readonly #name: string;
  readonly #programs: readonly CampaignProgram[];
  readonly #seed: number;
  #main: CampaignState | null;
  #crew: readonly (FuzzState | null)[];
  /** Signatures found first by earlier runs. */
  readonly #newBefore: number;
  #result: CampaignResult | null = null;
  #seeds = 0;
  #used: Totals = { ms: 0, execs: 0 };
  features = 0;
  #savedAt = 0;
  #unsavedFind = false;

  /** Throws Trouble if the campaign was begun with another seed. */
  constructor(
    store: Store,
    name: string,
    programs: readonly CampaignProgram[],
    seed: number | null,
    talk: (text: string) => void,
  ) {
    const stored = store.campaign(name);
    if (stored !== null && seed !== null && stored.seed !== seed)
      throw usage(
        `The campaign ${name} was begun with --seed ${stored.seed}; another seed is another campaign.`,
        `relock fuzz ${name}-${seed} --seed ${seed}`,
      );
    this.#store = store;
    this.#name = name;
    this.#programs = programs;
    this.#seed = seed ?? stored?.seed ?? FIRST_SEED;
    this.#newBefore = stored?.newSignatures ?? 0;
    const saved = stored === null ? null : stateOf(stored, programs, talk);
    this.#main = saved?.main ?? null;
    this.#crew = saved?.crew ?? [];
  }

  /** `jobs`: worker threads for the fuzzing; the searches before it run in one. */
  async run(budget: Budget, jobs: number, hooks: RunHooks): Promise<void> {
    const earlier = this.#totals();
    this.#savedAt = performance.now();
    const result = await runCampaign({
      programs: this.#programs,
      seed: this.#seed,
      budget:
        budget.by === 'seconds'
          ? { ms: earlier.ms + budget.seconds * 1000 }
          : { execs: (this.#main?.execs ?? 0) + budget.execs },
      now: () => performance.now(),
      timestamp: () => new Date().toISOString(),
      shouldStop: hooks.shouldStop,
      onProgress: (progress) => this.#tell([progress], earlier, hooks),
      onWitness: (witness) => this.#keep(witness),
      onPause: (state) => {
        const since = performance.now() - this.#savedAt;
        if (since >= (this.#unsavedFind ? AFTER_FIND_MS : CHECKPOINT_MS)) this.#save(state());
      },
      ...(this.#main === null ? {} : { resume: this.#main }),
      ...(jobs === 1 ? {} : { phases: BEFORE_FUZZING }),
    });
    this.#result = result;
    this.features = result.features;
    this.#main = result.state;
    if (jobs > 1 && result.end === 'phases-done') await this.#fuzzTogether(budget, jobs, hooks, earlier);
    this.#keepSightings(this.#main);
    this.#save(this.#main);
    const now = this.#totals();
    this.#used = { ms: now.ms - earlier.ms, execs: now.execs - earlier.execs };
  }

  async #fuzzTogether(budget: Budget, jobs: number, hooks: RunHooks, earlier: Totals): Promise<void> {
    const main = this.#main;
    if (main === null) return;
    const done = this.#totals();
    const left =
      budget.by === 'seconds'
        ? { ms: budget.seconds * 1000 - (done.ms - earlier.ms), execs: null }
        : { ms: null, execs: Math.ceil((budget.execs - (done.execs - earlier.execs)) / jobs) };
    if ((left.ms ?? left.execs ?? 0) <= 0) return;
    const started = performance.now();
    const replays = main.execs - (main.fuzz?.execs ?? 0);
    const take = (states: readonly CampaignState[]) => {
      this.#main = joined(main, states, replays, performance.now() - started);
      this.#crew = states.map(({ fuzz }) => fuzz);
    };
    const states = await runCrew({
      programs: this.#programs,
      from: Array.from({ length: jobs }, (_, i) => workerState(main, this.#seed, i, this.#crew)),
      budget: left,
      shouldStop: hooks.shouldStop,
      onWitness: (witness) => this.#keep(witness),
      onProgress: (progress) => {
        const sofar = { ...done, ms: done.ms + performance.now() - started };
        const known = progress.filter((one) => one !== null);
        const base = this.#crew.reduce((sum, fuzz) => sum + (fuzz?.execs ?? 0), 0);
        const execs = known.reduce((sum, one) => sum + one.execs, 0);
        const figures = { ...sofar, execs: done.execs - base + Math.max(base, execs) };
        this.#tell(known, earlier, hooks, figures);
      },
      onStates: (all) => {
        take(all);
        this.#save(this.#main ?? main);
      },
      checkpointMs: CHECKPOINT_MS,
    });
    take(states);
  }

  #tell(progress: readonly CampaignProgress[], earlier: Totals, hooks: RunHooks, totals?: Totals): void {
    const [first] = progress;
    if (first === undefined) return;
    this.#seeds = progress.reduce((sum, one) => sum + one.seeds, 0);
    // Each worker counts the features that it met itself: the largest is a lower bound of all.
    this.features = Math.max(this.features, ...progress.map((one) => one.features));
    hooks.onFigures({
      execs: (totals?.execs ?? first.execs + this.#crewExecs()) - earlier.execs,
      seconds: ((totals?.ms ?? first.ms) - earlier.ms) / 1000,
      features: this.features,
      seeds: this.#seeds,
      found: this.found.length,
      doing: first.of === null ? first.phase : `${first.phase} ${first.done}/${first.of}`,
    });
  }

  /** Execs of the workers beyond the first, whose own stand in the main state. */
  #crewExecs(): number {
    return this.#crew.slice(1).reduce((sum, fuzz) => sum + (fuzz?.execs ?? 0), 0);
  }
  #totals(): Totals {
    return { ms: this.#main?.ms ?? 0, execs: (this.#main?.execs ?? 0) + this.#crewExecs() };
  }

  /** What is left of the budget, in its own unit. */
  rest(budget: Budget): number {
    return budget.by === 'seconds' ? budget.seconds - this.#used.ms / 1000 : budget.execs - this.#used.execs;
  }

  get execs(): number {
    return this.#totals().execs;
  }
  get steps(): number {
    const crew = this.#crew.slice(1).reduce((sum, fuzz) => sum + (fuzz?.steps ?? 0), 0);
    return (this.#main?.steps ?? 0) + crew;
  }
  get seconds(): number {
    return this.#totals().ms / 1000;
  }
  get exhausted(): boolean {
    return this.#result?.exhausted ?? false;
  }
  get programs(): number {
    return this.#programs.length;
  }
  /** Programs of which some schedules were not covered. */
  get unfinished(): number {
    return this.#result?.programs.filter((program) => !program.complete).length ?? 0;
  }
  get states(): number {
    return this.#result?.programs.reduce((sum, program) => sum + program.states, 0) ?? 0;
  }
  /** What could not be run or not be written down, in words. */
  get troubles(): string[] {
    const illFormed = (this.#result?.programs ?? []).flatMap(({ illFormed }, i) =>
      illFormed === null ? [] : [`${this.#programs[i]?.lowered.program.name}: cannot run: ${illFormed}`],
    );
    const lost = (this.#main?.unestablished ?? []).map(
      ({ program, reason }) => `${program}: a find could not be written down: ${reason}`,
    );
    return [...illFormed, ...lost];
  }

  #keep(witness: Witness): void {
    this.#unsavedFind = true;
    const at = new Date().toISOString();
    const kept = keepWitnesses(this.#store, [witness], { campaign: this.#name, at });
    for (const { witness: shown, isNew } of kept.witnesses)
      if (!this.found.some((f) => f.witness.signature === shown.signature))
        this.found.push({ witness: shown, isNew });
  }

  /** A bug that several captures show is counted for each of them. */
  #keepSightings({ witnesses, sightings }: CampaignState): void {
    const at = new Date().toISOString();
    for (const witness of witnesses) {
      const others = sightings
        .filter(({ signature }) => signature === witness.signature)
        .flatMap(({ program }) => this.#programs[program]?.captures.map((capture) => capture.id) ?? [])
        .filter((id) => !witness.captures.includes(id));
      const captures = [...new Set(others)];
      if (captures.length > 0 && this.found.some((f) => f.witness.signature === witness.signature))
        this.#store.putWitness({ ...witness, captures }, { campaign: this.#name, at });
    }
  }

  #save(state: CampaignState): void {
    this.#savedAt = performance.now();
    this.#unsavedFind = false;
    const saved: Saved = { main: state, crew: this.#crew };
    const crew = this.#crew.slice(1);
    this.#store.saveCheckpoint(
      this.#name,
      {
        seed: this.#seed,
        execs: state.execs + this.#crewExecs(),
        steps: state.steps + crew.reduce((sum, fuzz) => sum + (fuzz?.steps ?? 0), 0),
        seconds: state.ms / 1000,
        features: this.features,
        seeds: this.#seeds,
        newSignatures: this.#newBefore + this.found.filter(({ isNew }) => isNew).length,
        model: MODEL_VERSION,
        state: encodeCheckpoint(saved),
      },
      new Date().toISOString(),
    );
  }
}

/** What a checkpoint holds: the campaign, and the fuzzer of each worker thread (the first is also the campaign's). */
interface Saved {
  readonly main: CampaignState;
  readonly crew: readonly (FuzzState | null)[];
}

/** The state with which worker `index` starts. Seeds are far apart, and the first worker has the campaign's own. */
function workerState(
  main: CampaignState,
  seed: number,
  index: number,
  crew: readonly (FuzzState | null)[],
): CampaignState {
  const fuzz = index === 0 ? main.fuzz : (crew[index] ?? null);
  const own = { seed: seed + index * 7_919, fuzz, execs: fuzz?.execs ?? 0, steps: fuzz?.steps ?? 0, ms: 0 };
  return { ...main, ...own, phase: 'fuzz', done: 0 };
}

/** The campaign's state with what its workers found; it goes on with the first worker's fuzzer. */
function joined(
  main: CampaignState,
  states: readonly CampaignState[],
  replays: number,
  workedMs: number,
): CampaignState {
  const fuzz = states[0]?.fuzz ?? main.fuzz;
  const witnesses = new Map([main, ...states].flatMap((s) => s.witnesses).map((w) => [w.signature, w]));
  const sightings = new Map(
    [main, ...states].flatMap((s) => s.sightings).map((s) => [`${s.signature} ${s.program}`, s]),
  );
  const unestablished = [...main.unestablished];
  for (const state of states) unestablished.push(...state.unestablished.slice(main.unestablished.length));
  return {
    ...main,
    phase: 'fuzz',
    done: 0,
    fuzz,
    execs: replays + (fuzz?.execs ?? 0),
    steps: main.steps - (main.fuzz?.steps ?? 0) + (fuzz?.steps ?? 0),
    ms: main.ms + workedMs,
    witnesses: [...witnesses.values()],
    sightings: [...sightings.values()],
    unestablished,
  };
}

/** The state to go on from, or null where it no longer fits: then the campaign starts over. */
function stateOf(
  stored: Campaign,
  programs: readonly CampaignProgram[],
  talk: (text: string) => void,
): Saved | null {
  const decoded = decodeCheckpoint(stored.state);
  if (!decoded.ok) {
    talk(`${stored.name}: its saved state cannot be read (${decoded.problem.title}); it starts over.`);
    return null;
  }
  // The checksum has shown that these are the bytes that #save wrote.
  const saved = decoded.value as Saved;
  const state = saved.main;
  if (state.version !== CAMPAIGN_STATE_VERSION || stored.model !== MODEL_VERSION) {
    talk(`${stored.name} was saved by another version of relock; it starts over.`);
    return null;
  }
  if (state.programs.length !== programs.length) {
    talk(
      `${stored.name}: ${programs.length} programs now, ${state.programs.length} before; it starts over with all.`,
    );
    return null;
  }
  return saved;
}
