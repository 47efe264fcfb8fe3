// Which lock with a dep_map is which lock with an address of its own: paired by what one task does in one breath.
import type { LockKind } from '../../corpus/schema/lock.js';
import { type Lock, type Locks, SOURCE } from './locks.js';
import type { Runner } from './runners.js';

interface Pair {
  readonly map: Lock;
  votes: number;
}

/**
 * Lock events carry the address of the lock's dep_map, probes and contention events that of the lock. The offset is constant
 * for a kind of lock and a build of the kernel; it is learned from pairs. Hashed addresses have no offsets, only pairs.
 */
export class Pairing {
  readonly #locks: Locks;
  readonly #pairs = new Map<Lock, Pair[]>();
  readonly #names = new Map<Lock, Map<string, number>>();

  constructor(locks: Locks) {
    this.#locks = locks;
  }

  /** A name for the lock that a path of the kernel gives away. */
  nameSeen(lock: Lock, name: string): void {
    const names = this.#names.get(lock) ?? new Map<string, number>();
    names.set(name, (names.get(name) ?? 0) + 1);
    this.#names.set(lock, names);
  }
  nameOf(lock: Lock): string | null {
    let best: string | null = null;
    let most = 0;
    for (const [name, votes] of this.#names.get(lock) ?? [])
      if (votes > most) {
        best = name;
        most = votes;
      }
    return best;
  }

  asked(runner: Runner, lock: Lock): void {
    runner.asked = lock;
  }

  /** A lock event of a runner that has just called a lock function. */
  mapTaken(runner: Runner, map: Lock): void {
    const object = runner.asked;
    if (object === null || map.klass.isInner) return;
    runner.asked = null;
    this.pair(object, map);
  }

  pair(object: Lock, map: Lock): void {
    const pairs = this.#pairs.get(object);
    if (pairs === undefined) {
      this.#pairs.set(object, [{ map, votes: 1 }]);
      return;
    }
    const known = pairs.find((pair) => pair.map === map);
    if (known !== undefined) known.votes++;
    else if (pairs.length < 8) pairs.push({ map, votes: 1 });
  }

  /** At the end: the lock with a dep_map that each lock with an address of its own is. */
  resolve(): ReadonlyMap<Lock, Lock> {
    const { addresses } = this.#locks;
    const offsets = new Map<LockKind, Map<number, number>>();
    const raw = (lock: Lock): boolean => addresses.high(lock.address) !== 0;
    const offset = (object: Lock, map: Lock): number | null => {
      if (!raw(object) || !raw(map) || addresses.high(object.address) !== addresses.high(map.address))
        return null;
      const delta = addresses.low(map.address) - addresses.low(object.address);
      // A dep_map stands inside its lock.
      return delta >= 0 && delta < 4096 ? delta : null;
    };
    for (const [object, pairs] of this.#pairs)
      for (const { map, votes } of pairs) {
        const delta = offset(object, map);
        const kind = object.seenAs;
        if (delta === null || kind === null) continue;
        const seen = offsets.get(kind) ?? new Map<number, number>();
        seen.set(delta, (seen.get(delta) ?? 0) + votes);
        offsets.set(kind, seen);
      }
    const learned = new Map<LockKind, number>();
    for (const [kind, seen] of offsets) {
      const [best] = [...seen].sort((a, b) => b[1] - a[1]);
      if (best !== undefined) learned.set(kind, best[0]);
    }
    const resolved = new Map<Lock, Lock>();
    for (const object of this.#locks.objects) {
      if (object.source !== SOURCE.probe && object.source !== SOURCE.contention) continue;
      const kind = object.seenAs;
      const delta = kind === null ? undefined : learned.get(kind);
      if (delta !== undefined && raw(object)) {
        const low = addresses.low(object.address) + delta;
        const carry = (addresses.low(object.address) >>> 0) + delta > 0xffffffff ? 1 : 0;
        const id = addresses.find(addresses.high(object.address) + carry, low);
        const map = id === -1 ? undefined : this.#locks.seenByMap(id);
        if (map !== undefined) {
          resolved.set(object, map);
          continue;
        }
      }
      const pairs = (this.#pairs.get(object) ?? []).filter(
        ({ map }) => delta === undefined || offset(object, map) === null,
      );
      const [best] = [...pairs].sort((a, b) => b.votes - a.votes);
      if (best !== undefined) resolved.set(object, best.map);
    }
    return resolved;
  }
}
