// Writes STD traces of any length with deadlocks, and near misses, whose truth is known.
import { closeSync, openSync, writeSync } from 'node:fs';

/** Kinds of trace that speed is measured on. */
export type StdKind = 'locks' | 'values' | 'few' | 'many' | 'repeats';

interface Shape {
  readonly about: string;
  readonly tasks: number;
  readonly locks: number;
  readonly variables: number;
  /** Share of events that read or write. */
  readonly accesses: number;
  /** Times that each ring is run, by whatever tasks; only rings and gates then: by repetition orders between tasks go away. */
  readonly repeats: number;
}

export const STD_SHAPES: Readonly<Record<StdKind, Shape>> = {
  locks: { about: '32 tasks, locks only', tasks: 32, locks: 1000, variables: 0, accesses: 0, repeats: 1 },
  values: {
    about: '32 tasks, 70 % reads and writes',
    tasks: 32,
    locks: 1000,
    variables: 2000,
    accesses: 0.7,
    repeats: 1,
  },
  few: { about: '8 tasks, locks only', tasks: 8, locks: 64, variables: 0, accesses: 0, repeats: 1 },
  many: { about: '800 tasks, locks only', tasks: 800, locks: 4000, variables: 0, accesses: 0, repeats: 1 },
  repeats: {
    about: '8 tasks, each ring 10 000 times',
    tasks: 8,
    locks: 64,
    variables: 0,
    accesses: 0,
    repeats: 10_000,
  },
};

/** A ring of locks that was planted, by the names of its locks. */
export interface Planted {
  /** Why it is one, or none. */
  readonly how: 'ring' | 'reordered' | 'gate' | 'value' | 'fork' | 'one-task';
  readonly deadlock: boolean;
  readonly locks: readonly string[];
}

export interface MadeStd {
  readonly events: number;
  readonly bytes: number;
  readonly planted: readonly Planted[];
}

