// Merging: takes over another relock database in one transaction; a witness comes in only if it replays here.
import { constants } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import type { MergedForm, Problem } from '../corpus/schema/forms.js';
import type { Witness } from '../corpus/schema/witness.js';
import type { Source } from '../importers/source.js';
import { count, labelled } from '../reports/text/layout.js';
import { plainName } from '../reports/text/plain-text.js';
import { replayText } from './replaying.js';
import type { Session } from './session.js';
import { EXIT, type ExitCode, Trouble } from './trouble.js';

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

/** As much as a campaign file may be: what Node holds in one piece. */
const MAX_BYTES = constants.MAX_LENGTH < 2 ** 31 ? constants.MAX_LENGTH : 2 ** 31 - 1;

export type CampaignMerged =
  | { readonly ok: true; readonly merged: MergedForm }
  | { readonly ok: false; readonly problem: Problem; readonly code: ExitCode };

/** Merges a campaign file out of a source that begins as one. Nothing is taken over from a file that is refused. */
export async function mergeCampaign(session: Session, source: Source): Promise<CampaignMerged> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source.bytes()) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BYTES) {
      const facts = [`It has more than ${MAX_BYTES} bytes. Nothing was changed.`];
      const next = 'relock import OTHER.db    (the database that it was exported from)';
      return {
        ok: false,
        problem: { title: 'THIS CAMPAIGN FILE IS TOO LARGE', facts, next },
        code: EXIT.trouble,
      };
    }
  }
  const store = await session.store('write');
  const result = store.mergeCampaign(Buffer.concat(chunks), source.name, replays);
  if (!result.ok) return { ok: false, problem: result.problem, code: EXIT.trouble };
  const { leftCampaigns, ...merged } = result.merged;
  return { ok: true, merged: { file: source.name, ...merged, left_campaigns: leftCampaigns } };
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
export function mergedLines(form: MergedForm, from: 'database' | 'campaign'): string[] {
  const facts = [
    count(form.captures, 'capture'),
    count(form.programs, 'program'),
    form.witnesses === 1 ? '1 witness' : `${form.witnesses} witnesses`,
    count(form.sightings, 'sighting'),
    count(form.decisions, 'decision'),
    count(form.campaigns, 'campaign'),
  ];
  const lines = labelled(
    `${plainName(form.file).padEnd(23)} ${from}`,
    `taken over: ${facts.join(', ')}`,
    35,
    80,
  );
  if (form.refused.length > 0)
    lines.push(
      ...labelled(
        `  skipped  ${form.refused.length} witness_does_not_replay`,
        `left where they are: ${form.refused.map((id) => id.slice(0, 7)).join(', ')}${from === 'database' ? `; see relock verify-db --db ${form.file}` : ''}`,
        35,
        80,
      ),
    );
  for (const name of form.left_campaigns)
    lines.push(...labelled('  note', `campaign ${plainName(name)} is another one here: left alone`, 8, 80));
  return lines;
}
