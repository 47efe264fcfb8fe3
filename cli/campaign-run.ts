// One run of a stored campaign: resumes its state, stores each find at once, saves a checkpoint at least every minute.
import { decodeCheckpoint, encodeCheckpoint } from '../corpus/pack/checkpoint.js';
import type { CampaignFigures } from '../corpus/schema/statistics.js';
import type { Witness } from '../corpus/schema/witness.js';
import type { Campaign, Store } from '../corpus/store/store.js';
import { adopt } from '../engine/campaign/adopt.js';
import { CAMPAIGN_LIMITS, type Executor, runCampaign } from '../engine/campaign/campaign.js';
import {
  CAMPAIGN_STATE_VERSION,
  type CampaignLimits,
  type CampaignProgram,
  type CampaignProgress,
  type CampaignResult,
  type CampaignState,
} from '../engine/campaign/state.js';
import { MODEL_VERSION } from '../engine/model/rules.js';
import { lostCampaign, takeCampaign, thisOwner } from './campaign-lock.js';
import { Ticker } from './campaign-ticker.js';
import { keepWitnesses } from './keep-witnesses.js';
import { programsIn } from './search.js';
import { usage } from './trouble.js';

/** How long this run may go on; `quiet`: seconds of work without a new feature or signature that end it. */
export interface Budget {
  readonly seconds: number | null;
  readonly execs: number | null;
  readonly quiet: number | null;
}

export interface FoundWitness {
  /** The one to show, with its triage state. */
  readonly witness: Witness;
  readonly isNew: boolean;
}

const CHECKPOINT_SECONDS = 30;
/** A find is stored at once; the state that knows of it soon after, but not for each of a shower of finds. */
const AFTER_FIND_MS = 2_000;
const FIGURES_MS = 2_000;
const FIRST_SEED = 1;
/** Streams of fuzzing: enough for the cores of a large machine, not so many that each is starved on a small one. */
export const SHARDS = 8;

export interface RunHooks {
  readonly shouldStop: () => boolean;
  /** Called about every two seconds. */
  readonly onFigures: (figures: CampaignFigures) => void;
  readonly talk: (text: string) => void;
}

export interface RunOrder {
  readonly name: string;
  readonly seed: number | null;
  readonly shards: number | null;
  /** Worker threads, for the figures. */
  readonly jobs: number;
  /** Makes what does the work, once for each set of captures; null: this thread does it. */
  readonly executor: (() => Executor) | null;
  readonly hosts?: () => number;
  /** Seconds between two checkpoints; null: half a minute. */
  readonly checkpoint?: number | null;
  /** States searched of a program before it is fuzzed; null: as many as is usual. */
  readonly states?: number | null;
  /** Only what captures, or two runs of one, do together: see `programsIn`. */
  readonly across?: boolean;
}

/** Guards the campaign between the engine and the database. Holds its lock from the start until `close`. */
export class CampaignRun {
  readonly found: FoundWitness[] = [];
  readonly #store: Store;
  readonly #order: RunOrder;
  readonly #owner = thisOwner();
  readonly #ticker: Ticker;
  readonly #hooks: RunHooks;
  #programs: readonly CampaignProgram[];
  #captures: number;
  #seed: number;
  #shards: number;
  #state: CampaignState | null = null;
  #result: CampaignResult | null = null;
  #savedAt = performance.now();
  #toldAt = Number.NEGATIVE_INFINITY;
  #unsavedFind = false;
  #newCaptures = false;
  #quiet = false;

