// How a witness counts in CI: as a failure, as known, or not at all.
import type { Witness } from '../../corpus/schema/witness.js';

export type Outcome =
  | { readonly result: 'fail' }
  | { readonly result: 'known'; readonly why: string }
  | { readonly result: 'skip'; readonly why: string };

/** Untriaged and regressed ones fail; reported and fixed ones are known; invalid ones and duplicates do not count. */
export function outcomeOf(witness: Pick<Witness, 'state'>): Outcome {
  switch (witness.state) {
    case 'open':
    case 'regressed':
      return { result: 'fail' };
    case 'reported':
      return { result: 'known', why: 'reported' };
    case 'fixed':
      return { result: 'known', why: 'fixed' };
    case 'invalid':
    case 'dup':
      return { result: 'skip', why: witness.state };
    default: {
      const never: never = witness.state;
      return never;
    }
  }
}
