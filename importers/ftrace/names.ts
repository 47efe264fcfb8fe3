// Names in a text as values of their own, found again without making a string of each.

interface Entry<T> {
  readonly name: string;
  readonly value: T;
}

/** Finds what belongs to the name that stands in a text from one place to another. */
export class NameTable<T> {
  #buckets: (Entry<T>[] | undefined)[] = new Array<Entry<T>[] | undefined>(1024);
  #size = 0;
  readonly #make: (name: string) => T;
  readonly #most: number;

  /** `most`: names that are remembered; then all are forgotten, and made anew. */
  constructor(make: (name: string) => T, most = 1 << 16) {
    this.#make = make;
    this.#most = most;
  }

  /** The value for the name from `from` to `to`; made at first sight. `hash`: the same for the same characters. */
  at(text: string, from: number, to: number, hash: number): T {
    const slot = (hash ^ (hash >>> 12)) & (this.#buckets.length - 1);
    const bucket = this.#buckets[slot];
    if (bucket !== undefined)
      for (let i = 0; i < bucket.length; i++) {
        const entry = bucket[i]!;
        if (entry.name.length === to - from && text.startsWith(entry.name, from)) return entry.value;
      }
    // A slice would keep the whole block that it was cut from in memory.
    const name = Buffer.from(text.slice(from, to), 'utf8').toString('utf8');
    const value = this.#make(name);
    // A hostile file may have any number of names: the table forgets, and makes them anew.
    if (this.#size >= this.#most) {
      this.#buckets = new Array<Entry<T>[] | undefined>(1024);
      this.#size = 0;
    }
    this.#size++;
    const room = this.#buckets[slot];
    if (room === undefined) this.#buckets[slot] = [{ name, value }];
    else room.push({ name, value });
    return value;
  }
}

/** A hash of the characters from `from` to `to`. */
export function hashOf(text: string, from: number, to: number): number {
  let hash = 0;
  for (let i = from; i < to; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0;
  return hash;
}