  /** Throws Trouble if another process works on it, or if it was begun with another seed or number of shards. */
  constructor(store: Store, order: RunOrder, programs: readonly CampaignProgram[], hooks: RunHooks) {
    const { name, seed, shards } = order;
    const stale = takeCampaign(store, name, this.#owner);
    if (stale !== null) hooks.talk(stale);
    this.#store = store;
    this.#order = order;
    this.#hooks = hooks;
    this.#programs = programs;
    this.#captures = store.captureCount();
    const stored = store.campaign(name);
    const saved = stored === null ? null : stateOf(stored, hooks.talk);
    const clash =
      stored !== null && seed !== null && stored.seed !== seed
        ? (['seed', stored.seed, seed] as const)
        : saved !== null && shards !== null && saved.shards !== shards
          ? (['shards', saved.shards, shards] as const)
          : null;
    if (clash !== null) {
      const [option, before, now] = clash;
      this.close();
      throw usage(
        `The campaign ${name} was begun with --${option} ${before}; another ${option} is another campaign.`,
        `relock fuzz ${name}-${now} --${option} ${now}`,
      );
    }
    this.#seed = seed ?? stored?.seed ?? FIRST_SEED;
    this.#shards = saved?.shards ?? shards ?? SHARDS;
    this.#ticker = new Ticker(store, { ...order, seed: this.#seed, shards: this.#shards });
    if (saved !== null) this.#state = this.#adopted(saved);
  }

  /** Lets go of the campaign. */
  close(): void {
    this.#store.unlockCampaign(this.#order.name, this.#owner.token);
  }

  async run(budget: Budget): Promise<void> {
    const earlier = { ms: this.#state?.ms ?? 0, execs: this.#state?.execs ?? 0 };
    this.#ticker.begin(earlier, budget);
    this.#savedAt = performance.now();
    for (;;) {
      this.#newCaptures = false;
      const executor = this.#order.executor?.();
      const result = await runCampaign({
        programs: this.#programs,
        seed: this.#seed,
        shards: this.#shards,
        budget: {
          ms: budget.seconds === null ? null : earlier.ms + budget.seconds * 1000,
          execs: budget.execs === null ? null : earlier.execs + budget.execs,
        },
        now: () => performance.now(),
        timestamp: () => new Date().toISOString(),
        shouldStop: () => this.#hooks.shouldStop() || this.#newCaptures || this.#quiet,
        onWitness: (witness) => this.#keep(witness),
        onProgress: (progress) => this.#tick(progress, budget),
        onPause: (state) => {
          const since = performance.now() - this.#savedAt;
          const often = (this.#order.checkpoint ?? CHECKPOINT_SECONDS) * 1000;
          if (since >= (this.#unsavedFind ? Math.min(AFTER_FIND_MS, often) : often)) this.#save(state());
        },
        ...(this.#state === null ? {} : { resume: this.#state }),
        ...(executor === undefined ? {} : { executor }),
        ...(this.#order.states == null ? {} : { limits: limitsFor(this.#order.states) }),
      });
      this.#result = result;
      this.#ticker.tell(result.progress, this.found);
      this.#keepSightings(result.state);
      this.#save(result.state);
      const more = result.end === 'stopped' && this.#newCaptures && !this.#hooks.shouldStop() && !this.#quiet;
      if (!more) break;
      this.#programs = programsIn(this.#store, this.#order.across);
      this.#state = this.#adopted(result.state);
    }
    this.#toldAt = Number.NEGATIVE_INFINITY;
    this.#ticker.rest();
    this.#tellFigures();
  }

  /** The state over the programs of now; says what came. */
  #adopted(state: CampaignState): CampaignState {
    const { came, went, state: adopted } = adopt(state, this.#programs);
    if (came + went > 0)
      this.#hooks.talk(
        `${this.#order.name}: ${came} programs came with new captures${went > 0 ? `, ${went} went` : ''}; I take them up.`,
      );
    return adopted;
  }

  #tick(progress: () => CampaignProgress, budget: Budget): void {
    const now = performance.now();
    if (now - this.#toldAt < FIGURES_MS) return;
    this.#toldAt = now;
    this.#ticker.tell(progress(), this.found);
    this.#quiet = budget.quiet !== null && this.#ticker.quietSeconds >= budget.quiet;
    this.#tellFigures();
  }

  #tellFigures(): void {
    const figures = this.#ticker.figures();
    if (figures === null) return;
    const at = new Date().toISOString();
    if (!this.#store.saveFigures(this.#order.name, this.#owner.token, JSON.stringify(figures), at))
      throw lostCampaign(this.#order.name, this.#store.path);
    this.#hooks.onFigures(figures);
  }

  /** What is left of the budget. */
  rest(budget: Budget): { readonly seconds: number | null; readonly execs: number | null } {
    const { seconds, execs } = this.#ticker.used;
    return {
      seconds: budget.seconds === null ? null : budget.seconds - seconds,
      execs: budget.execs === null ? null : budget.execs - execs,
    };
  }

  get figures(): CampaignFigures | null {
    return this.#ticker.figures();
  }
  get execs(): number {
    return this.#state?.execs ?? 0;
  }
  get steps(): number {
    return this.#state?.steps ?? 0;
  }
  get seconds(): number {
    return (this.#state?.ms ?? 0) / 1000;
  }
  get features(): number {
    return this.#state?.features ?? 0;
  }
  get exhausted(): boolean {
    return this.#result?.exhausted ?? false;
  }
  get nothingLeft(): boolean {
    return this.#result?.end === 'nothing-left';
  }
  get wentQuiet(): boolean {
    return this.#quiet;
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
    const lost = (this.#state?.unestablished ?? []).map(
      ({ program, reason }) => `${program}: a find could not be written down: ${reason}`,
    );
    return [...illFormed, ...lost];
  }

  #keep(witness: Witness): void {
    this.#unsavedFind = true;
    const at = new Date().toISOString();
    const kept = keepWitnesses(this.#store, [witness], { campaign: this.#order.name, at });
    for (const { witness: shown, isNew } of kept.witnesses)
      if (!this.found.some((f) => f.witness.signature === shown.signature))
        this.found.push({ witness: shown, isNew });
    this.#ticker.witnessed(at);
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
        this.#store.putWitness({ ...witness, captures }, { campaign: this.#order.name, at });
    }
  }

  #save(state: CampaignState): void {
    const { name } = this.#order;
    this.#state = state;
    const at = new Date().toISOString();
    this.#ticker.saved(at);
    const figures = this.#ticker.figures();
    this.#store.atomically(() => {
      const held = this.#store.saveFigures(name, this.#owner.token, JSON.stringify(figures ?? {}), at);
      if (!held) throw lostCampaign(name, this.#store.path);
      this.#store.saveCheckpoint(
        name,
        {
          seed: this.#seed,
          execs: state.execs,
          steps: state.steps,
          seconds: state.ms / 1000,
          features: state.features,
          seeds: state.lanes.reduce((sum, lane) => sum + lane.seeds, 0),
          newSignatures: this.#store.newSignatures(name),
          model: MODEL_VERSION,
          state: encodeCheckpoint(state),
          ...(figures === null ? {} : { figures: JSON.stringify(figures) }),
        },
        at,
      );
    });
    this.#savedAt = performance.now();
    this.#unsavedFind = false;
    // Captures that were imported meanwhile are taken up here.
    const captures = this.#store.captureCount();
    if (captures !== this.#captures) this.#newCaptures = true;
    this.#captures = captures;
  }
}

/** No search goes beyond so many states. */
function limitsFor(states: number): Partial<CampaignLimits> {
  const { searchStates, predict } = CAMPAIGN_LIMITS;
  return {
    searchStates: Math.min(searchStates, states),
    deepStates: states,
    predict: { ...predict, states: Math.min(predict.states, states) },
  };
}

/** The state to go on from, or null where it no longer fits: then the campaign starts over. */
function stateOf(stored: Campaign, talk: (text: string) => void): CampaignState | null {
  const decoded = decodeCheckpoint(stored.state);
  if (!decoded.ok) {
    talk(`${stored.name}: its saved state cannot be read (${decoded.problem.title}); it starts over.`);
    return null;
  }
  // The checksum has shown that these are the bytes that #save wrote.
  const state = decoded.value as CampaignState;
  if (state.version === CAMPAIGN_STATE_VERSION && stored.model === MODEL_VERSION) return state;
  talk(`${stored.name} was saved by another version of relock; it starts over.`);
  return null;
}
