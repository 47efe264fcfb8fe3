// What a capture says about each lock class: how often it was taken, waited for, and held how long.
import type { Capture } from '../schema/capture.js';
import { EVENT_KINDS, NO_TIME } from '../schema/event.js';
import { NONE } from '../schema/ids.js';

export interface ClassUse {
  readonly class: string;
  readonly kind: string;
  /** `acquire` and `try-acquire` events. */
  readonly acquisitions: number;
  /** Requests in episodes that happened, of tasks that never got the lock: waits that were seen. */
  readonly contended: number;
  /** Longest time between an `acquire` and its `release` where both times are known, in ns, or null. */
  readonly longestHoldNs: bigint | null;
}

const REQUEST = EVENT_KINDS.indexOf('request');
const ACQUIRE = EVENT_KINDS.indexOf('acquire');
const TRY_ACQUIRE = EVENT_KINDS.indexOf('try-acquire');
const RELEASE = EVENT_KINDS.indexOf('release');
const REFUSE = EVENT_KINDS.indexOf('refuse');

/** One row per class that some event names, in order of class number. */
export function classUse(capture: Capture): ClassUse[] {
  const { events, locks, classes, episodes } = capture;
  const acquisitions = new Float64Array(classes.length);
  const contended = new Float64Array(classes.length);
  const used = new Uint8Array(classes.length);
  const longest = new Map<number, bigint>();
  /** (episode, task, lock) -> requests that were not answered yet; times of acquisitions that still hold. */
  const waiting = new Map<number, { classId: number; count: number; happened: boolean }>();
  const held = new Map<number, bigint[]>();
  const tasks = capture.tasks.length;

  for (let i = 0; i < events.kind.length; i++) {
    const lock = events.lock[i]!;
    if (lock === NONE) continue;
    const classId = locks[lock]?.class;
    if (classId === undefined)
      throw new Error(`store: event ${i} of ${capture.id} names unknown lock ${lock}`);
    used[classId] = 1;
    const kind = events.kind[i]!;
    // One number for the three; exact up to 2^53.
    const key = (events.episode[i]! * tasks + events.task[i]!) * locks.length + lock;
    const time = events.timeNs[i]!;
    if (kind === REQUEST) {
      const open = waiting.get(key);
      if (open === undefined)
        waiting.set(key, { classId, count: 1, happened: episodes[events.episode[i]!]?.happened ?? false });
      else open.count++;
    } else if (kind === ACQUIRE || kind === REFUSE || kind === TRY_ACQUIRE) {
      // A trylock that succeeded answers no request.
      const open = kind === TRY_ACQUIRE ? undefined : waiting.get(key);
      if (open !== undefined && open.count > 0) open.count--;
      if (kind === REFUSE) continue;
      acquisitions[classId] = acquisitions[classId]! + 1;
      const since = held.get(key);
      if (since === undefined) held.set(key, [time]);
      else since.push(time);
    } else if (kind === RELEASE) {
      const since = held.get(key)?.pop();
      if (since === undefined || since === NO_TIME || time === NO_TIME || time < since) continue;
      const ns = time - since;
      if (ns > (longest.get(classId) ?? -1n)) longest.set(classId, ns);
    }
  }
  for (const open of waiting.values())
    if (open.happened) contended[open.classId] = contended[open.classId]! + open.count;

  // Two class numbers may bear one name; the name is what queries and other captures know.
  const byName = new Map<string, ClassUse>();
  for (let c = 0; c < classes.length; c++) {
    const { name, kind } = classes[c]!;
    if (used[c] === 0) continue;
    const before = byName.get(name);
    const hold = longest.get(c) ?? null;
    byName.set(name, {
      class: name,
      kind: before?.kind ?? kind,
      acquisitions: acquisitions[c]! + (before?.acquisitions ?? 0),
      contended: contended[c]! + (before?.contended ?? 0),
      longestHoldNs: longer(hold, before?.longestHoldNs ?? null),
    });
  }
  return [...byName.values()];
}

function longer(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
