// Reads the lines of an STD trace as bytes: `THREAD|OP(ARGUMENT)|LOCATION`, straight into event columns.
import { EVENT_KINDS, type EventKind } from '../../corpus/schema/event.js';
import { type EpisodeId, NONE } from '../../corpus/schema/ids.js';
import type { CaptureBuilder } from '../builder.js';
import { ByteNames, hashOf, NumberedNames } from './byte-names.js';

const LF = 10;
const CR = 13;
const CLOSE = 41;
const OPEN = 40;
const ZERO = 48;
const NINE = 57;
const BAR = 124;

/** Traces that number every event would make millions of sites: these many are told apart. */
const MOST_LOCATIONS = 1 << 20;
/** Location numbers up to here are looked up in an array. */
const DENSE_LOCATIONS = 1 << 22;

/** Rows that are gathered before they go to the builder: small enough to stay in the cache. */
const BLOCK_ROWS = 1 << 12;

interface Op {
  readonly word: string;
  readonly kind: EventKind;
  readonly argument: 'lock' | 'thread' | 'variable';
}

/** The operations of an STD trace (RAPID, `parse.std.Parse`), and `req`, which deadlock predictors add. */
export const STD_OPS: readonly Op[] = [
  { word: 'acq', kind: 'acquire', argument: 'lock' },
  { word: 'rel', kind: 'release', argument: 'lock' },
  { word: 'req', kind: 'request', argument: 'lock' },
  { word: 'r', kind: 'read', argument: 'variable' },
  { word: 'w', kind: 'write', argument: 'variable' },
  { word: 'fork', kind: 'fork', argument: 'thread' },
  { word: 'join', kind: 'join', argument: 'thread' },
  { word: 'begin', kind: 'begin', argument: 'variable' },
  { word: 'end', kind: 'end', argument: 'variable' },
];
const KIND_CODES = Uint8Array.from(STD_OPS, (op) => EVENT_KINDS.indexOf(op.kind));
const NO_OP = -1;
const NOTHING = new Int32Array(0);

/** The index into STD_OPS of the word that begins at `p`, or NO_OP; the byte behind it is not looked at. */
function opAt(b: Uint8Array, p: number): number {
  const second = b[p + 1];
  switch (b[p]) {
    case 97: // a
      return second === 99 && b[p + 2] === 113 ? 0 : NO_OP;
    case 114: // r
      if (second === OPEN) return 3;
      if (second !== 101) return NO_OP;
      return b[p + 2] === 108 ? 1 : b[p + 2] === 113 ? 2 : NO_OP;
    case 119: // w
      return 4;
    case 102: // f
      return second === 111 && b[p + 2] === 114 && b[p + 3] === 107 ? 5 : NO_OP;
    case 106: // j
      return second === 111 && b[p + 2] === 105 && b[p + 3] === 110 ? 6 : NO_OP;
    case 98: // b
      return second === 101 && b[p + 2] === 103 && b[p + 3] === 105 && b[p + 4] === 110 ? 7 : NO_OP;
    case 101: // e
      return second === 110 && b[p + 2] === 100 ? 8 : NO_OP;
    default:
      return NO_OP;
  }
}
const OP_LENGTHS = Uint8Array.from(STD_OPS, (op) => op.word.length);

