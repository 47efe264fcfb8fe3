// The rows of all signatures, kept in memory and brought up to date by what was appended, newest sighting first.
import type { Marks, SignatureRow } from '../../corpus/store/signature-index.js';
import type { Store } from '../../corpus/store/store.js';
import { type FacetIndex, facetIndex } from './facets.js';

/** One a server. A running campaign only appends, so a page costs what is new and not what is there. */
export class SignatureRows {
  readonly #store: Pick<Store, 'marks' | 'signatureRows'>;
  readonly #bySignature = new Map<string, SignatureRow>();
  #marks: Marks | null = null;
  #index: FacetIndex = facetIndex([]);

  constructor(store: Pick<Store, 'marks' | 'signatureRows'>) {
    this.#store = store;
  }

  /** The rows of now. */
  all(): readonly SignatureRow[] {
    return this.index().rows;
  }

  /** The rows of now, with their facets. */
  index(): FacetIndex {
    const marks = this.#store.marks();
    const before = this.#marks;
    if (
      before !== null &&
      before.sighting === marks.sighting &&
      before.triage === marks.triage &&
      before.witness === marks.witness
    )
      return this.#index;
    for (const row of this.#store.signatureRows(before)) this.#bySignature.set(row.signature, row);
    this.#marks = marks;
    const sorted = [...this.#bySignature.values()].sort((a, b) =>
      a.lastSeen === b.lastSeen ? (a.signature < b.signature ? -1 : 1) : a.lastSeen > b.lastSeen ? -1 : 1,
    );
    this.#index = facetIndex(sorted);
    return this.#index;
  }
}
