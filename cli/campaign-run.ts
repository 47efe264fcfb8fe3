// One run of a stored campaign: resumes its state, stores each find at once, saves a checkpoint every half minute.
import { decodeCheckpoint, encodeCheckpoint } from '../corpus/pack/checkpoint.js';
import type { Witness } from '../corpus/schema/witness.js';
import type { Campaign, Store } from '../corpus/store/store.js';
import { runCampaign } from '../engine/campaign/campaign.js';
import {
  CAMPAIGN_STATE_VERSION,
  type CampaignProgram,
  type CampaignProgress,
  type CampaignResult,
  type CampaignState,
} from '../engine/campaign/state.js';
import { MODEL_VERSION } from '../engine/model/rules.js';
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

/** Guards the campaign's figures between the engine and the database. */
export class CampaignRun {
  readonly found: FoundWitness[] = [];
  readonly #store: Store;
  readonly #name: string;
  readonly #programs: readonly CampaignProgram[];
  readonly #seed: number;
  readonly #resume: CampaignState | null;
  /** Signatures found first by earlier runs. */
  readonly #newBefore: number;
  #result: CampaignResult | null = null;
  #progress: CampaignProgress | null = null;
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
    this.#resume = stored === null ? null : stateOf(stored, programs, talk);
  }

  async run(
    budget: Budget,
    hooks: { readonly shouldStop: () => boolean; readonly onFigures: (figures: Figures) => void },
  ): Promise<void> {
    const earlier = { ms: this.#resume?.ms ?? 0, execs: this.#resume?.execs ?? 0 };
    this.#savedAt = performance.now();
    const result = await runCampaign({
      programs: this.#programs,
      seed: this.#seed,
      budget:
        budget.by === 'seconds'
          ? { ms: earlier.ms + budget.seconds * 1000 }
          : { execs: earlier.execs + budget.execs },
      now: () => performance.now(),
      timestamp: () => new Date().toISOString(),
      shouldStop: hooks.shouldStop,
      onProgress: (progress) => {
        this.#progress = progress;
        hooks.onFigures({
          execs: progress.execs - earlier.execs,
          seconds: (progress.ms - earlier.ms) / 1000,
          features: progress.features,
          seeds: progress.seeds,
          found: this.found.length,
          doing: progress.of === null ? progress.phase : `${progress.phase} ${progress.done}/${progress.of}`,
        });
      },
      onWitness: (witness) => this.#keep(witness),
      onPause: (state) => {
        const since = performance.now() - this.#savedAt;
        if (since >= (this.#unsavedFind ? AFTER_FIND_MS : CHECKPOINT_MS)) this.#save(state());
      },
      ...(this.#resume === null ? {} : { resume: this.#resume }),
    });
    this.#result = result;
    this.#keepSightings(result);
    this.#save(result.state);
  }

  /** What is left of the budget, in its own unit. */
  rest(budget: Budget): number {
    return budget.by === 'seconds'
      ? budget.seconds - (this.seconds - (this.#resume?.ms ?? 0) / 1000)
      : budget.execs - (this.execs - (this.#resume?.execs ?? 0));
  }

  get execs(): number {
    return this.#result?.execs ?? this.#progress?.execs ?? 0;
  }
  get steps(): number {
    return this.#result?.steps ?? 0;
  }
  get seconds(): number {
    return (this.#result?.ms ?? 0) / 1000;
  }
  get features(): number {
    return this.#result?.features ?? 0;
  }
  get exhausted(): boolean {
    return this.#result?.exhausted ?? false;
  }
  get programs(): number {
    return this.#programs.length;
  }
  /** Programs of which some schedules were not covered. */
  get runnable(): number {
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
    const lost = (this.#result?.unestablished ?? []).map(
      ({ program, reason }) => `${program}: a find could not be written down: ${reason}`,
    );
    return [...illFormed, ...lost];
  }

  #keep(witness: Witness): void {
    this.#unsavedFind = true;
    const at = new Date().toISOString();
    const kept = keepWitnesses(this.#store, [witness], { campaign: this.#name, at });
    for (const { witness: shown, isNew } of kept.witnesses) this.found.push({ witness: shown, isNew });
  }

  /** A bug that several captures show is counted for each of them. */
  #keepSightings({ witnesses, sightings }: CampaignResult): void {
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
    this.#store.saveCheckpoint(
      this.#name,
      {
        seed: this.#seed,
        execs: state.execs,
        steps: state.steps,
        seconds: state.ms / 1000,
        features: this.#progress?.features ?? 0,
        seeds: this.#progress?.seeds ?? 0,
        newSignatures: this.#newBefore + this.found.filter(({ isNew }) => isNew).length,
        model: MODEL_VERSION,
        state: encodeCheckpoint(state),
      },
      new Date().toISOString(),
    );
  }
}

/** The state to go on from, or null where it no longer fits: then the campaign starts over. */
function stateOf(
  stored: Campaign,
  programs: readonly CampaignProgram[],
  talk: (text: string) => void,
): CampaignState | null {
  const decoded = decodeCheckpoint(stored.state);
  if (!decoded.ok) {
    talk(`${stored.name}: its saved state cannot be read (${decoded.problem.title}); it starts over.`);
    return null;
  }
  // The checksum has shown that these are the bytes that #save wrote.
  const state = decoded.value as CampaignState;
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
  return state;
}
