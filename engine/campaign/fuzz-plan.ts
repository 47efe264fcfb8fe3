// Fuzz plan: deals out the lanes of a campaign epoch by epoch, and joins what they report.
import type { Job, SliceResult } from './job.js';
import { unpackLane } from './lane-pack.js';
import { afterSlice, giftsFor, laneSeed, newLane, quotas, streamsFor, workOfEpoch } from './lanes.js';
import type { CampaignLimits, Lane } from './state.js';
import type { Target } from './targets.js';

export interface FuzzPlanOptions {
  readonly seed: number;
  readonly shards: number;
  readonly limits: CampaignLimits;
  /** Execs of all lanes together, earlier ones included; null: no bound. */
  readonly execs: number | null;
  /** Targets at the end of the list that the campaign made itself: they get a smaller share. */
  readonly made: number;
}

/** Work of a made target for that of an open one. */
const MADE_SHARE = 1 / 8;

/** A slice that can be applied: the first in order of epochs, then lanes. */
export interface SliceAt {
  readonly id: string;
  readonly lane: number;
  readonly target: Target;
}

/**
 * Guards the lanes. Slices are applied in order of (epoch, lane), so that what a lane gets from its siblings does not
 * depend on who was faster; an epoch begins when the siblings have ended the one before.
 */
export class FuzzPlan {
  readonly lanes: Lane[];
  readonly #targets: readonly Target[];
  readonly #streams: number;
  /** Lanes from here on are of made targets. */
  readonly #firstMade: number;
  readonly #options: FuzzPlanOptions;
  readonly #quota: readonly number[] | null;
  readonly #features: Set<number>[];

  /** `before`: lanes of an earlier run, taken up where their target is still open. */
  constructor(targets: readonly Target[], before: readonly Lane[], options: FuzzPlanOptions) {
    this.#targets = targets;
    this.#options = options;
    // Streams that were begun go on, however many targets have come since.
    const begun = Math.max(0, ...before.map(({ stream }) => stream + 1));
    this.#streams = Math.max(begun, streamsFor(targets.length - options.made, options.shards));
    const kept = new Map(before.map((lane) => [`${lane.target} ${lane.stream}`, lane]));
    // A target that comes later begins where the others are, or it would hold them up until it is as far.
    const now = before.length === 0 ? 0 : Math.min(...before.map(({ epoch }) => epoch));
    this.lanes = targets.flatMap(({ key }) =>
      Array.from(
        { length: this.#streams },
        (_, stream) => kept.get(`${key} ${stream}`) ?? newLane(key, stream, now),
      ),
    );
    this.#firstMade = (targets.length - options.made) * this.#streams;
    const done = this.lanes.map(({ execs }) => execs);
    const forMade = options.made === 0 ? 0 : Math.floor((options.execs ?? 0) * MADE_SHARE);
    this.#quota =
      options.execs === null
        ? null
        : [
            ...quotas(done.slice(0, this.#firstMade), options.execs - forMade),
            ...quotas(done.slice(this.#firstMade), forMade),
          ];
    this.#features = targets.map(({ key }) => featuresOf(this.lanes.filter(({ target }) => target === key)));
  }

  /** Features of each target, counted once. */
  get features(): number {
    return this.#features.reduce((sum, met) => sum + met.size, 0);
  }

  #id(lane: number): string {
    const { epoch, execs } = this.lanes[lane] ?? newLane('', 0, 0);
    return `fuzz ${lane} ${epoch} ${execs}`;
  }

  /** Work of one epoch of the lane. */
  #epochWork(lane: number): number {
    const { epochWork } = this.#options.limits;
    return lane < this.#firstMade ? epochWork : Math.ceil(epochWork * MADE_SHARE);
  }

  #left(lane: number): number | null {
    return this.#quota === null ? null : (this.#quota[lane] ?? 0) - (this.lanes[lane]?.execs ?? 0);
  }

  /** Lanes that may go on, in the order in which their slices are applied. */
  #order(): number[] {
    return this.lanes
      .map((lane, index) => ({ epoch: lane.epoch, index }))
      .filter(({ index }) => this.#left(index) !== 0)
      .sort((a, b) => a.epoch - b.epoch || a.index - b.index)
      .map(({ index }) => index);
  }

  /** `taken`: whether the job of this id is out, or its result waits. */
  next(taken: (id: string) => boolean): Job | 'wait' | 'end' {
    const order = this.#order();
    if (order.length === 0) return 'end';
    const lane = order.find((index) => !taken(this.#id(index)) && this.#siblingsAreThere(index));
    return lane === undefined ? 'wait' : this.#job(lane);
  }

  #siblingsAreThere(index: number): boolean {
    const epoch = this.lanes[index]?.epoch ?? 0;
    const first = index - (index % this.#streams);
    return this.lanes
      .slice(first, first + this.#streams)
      .every((sibling, i) => sibling.epoch >= epoch || this.#left(first + i) === 0);
  }

  #job(index: number): Job {
    const lane = this.lanes[index];
    const target = this.#targets[Math.floor(index / this.#streams)];
    if (lane === undefined || target === undefined) throw new Error(`there is no lane ${index}`);
    const { seed, limits } = this.#options;
    return {
      id: this.#id(index),
      kind: 'fuzz',
      slice: {
        program: target.lowered.program,
        seed: laneSeed(seed, lane.stream),
        seeds: target.seeds,
        gifts: giftsFor(lane, this.lanes),
        work: workOfEpoch(lane.epoch, this.#epochWork(index)) - lane.epochWork,
        execs: this.#left(index),
        maxSteps: limits.maxSteps,
        fuzz: lane.fuzz,
      },
    };
  }

  /** The slice that is to be applied next, or null if no lane may go on. */
  first(): SliceAt | null {
    const [lane] = this.#order();
    const target = lane === undefined ? undefined : this.#targets[Math.floor(lane / this.#streams)];
    return lane === undefined || target === undefined ? null : { id: this.#id(lane), lane, target };
  }

  apply(index: number, slice: SliceResult): void {
    const lane = this.lanes[index];
    if (lane === undefined) throw new Error(`there is no lane ${index}`);
    this.lanes[index] = afterSlice(lane, slice, this.#epochWork(index));
    const met = this.#features[Math.floor(index / this.#streams)];
    for (const feature of slice.fresh) met?.add(feature);
  }
}

function featuresOf(lanes: readonly Lane[]): Set<number> {
  const met = new Set<number>();
  for (const { fuzz } of lanes) {
    const state = fuzz === null ? null : unpackLane(fuzz);
    for (const { counts } of state?.programs ?? []) for (const [feature] of counts) met.add(feature);
  }
  return met;
}
