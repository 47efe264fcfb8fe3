// Sections of a witness page: scenario with its step slider, pictures, argument, log, cures, reproducer, limits.
import { type Change, changeText } from '../changes.js';
import { stageOf } from '../draw/stage.js';
import { svgElement } from '../draw/svg.js';
import { timeline } from '../draw/timeline.js';
import { waitsForGraph } from '../draw/waits-for-graph.js';
import type { Explanation } from '../explain.js';
import { kitForm } from '../kit/kit.js';
import { LIMITS } from '../limits.js';
import { mailForm } from '../mail/mail.js';
import type { ExplainedMove } from '../scene.js';
import { BASIS_WORDS, fromTexts, GRADE_WORDS } from '../text/facts.js';
import { count, fileName, shortId } from '../text/layout.js';
import { taskTitle, waitTail } from '../text/scenario.js';
import { called, thenSentences } from '../text/why.js';
import { type Html, html } from './html.js';

/** What a page knows beyond the explanation; the single file has none of it. */
export interface Surroundings {
  /** Where another witness's page is, or null for no link. */
  readonly linkTo: (id: string) => string | null;
  /** Cards below the reproducer: history, other forms. */
  readonly more: readonly Html[];
}

/** Everything between the top of the page and its foot. */
export function witnessSections(explanation: Explanation, around: Surroundings): Html {
  const { witness, title } = explanation;
  const stage = stageOf(explanation);
  const graph = svgElement(
    waitsForGraph(explanation, stage),
    `Waits-for graph at the end: ${graphWords(explanation)}`,
    'waits-for',
  );
  const lanes = svgElement(
    timeline(explanation, stage),
    'Timeline: which task holds and waits for which lock, step by step; the same facts as the table',
    'timeline',
  );
  return html`<h1><code>${shortId(witness.id)}</code> ${title}</h1>
${chips(explanation)}
<div class="pair">
<section class="card" aria-labelledby="h-scenario"><h2 id="h-scenario">Scenario</h2>${stepper()}${table(explanation)}</section>
<section class="card" aria-labelledby="h-graph"><h2 id="h-graph">Waits-for</h2><div class="scroll fit" tabindex="0" role="region" aria-label="Waits-for graph">${graph}</div></section>
</div>
<section class="card" aria-labelledby="h-timeline"><h2 id="h-timeline">Timeline</h2><div class="scroll fit" tabindex="0" role="region" aria-label="Timeline">${lanes}</div></section>
<div class="pair">
<section class="card" aria-labelledby="h-why"><h2 id="h-why">Why</h2><ul class="why">${thenSentences(explanation).map((text) => html`<li>${text}</li>`)}</ul></section>
<section class="card" aria-labelledby="h-cure"><h2 id="h-cure">What would cure it</h2>${cures(explanation)}</section>
</div>
<div class="pair">
<section class="card" aria-labelledby="h-rests"><h2 id="h-rests">What it rests on</h2>${rests(explanation, around)}</section>
<section class="card" aria-labelledby="h-log"><h2 id="h-log">Your log</h2>${log(explanation)}</section>
</div>
<div class="pair">
<section class="card" aria-labelledby="h-run"><h2 id="h-run">Reproducer</h2>${copyable(witness.litmus, 'Litmus text')}<p>Run it: <code>relock replay FILE</code>, or paste it into a mail.</p></section>
<section class="card" aria-labelledby="h-limits"><h2 id="h-limits">Limits</h2><ul class="plain">${LIMITS.map((text) => html`<li>${text}</li>`)}</ul></section>
</div>
${around.more}
<details class="card"><summary>As a mail</summary>${copyable(mailForm(explanation).join('\n'), 'Mail')}</details>
<details class="card"><summary>Reproducer kit for a real kernel: a sketch to review</summary>${copyable(kitForm(explanation).join('\n'), 'Kit')}</details>`;
}

function chips(explanation: Explanation): Html {
  const { witness, tasks } = explanation;
  const kernels = [
    ...new Set(
      explanation.sources.map(({ arch, kernel }) => [arch, kernel].filter((t) => t !== null).join(' ')),
    ),
  ].filter((text) => text !== '');
  const counts = [
    `${tasks.length} task${tasks.length === 1 ? '' : 's'}`,
    `${witness.preemptions} preemption${witness.preemptions === 1 ? '' : 's'}`,
    `${witness.steps} step${witness.steps === 1 ? '' : 's'}`,
  ];
  const plain = [`grade: ${witness.grade}`, `basis: ${witness.basis}`, ...counts, ...kernels, witness.model];
  return html`<ul class="chips" aria-label="At a glance"><li class="chip ${witness.state}">${witness.state}</li>${plain.map((text) => html`<li class="chip">${text}</li>`)}</ul>`;
}

function stepper(): Html {
  return html`<div class="stepper" hidden><button type="button" data-go="-1" aria-label="One step back">&larr;</button><input type="range" min="1" max="1" value="1" step="1" aria-label="Step of the schedule"><button type="button" data-go="1" aria-label="One step on">&rarr;</button><output aria-live="polite"></output></div>`;
}

