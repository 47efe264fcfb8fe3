// Merging: takes over another relock database in one transaction; a witness comes in only if it replays here.
import { closeSync, openSync, readSync } from 'node:fs';
import type { MergedForm } from '../corpus/schema/forms.js';
import type { Witness } from '../corpus/schema/witness.js';
import { count, labelled } from '../reports/text/layout.js';
import { plainName } from '../reports/text/plain-text.js';
import { replayText } from './replaying.js';
import type { Session } from './session.js';
import { Trouble } from './trouble.js';

const MAGIC = 'SQLite format 3\0';

/** True if the file begins as every SQLite database does; whether it is one of ours is told when it is opened. */
export function isDatabase(path: string): boolean {
  if (path === '-') return false;
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    // What cannot be opened is told by who reads it as a log.
    return false;
  }
  try {
    const head = Buffer.alloc(MAGIC.length);
    return readSync(fd, head, 0, head.length, 0) === head.length && head.toString('latin1') === MAGIC;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

/** Throws Trouble if it is no relock database, or this one itself. */
export async function mergeDatabase(session: Session, path: string): Promise<MergedForm> {
  const store = await session.store('write');
  const result = store.merge(path, replays);
  if (!result.ok) throw new Trouble(result.problem, path);
  const { leftCampaigns, ...merged } = result.merged;
  return { file: path, ...merged, left_campaigns: leftCampaigns };
}

function replays(witness: Witness): boolean {
  const done = replayText(witness.litmus);
  return done.ok && done.value.bad && done.value.agrees;
}

/** What came in, in lines for a person. */
export function mergedLines(form: MergedForm): string[] {
  const facts = [
    count(form.captures, 'capture'),
    count(form.programs, 'program'),
    form.witnesses === 1 ? '1 witness' : `${form.witnesses} witnesses`,
    count(form.sightings, 'sighting'),
    count(form.decisions, 'decision'),
    count(form.campaigns, 'campaign'),
  ];
  const lines = labelled(
    `${plainName(form.file).padEnd(23)} database`,
    `taken over: ${facts.join(', ')}`,
    35,
    80,
  );
  if (form.refused.length > 0)
    lines.push(
      ...labelled(
        `  skipped  ${form.refused.length} witness_does_not_replay`,
        `left where they are: ${form.refused.map((id) => id.slice(0, 7)).join(', ')}; see relock verify-db --db ${form.file}`,
        35,
        80,
      ),
    );
  for (const name of form.left_campaigns)
    lines.push(...labelled('  note', `campaign ${plainName(name)} is another one here: left alone`, 8, 80));
  return lines;
}