/** Reads whole lines of one trace into one episode of a builder. */
export class StdScanner {
  readonly #builder: CaptureBuilder;
  readonly #episode: EpisodeId;
  readonly #threads = new ByteNames();
  readonly #locks = new ByteNames();
  readonly #variables = new ByteNames();
  readonly #places = new ByteNames();
  readonly #threadNumbers = new NumberedNames();
  readonly #lockNumbers = new NumberedNames();
  readonly #variableNumbers = new NumberedNames();
  /** SiteId + 1 by location number; 0 where it was not met. */
  #numbered = new Int32Array(1 << 12);
  readonly #counts = new Float64Array(STD_OPS.length);
  #line = 0;
  readonly #block = {
    kind: new Uint8Array(BLOCK_ROWS),
    task: new Int32Array(BLOCK_ROWS),
    lock: new Int32Array(BLOCK_ROWS),
    site: new Int32Array(BLOCK_ROWS),
    peer: new Int32Array(BLOCK_ROWS),
    where: new Float64Array(BLOCK_ROWS),
  };
  #names = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(builder: CaptureBuilder, episode: EpisodeId) {
    this.#builder = builder;
    this.#episode = episode;
  }

  /** Reads `b[from..to)`, which ends with a newline. Lines that are none of a trace are counted as skips. */
  read(b: Uint8Array, from: number, to: number): void {
    const episode = this.#episode;
    const block = this.#block;
    const counts = this.#counts;
    const lockNames = this.#lockNumbers;
    const threadNames = this.#threadNumbers;
    const variableNames = this.#variableNumbers;
    let row = 0;
    let line = this.#line;
    let p = from;
    while (p < to) {
      const start = p;
      line++;
      // Most names are a letter and a number: these need no hash.
      let c = b[p]!;
      let first = 0;
      if (c < ZERO || c > NINE) {
        first = c;
        if (c !== BAR && c !== LF) c = b[++p]!;
      }
      let digits = p;
      let value = 0;
      for (; c >= ZERO && c <= NINE; c = b[++p]!) value = value * 10 + (c - ZERO);
      let numbered = p > digits && p - digits <= 7 && (b[digits] !== ZERO || p === digits + 1);
      if (c !== BAR) {
        numbered = false;
        while (c !== BAR && c !== LF) c = b[++p]!;
      }
      const op = c === BAR ? opAt(b, p + 1) : NO_OP;
      if (op === NO_OP) {
        p = this.#oddLine(b, start, p, line);
        continue;
      }
      const endOfThread = p;
      const threadTable = numbered ? threadNames.table(first) : NOTHING;
      const thread = value < threadTable.length ? threadTable[value]! - 1 : -1;
      p += 1 + OP_LENGTHS[op]!;
      let argument = -1;
      let endOfArgument = -1;
      numbered = false;
      if (b[p] === OPEN) {
        argument = ++p;
        c = b[p]!;
        first = 0;
        if ((c < ZERO || c > NINE) && c !== CLOSE && c !== LF) {
          first = c;
          c = b[++p]!;
        }
        digits = p;
        value = 0;
        for (; c >= ZERO && c <= NINE; c = b[++p]!) value = value * 10 + (c - ZERO);
        numbered = p > digits && p - digits <= 7 && (b[digits] !== ZERO || p === digits + 1);
        for (; c !== LF; c = b[++p]!) {
          if (c === CLOSE) {
            const next = b[p + 1];
            if (next === BAR || next === LF || next === CR) {
              endOfArgument = p++;
              break;
            }
          }
          numbered = false;
        }
      }
      c = b[p]!;
      // Blocks may be written without an argument: `T0|begin|3`.
      const complete = argument === -1 ? op >= 7 : endOfArgument !== -1;
      if (!complete || !(c === BAR || c === LF || c === CR)) {
        p = this.#oddLine(b, start, p, line);
        continue;
      }
      const task = thread !== -1 ? thread : this.#thread(b, start, endOfThread);
      let lock = NONE;
      let peer = NONE;
      if (op < 3) {
        const table = numbered ? lockNames.table(first) : NOTHING;
        lock = value < table.length ? table[value]! - 1 : -1;
        if (lock === -1) lock = this.#lock(b, argument, endOfArgument);
      } else if (op === 5 || op === 6) peer = this.#thread(b, argument, endOfArgument);
      else if (argument !== -1) {
        const table = numbered ? variableNames.table(first) : NOTHING;
        lock = value < table.length ? table[value]! - 1 : -1;
        if (lock === -1) lock = this.#variable(b, argument, endOfArgument);
      }
      let site = NONE;
      if (c === BAR) {
        const place = ++p;
        value = 0;
        for (c = b[p]! - ZERO; c >= 0 && c <= 9 && value < DENSE_LOCATIONS; c = b[++p]! - ZERO)
          value = value * 10 + c;
        c = b[p]!;
        // `007` and `7` are two locations: a name is kept as it is written.
        if (c === LF && p > place && value < this.#numbered.length && (b[place] !== ZERO || p === place + 1))
          site = this.#numbered[value]! - 1;
        if (site === NONE) {
          p = b.indexOf(LF, p);
          site = this.#locate(b, place, b[p - 1] === CR ? p - 1 : p);
        }
      } else if (c === CR) p++;
      p++;
      if (row === BLOCK_ROWS) {
        this.#builder.append(block, row, episode);
        row = 0;
      }
      block.kind[row] = KIND_CODES[op]!;
      block.task[row] = task;
      block.lock[row] = lock;
      block.site[row] = site;
      block.peer[row] = peer;
      block.where[row++] = line;
      counts[op]!++;
    }
    this.#builder.append(block, row, episode);
    this.#line = line;
  }

  /** Counts a line that is not kept because it is longer than a line may be. */
  longLine(): void {
    this.#builder.skips.count('line_too_long', ++this.#line);
  }

  /** Tells the builder what was read. */
  end(): void {
    STD_OPS.forEach((op, i) => {
      const times = this.#counts[i]!;
      if (times > 0) this.#builder.count(op.word, times);
    });
  }

  /** Passes over a line without an operation of ours; returns where the next one begins. */
  #oddLine(b: Uint8Array, start: number, at: number, line: number): number {
    const end = b.indexOf(LF, at);
    const text = this.#names.decode(b.subarray(start, Math.min(end, start + 200))).trim();
    if (text !== '' && !text.startsWith('#')) {
      const other = /\|([a-zA-Z]\w*)(?:\(.*\))?(?:\||$)/.exec(text)?.[1];
      if (other === undefined || STD_OPS.some((op) => op.word === other))
        this.#builder.skips.count('std_line_unreadable', line);
      else {
        this.#builder.count(other);
        this.#builder.skips.count('std_operation_unused', line);
      }
    }
    return end + 1;
  }

  #text(b: Uint8Array, from: number, to: number): string {
    const text = this.#names.decode(b.subarray(from, to));
    if (text.includes('\ufffd')) this.#builder.skips.count('invalid_utf8', this.#line);
    return text;
  }

  #thread(b: Uint8Array, from: number, to: number): number {
    const hash = hashOf(b, from, to);
    const known = this.#threads.find(b, from, to, hash);
    if (known !== -1) return known;
    const name = this.#text(b, from, to);
    const id = this.#builder.task({ name, pid: null, function: null, named: true, runs: 'task' }, name);
    this.#threads.add(b, from, to, hash, id);
    this.#threadNumbers.add(b, from, to, id);
    return id;
  }

  #lock(b: Uint8Array, from: number, to: number): number {
    const hash = hashOf(b, from, to);
    const known = this.#locks.find(b, from, to, hash);
    if (known !== -1) return known;
    const name = this.#text(b, from, to);
    const id = this.#builder.lock(this.#builder.lockClass(name, 'mutex', true), null, name);
    this.#locks.add(b, from, to, hash, id);
    this.#lockNumbers.add(b, from, to, id);
    return id;
  }

  #variable(b: Uint8Array, from: number, to: number): number {
    const hash = hashOf(b, from, to);
    const known = this.#variables.find(b, from, to, hash);
    if (known !== -1) return known;
    const id = this.#builder.variable(this.#text(b, from, to));
    this.#variables.add(b, from, to, hash, id);
    this.#variableNumbers.add(b, from, to, id);
    return id;
  }

  /** The site of a location that was not found by its number: a new one, or one with a name. */
  #locate(b: Uint8Array, from: number, to: number): number {
    if (from === to) return NONE;
    const hash = hashOf(b, from, to);
    const known = this.#places.find(b, from, to, hash);
    if (known !== -1) return known;
    if (this.#places.size >= MOST_LOCATIONS) {
      this.#builder.skips.count('std_too_many_locations', this.#line + 1);
      return NONE;
    }
    const text = this.#text(b, from, to);
    const id = this.#builder.site(text, []);
    this.#places.add(b, from, to, hash, id);
    const value = /^(?:0|[1-9]\d{0,6})$/.test(text) ? Number(text) : DENSE_LOCATIONS;
    if (value < DENSE_LOCATIONS) this.#number(value, id);
    return id;
  }

  #number(value: number, site: number): void {
    if (value >= this.#numbered.length) {
      const wider = new Int32Array(2 ** Math.ceil(Math.log2(value + 1)));
      wider.set(this.#numbered);
      this.#numbered = wider;
    }
    this.#numbered[value] = site + 1;
  }
}
