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

/** The values of all rows in one facet, as numbers: those of row i stand at `start[i]` up to `start[i + 1]` in `ids`. */
interface Column {
  readonly values: readonly string[];
  readonly ids: Uint32Array;
  readonly start: Uint32Array;
}

/** Rows with their facets as numbers: counting a hundred thousand of them must not hash a text. */
export interface FacetIndex {
  readonly rows: readonly SignatureRow[];
  readonly columns: Readonly<Record<Facet, Column>>;
}

export function facetIndex(rows: readonly SignatureRow[]): FacetIndex {
  const columns = Object.fromEntries(FACETS.map((facet) => [facet, columnOf(rows, facet)]));
  return { rows, columns: columns as unknown as FacetIndex['columns'] };
}

function columnOf(rows: readonly SignatureRow[], facet: Facet): Column {
  const numbers = new Map<string, number>();
  const values: string[] = [];
  const ids: number[] = [];
  const start = new Uint32Array(rows.length + 1);
  for (const [i, row] of rows.entries()) {
    const own = valuesOf(row, facet);
    for (let k = 0; k < own.length; k++) {
      const value = own[k] as string;
      // A class may stand twice in a cycle; the row is one all the same.
      if (own.indexOf(value) !== k) continue;
      let number = numbers.get(value);
      if (number === undefined) {
        number = values.length;
        numbers.set(value, number);
        values.push(value);
      }
      ids.push(number);
    }
    start[i + 1] = ids.length;
  }
  return { values, ids: Uint32Array.from(ids), start };
}

/** A row that misses the filter in one facet only still counts there: that is what choosing another value would show. */
export function faceted(index: FacetIndex, filter: Filter, among: ReadonlySet<string> | null): Faceted {
  const { rows, columns } = index;
  const all = FACETS.map((facet) => columns[facet]);
  const counts = all.map((column) => new Uint32Array(column.values.length));
  const chosen = FACETS.flatMap((facet, f) => {
    const value = filter[facet];
    return value === undefined ? [] : [{ f, id: columns[facet].values.indexOf(value) }];
  });
  const fits: SignatureRow[] = [];
  for (let i = 0; i < rows.length; i++) {
    if (among !== null && !among.has((rows[i] as SignatureRow).signature)) continue;
    let missed = -1;
    let misses = 0;
    for (const { f, id } of chosen)
      if (!has(all[f] as Column, i, id)) {
        missed = f;
        if (++misses > 1) break;
      }
    if (misses > 1) continue;
    if (misses === 0) fits.push(rows[i] as SignatureRow);
    for (let f = 0; f < all.length; f++) {
      if (missed !== -1 && f !== missed) continue;
      const { ids, start } = all[f] as Column;
      const count = counts[f] as Uint32Array;
      for (let k = start[i] as number; k < (start[i + 1] as number); k++) {
        const id = ids[k] as number;
        count[id] = (count[id] as number) + 1;
      }
    }
  }
  const sorted = Object.fromEntries(
    FACETS.map((facet, f) => [facet, mostFirst((all[f] as Column).values, counts[f] as Uint32Array)]),
  ) as unknown as Faceted['counts'];
  return { rows: fits, counts: sorted };
}

function has({ ids, start }: Column, row: number, id: number): boolean {
  for (let k = start[row] as number; k < (start[row + 1] as number); k++) if (ids[k] === id) return true;
  return false;
}

function mostFirst(values: readonly string[], counts: Uint32Array): [string, number][] {
  const list: [string, number][] = [];
  for (const [id, n] of counts.entries()) if (n > 0) list.push([values[id] as string, n]);
  return list.sort(([a, n], [b, m]) => m - n || (a < b ? -1 : a > b ? 1 : 0));
}
