// Tests of lanes: how long their epochs are.
import { describe, expect, it } from 'vitest';
import { workOfEpoch } from './lanes.js';

describe('the work of an epoch', () => {
  const works = Array.from({ length: 200 }, (_, epoch) => workOfEpoch(epoch, 1000));

  it('grows from a thirty-second of the usual to four times it, and no further', () => {
    expect(works.slice(0, 6)).toEqual([31, 62, 125, 250, 500, 1000]);
    expect([works[31], works[32], works[63], works[64], works[199]]).toEqual([1000, 2000, 2000, 4000, 4000]);
    expect(works.every((work, i) => work >= (works[i - 1] ?? 0))).toBe(true);
  });

  it('is something, however short', () => {
    expect(workOfEpoch(0, 1)).toBe(1);
  });
});
