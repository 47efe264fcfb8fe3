// Symmetric keys: one key for all states that differ only in which of several equal units is where.
import type { Compiled } from '../model/compile.js';
import { keyPlan } from '../model/key-plan.js';
import type { Machine } from '../model/machine.js';
import { type Group, symmetryOf, type Unit } from './symmetry.js';

/** A part of a state: a word, the bits of a mask in it, or (with `equals` not 0) whether it is just that. */
interface Field {
  readonly word: number;
  readonly mask: number;
  readonly equals: number;
  /** Bits that its value takes. */
  readonly width: number;
}

/** Fields, each with the word of a key and the bit at which it lies. */
interface Packed {
  readonly words: number;
  readonly fields: readonly (Field & { readonly into: number; readonly shift: number })[];
}

/** Writes the key of the machine's state, `words` words. */
export interface SymmetricKeys {
  readonly groups: readonly Group[];
  readonly words: number;
  readonly write: (m: Machine, key: Int32Array) => void;
}

/**
 * Keys of a program in which units can change places: of each group the units are sorted by all that is theirs. Null if there are
 * none, or what tells states apart says how two tasks stand to each other (whom a `sync` noted, which CPU was hit, whose
 * context is older): then there is nothing to sort by.
 */
export function symmetricKeys(m: Machine, goesOn: boolean): SymmetricKeys | null {
  const { compiled: c, layout: at } = m;
  const groups = symmetryOf(c);
  if (groups.length === 0 || c.hasContexts) return null;
  const plan = keyPlan(c, at, goesOn);
  const told = new Set(plan.source);
  for (let t = 0; t < c.tasks; t++) {
    if (told.has(at.syncing + t) || (c.irqTasks !== 0 && told.has(at.hit + t))) return null;
  }
  const parts = new Parts(m, told);
  const moving = new Set(groups.flat().flatMap(({ tasks }) => tasks));
  const fixed = Array.from({ length: c.tasks }, (_, t) => t).filter((t) => !moving.has(t));
  const rows = groups.map((group) => group.map((unit) => packed(parts.ofUnit(unit))));
  const rest = packed([...parts.ofUnit({ tasks: fixed, locks: [], flags: [], cpus: [] }), ...parts.rest()]);
  const longest = Math.max(...rows.flat().map(({ words }) => words));
  const most = Math.max(...groups.map(({ length }) => length));
  const scratch = new Int32Array(longest * most);
  const order = new Int32Array(most);
  const write = (from: Machine, key: Int32Array): void => {
    const s = from.stateWords;
    key.fill(0);
    put(rest, s, key, 0);
    let out = rest.words;
    for (const row of rows) {
      const { words } = row[0]!;
      scratch.fill(0);
      for (let u = 0; u < row.length; u++) {
        put(row[u]!, s, scratch, u * words);
        let place = u;
        for (; place > 0 && compare(scratch, order[place - 1]! * words, u * words, words) > 0; place--)
          order[place] = order[place - 1]!;
        order[place] = u;
      }
      for (let u = 0; u < row.length; u++)
        for (let i = 0; i < words; i++) key[out++] = scratch[order[u]! * words + i]!;
    }
  };
  const words = rows.reduce((sum, row) => sum + row.length * row[0]!.words, rest.words);
  return { groups, words, write };
}

/** Tells of which unit each part of a state is. */
class Parts {
  /** Words, and bits of masks, that are in no unit so far. */
  private readonly left: Map<number, number>;

  constructor(
    private readonly m: Machine,
    told: ReadonlySet<number>,
  ) {
    this.left = new Map([...told].map((word) => [word, -1]));
  }

  /** What is told of the tasks of a unit, and of what only they use. */
  ofUnit({ tasks, locks, flags, cpus }: Unit): Field[] {
    const { compiled: c, layout: at } = this.m;
    const fields: Field[] = [];
    for (const t of tasks) {
      fields.push(...this.whole(at.pc + t, bitsOf(c, t)));
      for (const word of [at.waiting, at.dead, at.forked]) fields.push(...this.bit(word, 1 << t));
      for (let p = 0; p < c.pairs; p++) {
        if (c.pairTask[p] !== t) continue;
        const lock = c.pairLock[p]!;
        fields.push(...this.whole(at.hold + p, 32), ...this.bit(at.readers + lock, 1 << t));
        if (this.left.has(at.owner + lock))
          fields.push({ word: at.owner + lock, mask: -1, equals: t + 1, width: 1 });
      }
    }
    for (const l of locks) fields.push(...this.whole(at.units + l, 32));
    for (const f of flags) fields.push(...this.bit(at.flags + (f >> 5), 1 << (f & 31)));
    if (c.irqTasks !== 0)
      for (const cpu of cpus)
        fields.push(...this.whole(at.irqsOff + cpu, 1), ...this.whole(at.bhOff + cpu, 32));
    return fields;
  }

  /** What is of no unit. Owners are told by their tasks, which all have been asked for. */
  rest(): Field[] {
    const { compiled: c, layout: at } = this.m;
    const isOwner = (word: number): boolean => word >= at.owner && word < at.owner + c.locks;
    return [...this.left].flatMap(([word, mask]) =>
      isOwner(word) || mask === 0 ? [] : [{ word, mask, equals: 0, width: 32 }],
    );
  }

  private whole(word: number, width: number): Field[] {
    return this.left.delete(word) ? [{ word, mask: -1, equals: 0, width }] : [];
  }

  private bit(word: number, bit: number): Field[] {
    const mask = this.left.get(word);
    if (mask === undefined) return [];
    this.left.set(word, mask & ~bit);
    return [{ word, mask: bit, equals: 0, width: 1 }];
  }
}

/** Bits of the program counter of a task. */
function bitsOf(c: Compiled, t: number): number {
  return 32 - Math.clz32(c.opBase[t + 1]! - c.opBase[t]!);
}

function packed(fields: readonly Field[]): Packed {
  let into = 0;
  let used = 0;
  const placed = fields.map((field) => {
    if (used + field.width > 32) {
      into++;
      used = 0;
    }
    const shift = used;
    used += field.width;
    const { word, mask, equals, width } = field;
    return { word, mask, equals, width, into, shift };
  });
  return { words: fields.length === 0 ? 0 : into + 1, fields: placed };
}

function put({ fields }: Packed, s: Int32Array, into: Int32Array, offset: number): void {
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    const value = s[field.word]! & field.mask;
    if (field.width === 32) into[offset + field.into] = value;
    else if (field.equals !== 0)
      into[offset + field.into]! |= (value === field.equals ? 1 : 0) << field.shift;
    else if (field.width === 1) into[offset + field.into]! |= (value !== 0 ? 1 : 0) << field.shift;
    else into[offset + field.into]! |= value << field.shift;
  }
}

function compare(rows: Int32Array, a: number, b: number, words: number): number {
  for (let i = 0; i < words; i++) if (rows[a + i] !== rows[b + i]) return rows[a + i]! - rows[b + i]!;
  return 0;
}
