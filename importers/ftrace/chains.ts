// Call chains in a text, frame by frame, found again without making an array of each.
import { NameTable } from './names.js';

/** Frames of one stack are kept up to this many. */
const MOST_FRAMES = 128;
/** More chains than any kernel has; a hostile file may have any number, and then they are made anew. */
const MOST_CHAINS = 1 << 16;
/** More functions than a kernel and its modules have; what a hostile file names beyond is left out of its stacks. */
const MOST_FUNCTIONS = 1 << 18;

interface Frame {
  readonly name: string;
  readonly id: number;
}

interface Chain {
  readonly ids: readonly number[];
  readonly frames: readonly string[];
}

/** Gathers the frames of one chain after the other. Equal chains are the same array. */
export class CallChains {
  readonly #ids: number[] = [];
  #hash = 0;
  #nextId = 0;
  readonly #chains = new Map<number, Chain[]>();
  #size = 0;
  readonly #namesById: string[] = [];
  readonly #names: NameTable<Frame>;

  /** `heard` is called once for each function, `tooMany` for those that there is no room for. */
  constructor(heard: (name: string) => void, tooMany: () => void) {
    this.#names = new NameTable((name) => {
      if (this.#nextId >= MOST_FUNCTIONS) {
        tooMany();
        return { name, id: -1 };
      }
      heard(name);
      this.#namesById.push(name);
      return { name, id: this.#nextId++ };
    }, MOST_FUNCTIONS);
  }

  get isEmpty(): boolean {
    return this.#ids.length === 0;
  }

  /** The number of the function that stands from `from` to `to`, or -1 if there are too many. `hash`: the same for the same characters. */
  id(text: string, from: number, to: number, hash: number): number {
    return this.#names.at(text, from, to, hash).id;
  }

  /** Adds a function by its number. */
  frame(id: number): void {
    if (this.#ids.length >= MOST_FRAMES) return;
    this.#ids.push(id);
    this.#hash = (Math.imul(this.#hash, 31) + id) | 0;
  }

  /** The chain that was gathered, innermost first; the next one begins. */
  take(): readonly string[] {
    const ids = this.#ids;
    const hash = this.#hash;
    this.#hash = 0;
    let bucket = this.#chains.get(hash);
    if (bucket !== undefined)
      for (let i = 0; i < bucket.length; i++) {
        const known = bucket[i]!;
        if (!isEqual(known.ids, ids)) continue;
        empty(ids);
        return known.frames;
      }
    const chain = { ids: [...ids], frames: ids.map((id) => this.#namesById[id]!) };
    empty(ids);
    if (this.#size++ >= MOST_CHAINS) {
      this.#chains.clear();
      this.#size = 0;
      bucket = undefined;
    }
    if (bucket === undefined) this.#chains.set(hash, [chain]);
    else bucket.push(chain);
    return chain.frames;
  }

  /** Forgets what was gathered. */
  drop(): void {
    empty(this.#ids);
    this.#hash = 0;
  }
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Setting the length to 0 would give up the room of the list, which the next chain needs. */
function empty(list: number[]): void {
  while (list.length > 0) list.pop();
}
