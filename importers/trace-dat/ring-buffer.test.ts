// Tests of the walk over sub-buffer pages: every type of event word, losses, stamps beyond 2^53, in three layouts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeRecords } from './merge.js';
import type { PageWindow } from './pages.js';
import { CpuRecords, LOST_UNKNOWN } from './ring-buffer.js';

interface Layout {
  readonly bigEndian: boolean;
  readonly longSize: 4 | 8;
}
const LAYOUTS = [
  ['64-bit little-endian', { bigEndian: false, longSize: 8 }],
  ['32-bit little-endian', { bigEndian: false, longSize: 4 }],
  ['64-bit big-endian', { bigEndian: true, longSize: 8 }],
] as const;

/** Bytes of one page: header, event words, and what stands behind them. */
class Page {
  readonly words: number[] = [];
  constructor(
    readonly layout: Layout,
    readonly stamp: bigint,
  ) {}
  word(kind: number, delta: number): this {
    this.words.push(this.layout.bigEndian ? kind * 2 ** 27 + delta : ((delta << 5) | kind) >>> 0);
    return this;
  }
  raw(...words: number[]): this {
    this.words.push(...words);
    return this;
  }
  /** A record whose payload is its type and nothing. */
  record(type: number, delta: number): this {
    return this.word(1, delta).raw(this.layout.bigEndian ? type << 16 : type);
  }
  bytes(pageSize: number, flags = 0, tail: readonly number[] = [], commit = this.words.length * 4): Buffer {
    const { bigEndian, longSize } = this.layout;
    const page = Buffer.alloc(pageSize);
    const u32 = (value: number, at: number): void => {
      if (bigEndian) page.writeUInt32BE(value >>> 0, at);
      else page.writeUInt32LE(value >>> 0, at);
    };
    if (bigEndian) page.writeBigUInt64BE(this.stamp);
    else page.writeBigUInt64LE(this.stamp);
    u32((commit | flags) >>> 0, bigEndian && longSize === 8 ? 12 : 8);
    [...this.words, ...tail].forEach((word, i) => {
      u32(word, 8 + longSize + 4 * i);
    });
    return page;
  }
}

const PAGE = 256;

function walk(
  layout: Layout,
  pages: readonly Buffer[],
  base = 0n,
): {
  readonly seen: (readonly [type: number, time: number, lost: number])[];
  readonly notes: string[];
  readonly cursor: CpuRecords;
} {
  const notes: string[] = [];
  let handed = false;
  const next = (window: PageWindow): boolean => {
    if (handed) return false;
    handed = true;
    window.bytes = Buffer.concat(pages);
    window.where = 1000;
    return true;
  };
  const shape = {
    ...layout,
    pageSize: PAGE,
    typeOffset: 0,
    baseHigh: Number(base >> 32n),
    baseLow: Number(base & 0xffff_ffffn),
  };
  const cursor = new CpuRecords(0, 0, shape, next, (stat) => notes.push(stat));
  const seen: (readonly [number, number, number])[] = [];
  while (cursor.next()) seen.push([cursor.type, cursor.time, cursor.lost]);
  return { seen, notes, cursor };
}

