// Laws of packed lanes: what was packed comes back the same, and what is damaged or made up is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philosophers } from '../../bench/made-programs.js';
import { encodeCheckpoint } from '../../corpus/pack/checkpoint.js';
import { createFuzzer, type FuzzState } from '../fuzz/fuzzer.js';
import { packLane, unpackLane } from './lane-pack.js';
import { NumberReader, NumberWriter } from './number-rows.js';

const count = fc.oneof(fc.nat(), fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER));
const word = fc.integer();
const genome = fc.record({
  order: fc.array(fc.nat(30)),
  preempts: fc.array(
    fc.oneof(
      fc.record({ step: count, task: fc.nat(30) }),
      fc.record({ step: count, task: fc.nat(30), over: fc.nat(30) }),
    ),
  ),
});
const state: fc.Arbitrary<FuzzState> = fc.record({
  execs: count,
  steps: count,
  programs: fc.array(
    fc.record({
      queue: fc.array(
        fc.record({ genome, features: fc.array(word), away: fc.array(count), steps: count, children: count }),
      ),
      counts: fc.array(fc.tuple(word, count)),
      untried: fc.array(genome),
      species: fc.array(fc.tuple(fc.string(), count)),
      randomRuns: count,
      found: fc.array(fc.string()),
      nearest: fc.array(count),
      records: fc.array(fc.record({ execs: count, steps: count, features: count })),
    }),
    { maxLength: 3 },
  ),
  yields: fc.array(fc.tuple(fc.string(), fc.record({ execs: count, features: count }))),
});

function fuzzed(): FuzzState {
  const fuzzer = createFuzzer([philosophers(4)], { seed: 3, maxSteps: 1000 });
  fuzzer.round(500);
  return fuzzer.state();
}

describe('a packed lane', () => {
  it('comes back the same', () => {
    fc.assert(
      fc.property(state, (made) => {
        expect(unpackLane(packLane(made))).toEqual(made);
      }),
    );
    expect(unpackLane(packLane(fuzzed()))).toEqual(fuzzed());
  });

  it('is refused where a byte was changed or is missing', () => {
    const packed = packLane(fuzzed());
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const other = packed.slice();
        other[at] = (other[at] ?? 0) ^ change;
        expect(unpackLane(other)).toBeNull();
        expect(unpackLane(packed.subarray(0, at))).toBeNull();
      }),
    );
  });

  it('is refused where the checksum is right and the rest is made up', () => {
    const { programs, ...rest } = fuzzed();
    const nothing = Uint8Array.of(0);
    const program = {
      counts: nothing,
      queue: nothing,
      untried: nothing,
      species: [],
      randomRuns: 0,
      found: [],
      nearest: [],
    };
    const sealed = (change: object) => encodeCheckpoint({ ...rest, programs: [{ ...program, ...change }] });
    expect(programs.length).toBe(1);
    // A state of a version that had no arms goes on.
    expect(unpackLane(sealed({}))?.programs[0]?.records.map(({ execs }) => execs)).toEqual([0, 0, 0, 0]);
    // More rows than there are bytes; a row cut short; bytes behind the last row; other fields.
    for (const queue of [
      Uint8Array.of(255, 255, 255, 127),
      Uint8Array.of(1, 0, 0, 0, 0),
      Uint8Array.of(0, 0),
    ])
      expect(unpackLane(sealed({ queue }))).toBeNull();
    expect(unpackLane(sealed({ randomRuns: -1 }))).toBeNull();
    expect(unpackLane(sealed({ more: 1 }))).toBeNull();
    expect(unpackLane(encodeCheckpoint({ ...rest, programs: 7 }))).toBeNull();
  });
});

describe('number rows', () => {
  it('read what was written, in a buffer that grows', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(count, word)), (rows) => {
        const out = new NumberWriter(0);
        for (const [n, w] of rows) {
          out.count(n);
          out.word(w);
        }
        const from = new NumberReader(out.written());
        expect(rows.map(() => [from.count(), from.word()])).toEqual(rows);
        expect(from.ended).toBe(true);
        expect([from.count(), from.ended]).toEqual([0, false]);
      }),
    );
  });

  it('do not believe numbers beyond those that are exact', () => {
    const rows = new NumberReader(new Uint8Array(9).fill(255));
    expect([rows.count(), rows.ended]).toEqual([0, false]);
  });
});
