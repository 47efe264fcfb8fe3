// Finds the witness that a user means: the start of an id or signature, or `newest`.

import type { Witness } from '../corpus/schema/witness.js';
import type { Store } from '../corpus/store/store.js';
import { cycleText } from '../reports/explain.js';
import { nearest, Trouble } from './trouble.js';

const NEWEST: ReadonlySet<string> = new Set(['newest', 'new', 'last']);

/** Throws Trouble if there is none, or more than one. */
export function findWitness(store: Store, text: string): Witness {
  if (NEWEST.has(text)) {
    const [newest] = store.witnesses({ limit: 1 });
    if (newest !== undefined) return newest;
    throw new Trouble({
      title: 'THERE IS NO WITNESS YET',
      facts: ['The database holds none. A search comes first.'],
      next: 'relock fuzz --for 10s',
    });
  }
  const found = store.findWitness(text);
  switch (found.found) {
    case 'one':
      return found.witness;
    case 'none':
      throw new Trouble(
        {
          title: 'NO WITNESS HAS THIS ID',
          facts: ['An id is the start of what `relock ls` lists, at least one digit, or "newest".'],
          next: nearest(text, [...NEWEST]) === null ? 'relock ls' : 'relock show newest',
        },
        text,
      );
    case 'ambiguous':
      throw new Trouble(
        {
          title: 'MORE THAN ONE WITNESS FITS',
          facts: found.matches
            .slice(0, 8)
            .map((match) => `  ${match.id}  ${match.kind}  ${cycleText(match.cycle)}`),
          next: `relock show ${found.matches[0]?.id ?? 'ID'}`,
        },
        text,
      );
    default: {
      const never: never = found;
      return never;
    }
  }
}