/** One row a step, one column a task; the cell that waits says for whom. */
function table(explanation: Explanation): Html {
  const { tasks, moves } = explanation;
  const head = tasks.map(
    (task, i) => html`<th scope="col" class="task t${i % 8}">${taskTitle(task).replace(' (', '\n(')}</th>`,
  );
  const rows = moves.map((move, i) => {
    const cells = tasks.map((_, task) =>
      task === move.task ? html`<td>${cell(explanation, move, i)}</td>` : html`<td></td>`,
    );
    return html`<tr data-step="${i + 1}"><th scope="row">${i + 1}</th>${cells}</tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Scenario table"><table class="steps"><thead><tr><th scope="col">step</th>${head}</tr></thead><tbody>${rows}<tr class="end"><td colspan="${tasks.length + 1}">*** ${explanation.ends.toUpperCase()} ***</td></tr></tbody></table></div>`;
}

function cell(explanation: Explanation, move: ExplainedMove, index: number): Html {
  const where = [move.site === null ? '' : called(move.site), placeText(explanation, move)];
  const site = where.filter((text) => text !== '').map((text) => html`<span class="site">${text}</span>`);
  const note = {
    done: null,
    skipped: html` <span class="site">not taken</span>`,
    missed: html` <span class="site">busy</span>`,
    waits: html`<br><span class="waits">${waitTail(explanation, index)}</span>`,
  }[move.outcome];
  return html`${move.text}${note}${site}`;
}

/** `line 7`, or `dmesg.txt:7` where several logs are told of; of a wait: where it is asked for. */
function placeText(explanation: Explanation, move: ExplainedMove): string {
  const wait = move.outcome === 'waits' ? explanation.waits.find((w) => w.waiter === move.task) : undefined;
  const place = move.place ?? wait?.place ?? null;
  if (place === null) return '';
  return explanation.spans.length <= 1 ? `line ${place.line}` : `${fileName(place.file)}:${place.line}`;
}

function graphWords(explanation: Explanation): string {
  const words = explanation.waits.map(({ waiter, holder, wants }) => {
    const who = explanation.tasks[waiter]?.label ?? '?';
    const other = holder === null ? 'nobody who can help' : (explanation.tasks[holder]?.label ?? '?');
    return `${who} waits for ${other}${wants === '' ? '' : ` (${wants})`}`;
  });
  return words.length === 0 ? 'nobody waits' : words.join('; ');
}

function cures(explanation: Explanation): Html {
  const label = (name: string) => explanation.tasks.find((task) => task.name === name)?.label ?? name;
  const items = (list: readonly Change[]) =>
    html`<ul>${list.map((c) => html`<li>${changeText(c, label)}</li>`)}</ul>`;
  if (explanation.tried === 0)
    return html`<p>No single change could be tried: none of the kinds that relock knows applies, or the search is too large for a page.</p>`;
  return html`<dl class="facts">
<dt>Cured if</dt><dd>${explanation.cures.length === 0 ? 'none of the changes that were tried' : items(explanation.cures)}</dd>
${explanation.remains.length === 0 ? null : html`<dt>Not cured if</dt><dd>${items(explanation.remains)}</dd>`}
<dt>Searched</dt><dd>${count(explanation.tried, 'single change')}, each over every schedule of these tasks. A cure here is one for this witness alone: <code>relock whatif</code> asks what it does to all others.</dd></dl>`;
}

function rests(explanation: Explanation, around: Surroundings): Html {
  const { witness } = explanation;
  const fact = (name: string, values: readonly (string | Html)[]) =>
    values.length === 0
      ? null
      : html`<dt>${name}</dt>${values.map((value, i) => (i === 0 ? html`<dd>${value}</dd>` : html`<dt></dt><dd>${value}</dd>`))}`;
  const similar = explanation.similar.map(({ id, shares }) => {
    const link = around.linkTo(id);
    const name = html`<code>${shortId(id)}</code>`;
    return html`${link === null ? name : html`<a href="${link}">${name}</a>`} shares ${shares.join(', ')}`;
  });
  return html`<dl class="facts">${[
    fact('Basis', [BASIS_WORDS[witness.basis]]),
    fact('Grade', [GRADE_WORDS[witness.grade]]),
    fact('From', fromTexts(explanation)),
    fact('Ruled out', witness.ruledOut ?? []),
    fact('Assumes', witness.assumes),
    fact('Queued', witness.bystanders ?? []),
    fact('Similar', similar),
    fact('Signature', [html`<code>${witness.signature}</code>`]),
    fact('Tool', [`relock ${explanation.tool}, lock model ${witness.model}`]),
  ]}</dl>`;
}

function log(explanation: Explanation): Html {
  if (explanation.log.length === 0)
    return html`<p>The lines are not shown: no log that this witness came from lies where it was imported, unchanged. ${fromTexts(explanation).map((text) => html`<br><code>${text}</code>`)}</p>`;
  const hit = new Set(
    [...explanation.moves, ...explanation.waits].flatMap((at) =>
      at.place === null ? [] : [`${at.place.file}:${at.place.line}`],
    ),
  );
  return html`${explanation.log.map(
    ({ file, lines }) =>
      html`<p><code>${fileName(file)}</code></p><div class="scroll tall log" tabindex="0" role="region" aria-label="Lines of ${fileName(file)}"><code>${lines.map(
        ({ line, text }) =>
          html`<span class="line${hit.has(`${file}:${line}`) ? ' hit' : ''}"><span class="number">${line}</span> ${text}</span>`,
      )}</code></div>`,
  )}`;
}

/** A text with a button that copies it, where scripts run. */
export function copyable(text: string, label: string): Html {
  return html`<div class="copyable"><button type="button" hidden>copy</button><pre tabindex="0" role="region" aria-label="${label}">${text}</pre></div>`;
}
