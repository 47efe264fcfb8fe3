// Facets against the plainest way of counting them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignatureRow } from '../../corpus/store/signature-index.js';
import { FACETS, type Facet, type Filter, faceted, facetIndex, valuesOf } from './facets.js';

const word = fc.constantFrom('a', 'b', 'c');
const rowsOf = fc
  .array(
    fc.record({
      state: word,
      kind: word,
      basis: word,
      cycle: fc.array(word),
      platforms: fc.array(word),
      kernels: fc.array(word),
    }),
    { maxLength: 30 },
  )
  .map((list) => list.map((row, i) => ({ ...row, signature: String(i) }) as unknown as SignatureRow));
const filterOf = fc.dictionary(fc.constantFrom(...FACETS), word).map((filter) => filter as Filter);

describe('facets', () => {
  it('count what choosing a value would show', () => {
    fc.assert(
      fc.property(rowsOf, filterOf, fc.option(fc.array(fc.nat(30).map(String))), (rows, filter, among) => {
        const only = among === null ? null : new Set(among);
        const fits = (with_: Filter) =>
          rows.filter(
            (row) =>
              (only === null || only.has(row.signature)) &&
              FACETS.every(
                (facet) =>
                  with_[facet] === undefined || valuesOf(row, facet).includes(with_[facet] as string),
              ),
          );
        const result = faceted(facetIndex(rows), filter, only);
        expect(result.rows).toEqual(fits(filter));
        for (const facet of FACETS)
          for (const value of ['a', 'b', 'c']) {
            const told = result.counts[facet as Facet].find(([name]) => name === value)?.[1] ?? 0;
            expect(told).toBe(fits({ ...filter, [facet]: value }).length);
          }
      }),
    );
  });
});
