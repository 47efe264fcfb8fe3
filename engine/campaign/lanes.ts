// Lanes: streams of fuzzing as data - how they begin, what they give each other, how execs are shared out.
import type { Genome } from '../../corpus/schema/schedule.js';
import type { ArmYield } from '../fuzz/fuzzer.js';
import type { RandomRuns } from '../fuzz/residual-risk.js';
import { GIFTS, type SliceResult } from './job.js';
import type { Lane } from './state.js';

/** Streams of each target, so that there are at least `shards` lanes in all. */
export function streamsFor(targets: number, shards: number): number {
  return targets === 0 ? 0 : Math.max(1, Math.ceil(shards / targets));
}

export function newLane(target: string, stream: number, epoch: number): Lane {
  return {
    target,
    stream,
    epoch,
    epochWork: 0,
    execs: 0,
    steps: 0,
    features: 0,
    seeds: 0,
    random: { runs: 0, once: 0, species: 0 },
    species: [],
    yields: [],
    gifts: [],
    giving: [],
    fuzz: null,
  };
}

/** Seeds of the lanes of one campaign are far apart; the first lane has the campaign's own. */
export function laneSeed(seed: number, lane: number): number {
  return (seed + lane * 7919) % 0x100000000;
}

/** What siblings found in the epoch before the one that `lane` begins. */
export function giftsFor(lane: Lane, lanes: readonly Lane[]): Genome[] {
  if (lane.epochWork > 0 || lane.fuzz === null) return [];
  return lanes
    .filter((other) => other.target === lane.target && other.stream !== lane.stream)
    .flatMap(({ gifts }) =>
      gifts.filter(({ epoch }) => epoch === lane.epoch - 1).flatMap((gift) => gift.genomes),
    );
}

/**
 * Work of one epoch: the first ones are short, so that a run of seconds ends with something to show; later ones are long,
 * as what a slice costs beside its work - packing, sending, checking a lane's state - costs as much for a short one.
 * Told by the epoch and not by any clock, so that the result does not depend on who does it.
 */
export function workOfEpoch(epoch: number, epochWork: number): number {
  if (epoch < SHORT_EPOCHS) return Math.max(1, Math.floor(epochWork / 2 ** (SHORT_EPOCHS - epoch)));
  return epochWork * 2 ** Math.min(MOST_DOUBLINGS, Math.floor(epoch / DOUBLED_EACH));
}
const SHORT_EPOCHS = 5;
/** A lane reaches the longest epochs after some minutes of its own work; they take some seconds: a kill costs them. */
const DOUBLED_EACH = 32;
const MOST_DOUBLINGS = 2;

/** The lane after a slice. Its epoch ends when the work of it is done. */
export function afterSlice(lane: Lane, slice: SliceResult, epochWork: number): Lane {
  const made = lane.epochWork + slice.steps - lane.steps + slice.execs - lane.execs;
  const giving = [...lane.giving, ...slice.giving].slice(-GIFTS);
  const ended = made >= workOfEpoch(lane.epoch, epochWork);
  return {
    ...lane,
    epoch: lane.epoch + (ended ? 1 : 0),
    epochWork: ended ? 0 : made,
    execs: slice.execs,
    steps: slice.steps,
    features: lane.features + slice.fresh.length,
    seeds: slice.seeds,
    random: slice.random,
    species: slice.species,
    yields: slice.yields,
    gifts: ended
      ? [
          ...lane.gifts.filter(({ epoch }) => epoch === lane.epoch - 1),
          { epoch: lane.epoch, genomes: giving },
        ]
      : lane.gifts,
    giving: ended ? [] : giving,
    fuzz: slice.fuzz,
  };
}

/** Shares `total` execs out so that the lanes come as close to each other as what they have done allows. */
export function quotas(done: readonly number[], total: number): number[] {
  let need = total - done.reduce((sum, n) => sum + n, 0);
  if (need <= 0 || done.length === 0) return [...done];
  const at = (level: number): number => done.reduce((sum, n) => sum + Math.max(0, level - n), 0);
  let low = Math.min(...done);
  let high = total;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (at(middle) <= need) low = middle;
    else high = middle - 1;
  }
  need -= at(low);
  return done.map((n) => {
    const level = Math.max(n, low);
    return n <= low && need-- > 0 ? level + 1 : level;
  });
}

/** Independent runs of all lanes, with the ends of one target counted together. */
export function randomRuns(lanes: readonly Lane[]): RandomRuns {
  const counts = new Map<string, number>();
  let runs = 0;
  for (const lane of lanes) {
    runs += lane.random.runs;
    for (const [end, n] of lane.species) {
      const name = `${lane.target} ${end}`;
      counts.set(name, (counts.get(name) ?? 0) + n);
    }
  }
  return { runs, once: [...counts.values()].filter((n) => n === 1).length, species: counts.size };
}

/** What each arm brought in all lanes. */
export function yieldsOf(lanes: readonly Lane[]): (readonly [string, ArmYield])[] {
  const sums = new Map<string, ArmYield>();
  for (const { yields } of lanes)
    for (const [arm, { execs, features }] of yields) {
      const sum = sums.get(arm) ?? { execs: 0, features: 0 };
      sums.set(arm, { execs: sum.execs + execs, features: sum.features + features });
    }
  return [...sums];
}
