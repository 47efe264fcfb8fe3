// A campaign as bytes, to be carried to another database by hand.
import type { Store } from '../corpus/store/store.js';
import { noSuchCampaign } from './campaign-figures.js';
import { EXIT, Trouble } from './trouble.js';

/** The named campaign, or the one that was worked on last. Throws Trouble if there is none. */
export function campaignFile(store: Store, name: string | undefined): Uint8Array {
  const names = store.campaigns().map((campaign) => campaign.name);
  const chosen = name ?? names[0];
  const bytes = chosen === undefined ? null : store.exportCampaign(chosen);
  if (bytes !== null) return bytes;
  if (chosen !== undefined) throw noSuchCampaign(chosen, names);
  throw new Trouble(
    {
      title: 'THERE IS NOTHING TO EXPORT',
      facts: ['No campaign has run yet.'],
      next: 'relock fuzz --for 5m',
    },
    store.path,
    EXIT.nothing,
  );
}
