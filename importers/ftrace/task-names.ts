// Task names: the name at the head of a line counts the first time that its task is met.

/** A power of two. */
const RECENT = 64;

/** Which tasks were named. */
export class NamedTasks {
  readonly #named = new Set<number>();
  /** Of those, the ones met last, by the low bits of the pid. */
  readonly #recent = new Float64Array(RECENT).fill(-1);

  /** True the first time. */
  isNew(pid: number): boolean {
    const slot = pid & (RECENT - 1);
    if (this.#recent[slot] === pid) return false;
    this.#recent[slot] = pid;
    if (this.#named.has(pid)) return false;
    this.#named.add(pid);
    return true;
  }
}
