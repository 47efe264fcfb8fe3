// Facets: which signatures fit a filter, and how many would fit each further choice, in one pass over the rows.
import type { SignatureRow } from '../../corpus/store/signature-index.js';

export const FACETS = ['state', 'kind', 'lock', 'platform', 'kernel', 'basis'] as const;
export type Facet = (typeof FACETS)[number];

/** At most one value a facet; the empty filter lets all through. */
export type Filter = Readonly<Partial<Record<Facet, string>>>;

export interface Faceted {
  /** Rows that fit, in the order given. */
  readonly rows: readonly SignatureRow[];
  /** For each facet: value and how many rows fit with it and all other choices, most first. */
  readonly counts: Readonly<Record<Facet, readonly (readonly [value: string, rows: number])[]>>;
}

/** The values of a row in one facet. */
export function valuesOf(row: SignatureRow, facet: Facet): readonly string[] {
  switch (facet) {
    case 'state':
      return [row.state];
    case 'kind':
      return [row.kind];
    case 'lock':
      return row.cycle;
    case 'platform':
      return row.platforms;
    case 'kernel':
      return row.kernels;
    case 'basis':
      return [row.basis];
    default: {
      const never: never = facet;
      return never;
    }
  }
}

/** A row that misses the filter in one facet only still counts there: that is what choosing another value would show. */
export function faceted(
  rows: readonly SignatureRow[],
  filter: Filter,
  among: ReadonlySet<string> | null,
): Faceted {
  const chosen = FACETS.filter((facet) => filter[facet] !== undefined);
  const counts = Object.fromEntries(FACETS.map((facet) => [facet, new Map<string, number>()])) as Record<
    Facet,
    Map<string, number>
  >;
  const fits: SignatureRow[] = [];
  for (const row of rows) {
    if (among !== null && !among.has(row.signature)) continue;
    let missed: Facet | null = null;
    let misses = 0;
    for (const facet of chosen)
      if (!valuesOf(row, facet).includes(filter[facet] as string)) {
        missed = facet;
        if (++misses > 1) break;
      }
    if (misses > 1) continue;
    if (misses === 0) fits.push(row);
    for (const facet of FACETS) {
      if (missed !== null && facet !== missed) continue;
      const map = counts[facet];
      const values = valuesOf(row, facet);
      for (let i = 0; i < values.length; i++) {
        const value = values[i] as string;
        // A class may stand twice in a cycle; the row is one all the same.
        if (values.indexOf(value) === i) map.set(value, (map.get(value) ?? 0) + 1);
      }
    }
  }
  const sorted = Object.fromEntries(
    FACETS.map((facet) => [
      facet,
      [...counts[facet]].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : a > b ? 1 : 0)),
    ]),
  ) as unknown as Faceted['counts'];
  return { rows: fits, counts: sorted };
}
