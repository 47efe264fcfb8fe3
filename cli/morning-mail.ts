// Collects what the morning mail of a campaign tells from the database.
import { hostname } from 'node:os';
import type { CampaignFigures } from '../corpus/schema/statistics.js';
import type { Witness } from '../corpus/schema/witness.js';
import type { CampaignFiguresRow, Store } from '../corpus/store/store.js';
import { type KnownBug, morningLines } from '../reports/status/mail.js';
import { figuresIn } from './campaign-figures.js';
import { Trouble } from './trouble.js';

/** "Yesterday" is a day before the campaign's last sign of life. */
const DAY_MS = 86_400_000;

export function morningMail(store: Store, row: CampaignFiguresRow): string[] {
  const figures = figuresIn(row.figures) as CampaignFigures;
  const since = new Date(Date.parse(row.at) - DAY_MS).toISOString();
  const seen = signaturesSeen(store, row.campaign, since);
  const fresh: Witness[] = [];
  const regressed: KnownBug[] = [];
  const known: KnownBug[] = [];
  for (const { signature, first_seen } of seen) {
    const found = store.findWitness(signature);
    if (found.found !== 'one') continue;
    const { witness } = found;
    if (witness.state === 'regressed') regressed.push({ witness, decided: decidedText(store, witness) });
    else if (witness.state === 'open' && first_seen >= since) fresh.push(witness);
    else known.push({ witness, decided: decidedText(store, witness) });
  }
  const gaps = rowsOf(store, 'SELECT count(*) FROM captures WHERE gaps > 0', {})[0]?.[0];
  return morningLines({
    figures,
    host: row.owner?.host ?? hostname(),
    fresh,
    regressed,
    known,
    gaps: Number(gaps ?? 0),
  });
}

function signaturesSeen(store: Store, campaign: string, since: string) {
  return rowsOf(
    store,
    `SELECT s.signature, s.first_seen FROM signatures s
     WHERE EXISTS (SELECT 1 FROM sightings x
                   WHERE x.signature = s.signature AND x.campaign = :campaign AND x.at >= :since)
     ORDER BY s.first_seen, s.signature`,
    { campaign, since },
  ).map(([signature, firstSeen]) => ({ signature: String(signature), first_seen: String(firstSeen) }));
}

function decidedText(store: Store, witness: Witness): string {
  const last = store.triageLog(witness.signature).at(-1);
  if (last === undefined) return 'open: nobody has looked at it yet';
  const note = last.note === null ? '' : `: ${last.note}`;
  return `${last.state} ${last.at.slice(0, 10)}${note}`;
}

function rowsOf(store: Store, sql: string, parameters: Readonly<Record<string, string>>) {
  const result = store.queryReadOnly(sql, parameters, { maxRows: 100_000 });
  if (!result.ok) throw new Trouble(result.problem);
  return result.rows;
}
