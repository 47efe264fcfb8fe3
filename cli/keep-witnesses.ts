// Stores witnesses and says which of them nobody has looked at.
import type { Witness } from '../corpus/schema/witness.js';
import type { Sighting, Store } from '../corpus/store/store.js';
import { triedChanges } from './explaining.js';

export interface KeptWitnesses {
  /** The one to show for each given id: the best of its signature, with its triage state of now. */
  readonly witnesses: readonly {
    readonly given: string;
    readonly witness: Witness;
    readonly isNew: boolean;
  }[];
  /** Those that are open or came back. */
  readonly untriaged: readonly Witness[];
}

/** One transaction. */
export function keepWitnesses(store: Store, found: readonly Witness[], sighting: Sighting): KeptWitnesses {
  const witnesses = store.atomically(() =>
    found.map((witness) => {
      const put = store.putWitness(witness, sighting);
      if (put.show === witness.id && put.outcome !== 'seen')
        store.putChanges(put.show, triedChanges(witness));
      const shown = store.findWitness(put.show);
      const best = shown.found === 'one' ? shown.witness : witness;
      return { given: witness.id, witness: { ...best, state: put.state }, isNew: put.outcome === 'new' };
    }),
  );
  return { witnesses, untriaged: witnesses.map((kept) => kept.witness).filter(isUntriaged) };
}

/** True if somebody still has to look at it. */
export function isUntriaged(witness: Pick<Witness, 'state'>): boolean {
  return witness.state === 'open' || witness.state === 'regressed';
}