/** Dice of its own: the same seed writes the same bytes. */
function diceOf(seed: number): (below: number) => number {
  let x = (seed * 0x9e3779b1) | 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

const FLUSH = 1 << 20;

class Lines {
  readonly #file: number;
  readonly #buffer = Buffer.allocUnsafe(FLUSH + 256);
  #used = 0;
  bytes = 0;
  events = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  put(thread: string, word: string, argument: string, place: number): void {
    this.#used += this.#buffer.write(`${thread}|${word}(${argument})|${place}\n`, this.#used, 'latin1');
    this.events++;
    if (this.#used >= FLUSH) this.#flush();
  }

  #flush(): void {
    writeSync(this.#file, this.#buffer, 0, this.#used);
    this.bytes += this.#used;
    this.#used = 0;
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }
}

/** Rings of each kind that are planted, at even distances over the trace. */
const SIZES = [2, 3, 4, 5];

/**
 * Writes about `events` events to `path`. Tasks take up to four locks in ascending order, so that all cycles are those planted
 * in between: on locks of their own, by tasks that hold nothing at that moment.
 */
export function writeMadeStd(path: string, kind: StdKind, events: number, seed = 1, rounds = 1): MadeStd {
  const { tasks, locks, variables, accesses, repeats } = STD_SHAPES[kind];
  const dice = diceOf(seed);
  const lines = new Lines(path);
  const names = Array.from({ length: tasks }, (_, t) => `T${t}`);
  const lockNames = Array.from({ length: locks }, (_, l) => `L${l}`);
  const variableNames = Array.from({ length: variables }, (_, v) => `V${v}`);
  const held: number[][] = names.map(() => []);
  const owner = new Int32Array(locks).fill(-1);
  const planted: Planted[] = [];
  for (let t = 1; t < tasks; t++) lines.put('T0', 'fork', names[t]!, t);

  /** Lets a task give back all that it holds, so that what follows stands alone. */
  const drain = (t: number): string => {
    for (const l of held[t]!.splice(0).reverse()) {
      owner[l] = -1;
      lines.put(names[t]!, 'rel', lockNames[l]!, 2);
    }
    return names[t]!;
  };
  const some = (count: number): string[] => {
    const from = dice(tasks);
    return Array.from({ length: count }, (_, i) => drain((from + i) % tasks));
  };
  /** One task's nested section over locks, outermost first. */
  const nest = (thread: string, nested: readonly string[]): void => {
    nested.forEach((lock, i) => {
      lines.put(thread, 'acq', lock, 1000 + planted.length * 10 + i);
    });
    for (const lock of [...nested].reverse()) lines.put(thread, 'rel', lock, 3);
  };
  const ring = (n: number): string[] => Array.from({ length: n }, (_, i) => `P${planted.length}.${i}`);
  const plantAgain = (id: number): void => {
    const n = SIZES[id % SIZES.length]!;
    const gate = id < SIZES.length ? [] : [`G${id}`];
    const own = Array.from({ length: n }, (_, i) => `P${id}.${i}`);
    some(n).forEach((thread, i) => {
      nest(thread, [...gate, own[i]!, own[(i + 1) % n]!]);
    });
    if (planted.length <= id)
      planted.push({ how: gate.length > 0 ? 'gate' : 'ring', deadlock: gate.length === 0, locks: own });
  };
  const plant = (which: number, round: number): void => {
    const n = SIZES[(which + round) % SIZES.length]!;
    switch (which) {
      case 0: {
        const own = ring(n);
        some(n).forEach((thread, i) => {
          nest(thread, [own[i]!, own[(i + 1) % n]!]);
        });
        planted.push({ how: 'ring', deadlock: true, locks: own });
        return;
      }
      case 1: {
        // The first section on X must come behind that of the other task: no order that keeps the sections' order does it.
        const own = ring(2);
        const [a, b] = some(2);
        const x = `X${planted.length}`;
        nest(a!, [x, own[0]!, own[1]!]);
        nest(b!, [x]);
        nest(b!, [own[1]!, own[0]!]);
        planted.push({ how: 'reordered', deadlock: true, locks: own });
        return;
      }
      case 2: {
        const own = ring(n);
        const gate = `G${planted.length}`;
        some(n).forEach((thread, i) => {
          nest(thread, [gate, own[i]!, own[(i + 1) % n]!]);
        });
        planted.push({ how: 'gate', deadlock: false, locks: own });
        return;
      }
      case 3: {
        const own = ring(2);
        const [a, b] = some(2);
        nest(a!, own);
        lines.put(a!, 'w', `H${planted.length}`, 4);
        lines.put(b!, 'r', `H${planted.length}`, 5);
        nest(b!, [...own].reverse());
        planted.push({ how: 'value', deadlock: false, locks: own });
        return;
      }
      case 4: {
        const own = ring(2);
        const [a] = some(1);
        const child = `C${planted.length}`;
        nest(a!, own);
        lines.put(a!, 'fork', child, 6);
        nest(child, [...own].reverse());
        lines.put(a!, 'join', child, 7);
        planted.push({ how: 'fork', deadlock: false, locks: own });
        return;
      }
      default: {
        const own = ring(2);
        const [a] = some(1);
        nest(a!, own);
        nest(a!, [...own].reverse());
        planted.push({ how: 'one-task', deadlock: false, locks: own });
      }
    }
  };

  const kinds = repeats > 1 ? 2 * SIZES.length : 6 * SIZES.length * rounds;
  const plants = kinds * repeats;
  const step = Math.max(1, events / (plants + 1));
  let done = 0;
  while (lines.events < events) {
    if (lines.events >= step * (done + 1) && done < plants) {
      if (repeats > 1) plantAgain(done % kinds);
      else plant(done % 6, Math.floor(done / 6));
      done++;
      continue;
    }
    const t = dice(tasks);
    if (accesses > 0 && dice(1000) < accesses * 1000) {
      lines.put(names[t]!, dice(3) === 0 ? 'w' : 'r', variableNames[dice(variables)]!, 100 + dice(400));
      continue;
    }
    const stack = held[t]!;
    const top = stack.at(-1) ?? -1;
    if (stack.length < 4 && top < locks - 1 && dice(2) === 0) {
      const lock = top + 1 + dice(locks - top - 1);
      if (owner[lock] !== -1) continue;
      owner[lock] = t;
      stack.push(lock);
      lines.put(names[t]!, 'acq', lockNames[lock]!, 500 + dice(400));
    } else if (stack.length > 0) {
      // One in eight is given back out of order.
      const [lock] = stack.splice(dice(8) === 0 ? dice(stack.length) : stack.length - 1, 1);
      owner[lock!] = -1;
      lines.put(names[t]!, 'rel', lockNames[lock!]!, 900 + dice(90));
    }
  }
  for (let t = 0; t < tasks; t++) drain(t);
  for (let t = 1; t < tasks; t++) lines.put('T0', 'join', names[t]!, t);
  lines.close();
  return { events: lines.events, bytes: lines.bytes, planted };
}