describe.each(LAYOUTS)('pages of a %s machine', (_name, layout) => {
  const missed = 0x8000_0000;
  const stored = 0x4000_0000;

  it('hold records with their times', () => {
    const page = new Page(layout, 500n).record(7, 0).record(8, 3).record(9, 0);
    expect(walk(layout, [page.bytes(PAGE)])).toMatchObject({
      seen: [
        [7, 500, 0],
        [8, 503, 0],
        [9, 503, 0],
      ],
      notes: [],
    });
  });

  it('hold records in the long form', () => {
    const page = new Page(layout, 0n)
      .word(0, 5)
      .raw(12, layout.bigEndian ? 21 << 16 : 21, 0)
      .record(22, 1);
    const { seen, cursor } = walk(layout, [page.bytes(PAGE)]);
    expect(seen.map(([type, time]) => [type, time])).toEqual([
      [21, 5],
      [22, 6],
    ]);
    expect(cursor.count).toBe(2);
  });

  it('stretch time by extends, and set it by absolute stamps', () => {
    const page = new Page(layout, 100n)
      .record(1, 0)
      .word(30, 7)
      .raw(2)
      .record(2, 1)
      .word(31, 5)
      .raw(16)
      .record(3, 2);
    expect(walk(layout, [page.bytes(PAGE)]).seen.map(([, time]) => time)).toEqual([
      100,
      100 + 2 * 2 ** 27 + 7 + 1,
      16 * 2 ** 27 + 5 + 2,
    ]);
  });

  it('keep the top five bits of the time where an absolute stamp has none', () => {
    // 59 bits are recorded; CLOCK_REALTIME stamps have 61.
    const now = 1_750_000_000_000_000_000n;
    const later = now + 123_456_789n;
    const bits = later & ((1n << 59n) - 1n);
    const page = new Page(layout, now)
      .record(1, 0)
      .word(31, Number(bits & ((1n << 27n) - 1n)))
      .raw(Number(bits >> 27n))
      .record(2, 1);
    expect(walk(layout, [page.bytes(PAGE)], now).seen.map(([, time]) => time)).toEqual([0, 123_456_790]);
  });

  it('tell stamps beyond 2^53 apart', () => {
    const base = (1n << 60n) + 1n;
    const pages = [base + 1n, base + 2n].map((stamp) => new Page(layout, stamp).record(1, 0).bytes(PAGE));
    expect(walk(layout, pages, base).seen.map(([, time]) => time)).toEqual([1, 2]);
  });

  it('have discarded records, whose delta counts, and an end', () => {
    const page = new Page(layout, 0n)
      .record(1, 1)
      .word(29, 4)
      .raw(12, 0xdead_beef, 0xdead_beef)
      .record(2, 1)
      .word(29, 0)
      .raw(0xffff_ffff)
      .record(3, 1);
    expect(walk(layout, [page.bytes(PAGE)])).toMatchObject({
      seen: [
        [1, 1, 0],
        [2, 6, 0],
      ],
      notes: [],
    });
  });

  it('say how many records were lost before them, if they can', () => {
    const page = (): Page => new Page(layout, 0n).record(1, 0).record(2, 1);
    const count = layout.longSize === 4 ? [77] : layout.bigEndian ? [0, 77] : [77, 0];
    expect(walk(layout, [page().bytes(PAGE, missed | stored, count)]).seen.map(([, , lost]) => lost)).toEqual(
      [77, 0],
    );
    expect(walk(layout, [page().bytes(PAGE, missed)]).seen.map(([, , lost]) => lost)).toEqual([
      LOST_UNKNOWN,
      0,
    ]);
    // A page without records hands its loss on to the next.
    const empty = new Page(layout, 0n).bytes(PAGE, missed | stored, count);
    expect(walk(layout, [empty, page().bytes(PAGE)]).seen.map(([, , lost]) => lost)).toEqual([77, 0]);
  });

  it('are passed over where they claim more than a page, and read to the damage where a record runs over', () => {
    const good = new Page(layout, 9n).record(5, 0).bytes(PAGE);
    const bad = new Page(layout, 0n).record(1, 0).bytes(PAGE, 0, [], PAGE);
    expect(walk(layout, [bad, good])).toMatchObject({ seen: [[5, 9, 0]], notes: ['trace_dat_page_bad'] });
    const over = new Page(layout, 0n).record(1, 0).word(28, 1).bytes(PAGE);
    expect(walk(layout, [over, good])).toMatchObject({
      seen: [
        [1, 0, 0],
        [5, 9, 0],
      ],
      notes: ['trace_dat_page_rest_dropped'],
    });
  });

  it('never make the walk leave them, whatever they hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: PAGE, maxLength: PAGE }), { minLength: 1, maxLength: 4 }),
        fc.nat({ max: PAGE - 8 - layout.longSize }),
        (pages, commit) => {
          const sized = pages.map((bytes) => {
            const page = Buffer.from(bytes);
            const at = layout.bigEndian && layout.longSize === 8 ? 12 : 8;
            if (layout.bigEndian) page.writeUInt32BE(commit, at);
            else page.writeUInt32LE(commit, at);
            return page;
          });
          const { seen, cursor } = walk(layout, sized);
          expect(seen.length).toBeLessThanOrEqual((sized.length * PAGE) / 4);
          expect(cursor.pages).toBe(sized.length);
        },
      ),
    );
  });
});

describe('records of several CPUs', () => {
  it('come in order of time, on a tie in the order of the CPUs', () => {
    const layout = LAYOUTS[0][1];
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat({ max: 5 }), { maxLength: 20 }), { minLength: 1, maxLength: 6 }),
        (deltas) => {
          const cursors = deltas.map((ofCpu, cpu) => {
            const page = new Page(layout, 0n);
            for (const delta of ofCpu) page.record(cpu + 1, delta);
            let handed = false;
            return new CpuRecords(
              cpu,
              0,
              { ...layout, pageSize: PAGE, typeOffset: 0, baseHigh: 0, baseLow: 0 },
              (window) => {
                if (handed) return false;
                handed = true;
                window.bytes = page.bytes(PAGE);
                return true;
              },
              (stat) => expect.fail(stat),
            );
          });
          const merged: (readonly [time: number, cpu: number])[] = [];
          mergeRecords(cursors, (record) => merged.push([record.time, record.cpu]) > 0);
          const expected = deltas
            .flatMap((ofCpu, cpu) => {
              let time = 0;
              return ofCpu.map((delta) => {
                time += delta;
                return [time, cpu] as const;
              });
            })
            .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
          expect(merged).toEqual(expected);
        },
      ),
    );
  });
});
