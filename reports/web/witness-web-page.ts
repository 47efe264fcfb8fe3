// The page of one witness as served: the single file's sections, with history, other forms and commands to copy.
import type { Witness } from '../../corpus/schema/witness.js';
import type { Store } from '../../corpus/store/store.js';
import type { Explanation } from '../explain.js';
import { type Html, html } from '../html/html.js';
import { copyable, witnessSections } from '../html/witness-sections.js';
import { shortId } from '../text/layout.js';
import { witnessPage } from '../text/page.js';
import { select } from './campaigns-page.js';
import { type Page, type Table, tableHtml } from './page.js';

const SIGHTINGS = `
  SELECT at, coalesce(campaign, 'predict or check') AS campaign, file, witness
  FROM sightings WHERE signature = ? ORDER BY at DESC LIMIT 100`;
const DUPLICATES = `
  SELECT best_witness, title FROM signatures
  WHERE signature IN (SELECT signature FROM triage_log WHERE dup_of = :id) AND dup_of = :id LIMIT 50`;
const FORMS = ['html', 'svg', 'dot', 'perfetto', 'promela', 'mail', 'litmus', 'kit'] as const;

export function witnessWebPage(store: Store, witness: Witness, explanation: Explanation): Page {
  const log = store.triageLog(witness.signature);
  const decisions: Table = {
    name: 'history',
    columns: ['at', 'state', 'note', 'link', 'who'],
    rows: log.map(({ at, state, note, link, who }) => [at, state, note, link, who]),
  };
  const sightings = select(store, 'sightings', SIGHTINGS, [witness.signature]);
  const duplicates = select(store, 'duplicates', DUPLICATES, { id: witness.signature });
  const id = shortId(witness.id);
  const commands = [
    `relock triage ${id} reported https://lore.kernel.org/r/ID`,
    `relock triage ${id} fixed 7.1`,
    `relock triage ${id} invalid 'WHY'`,
    `relock triage ${id} dup OTHER-ID`,
  ].join('\n');
  const more: Html[] = [
    html`<div class="pair"><section class="card" aria-labelledby="h-history"><h2 id="h-history">History</h2>${
      log.length === 0 ? html`<p>No decision yet.</p>` : tableHtml(decisions, 'Decisions', linkOf)
    }<h2>Seen</h2>${tableHtml(sightings, 'Sightings')}${
      duplicates.rows.length === 0
        ? null
        : html`<h2>Duplicates</h2>${tableHtml(duplicates, 'Duplicates', (row) => `/witness/${row[0]}`)}`
    }</section>
<section class="card" aria-labelledby="h-decide"><h2 id="h-decide">Decide</h2><p>Pages here change nothing. Copy one of these:</p>${copyable(commands, 'Triage commands')}<h2>Other forms</h2><p class="formats">${FORMS.map((form) => html`<a href="/witness/${witness.id}/${form}">${form}</a>`)}</p></section></div>`,
  ];
  return {
    title: `${id} ${explanation.title}`,
    section: '/signatures',
    body: witnessSections(explanation, { linkTo: (other) => `/witness/${other}`, more }),
    tables: [stepsTable(explanation), decisions, sightings],
    json: { ...witness, explanation: { ...explanation, witness: undefined }, history: log },
    text: `${witnessPage(explanation).join('\n')}\n`,
    scripts: ['witness.js'],
  };
}

/** Only addresses that a browser may follow become links. */
function linkOf(row: readonly (string | number | null)[], column: string): string | null {
  const value = row[3];
  return column === 'link' && typeof value === 'string' && /^https?:\/\//.test(value) ? value : null;
}

function stepsTable(explanation: Explanation): Table {
  return {
    name: 'steps',
    columns: ['step', 'task', 'name', 'does', 'outcome', 'site', 'file', 'line'],
    rows: explanation.moves.map((move, i) => [
      i + 1,
      explanation.tasks[move.task]?.label ?? null,
      explanation.tasks[move.task]?.name ?? null,
      move.text,
      move.outcome,
      move.site,
      move.place?.file ?? null,
      move.place?.line ?? null,
    ]),
  };
}
