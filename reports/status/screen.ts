// The screen of a campaign: 80 columns, at most 24 lines, drawn from its figures.
import type { Box, CampaignFigures } from '../../corpus/schema/statistics.js';
import { shortCount, spanText } from '../text/durations.js';
import { grouped, shortId } from '../text/layout.js';

export const SCREEN = { columns: 80, lines: 24 } as const;

/** Columns inside the left and the right boxes, the blank after the border included. */
const LEFT = 39;
const RIGHT = 37;
const LABEL = 16;

/** What is on the screen beside the figures. */
export interface ScreenMoment {
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Last line: keys on a screen of one's own, or how it is known. */
  readonly foot: string;
}

/** Lines without escape codes; none is longer than 80 columns. */
export function statusScreen(figures: CampaignFigures, moment: ScreenMoment): string[] {
  const f = figures;
  const pairs: readonly (readonly [Box, readonly string[], Box, readonly string[]])[] = [
    ['time', timeBox(f, moment.now), 'found', foundBox(f)],
    ['search', searchBox(f), 'reach', reachBox(f)],
    ['exhaustive', exhaustiveBox(f), 'discovery', discoveryBox(f)],
    ['yield', yieldBox(f), 'health', healthBox(f)],
  ];
  return [
    headLine(f, moment.version),
    ...pairs.flatMap(([leftName, left, rightName, right]) => [
      `+${edge(titleOfBox(leftName), LEFT)}+${edge(titleOfBox(rightName), RIGHT)}+`,
      ...left.map((line, i) => `|${cell(line, LEFT)}|${cell(right[i] ?? '', RIGHT)}|`),
    ]),
    `+${'-'.repeat(LEFT)}+${'-'.repeat(RIGHT)}+`,
    ...f.newest.slice(0, 2).map((witness) => newestLine(witness, moment.now)),
    ...(moment.foot === '' ? [] : [` ${moment.foot}`]),
  ];
}

function titleOfBox(box: Box): string {
  return box === 'yield' ? 'yield: features / execs' : box;
}
function edge(title: string, width: number): string {
  return `- ${title} `.padEnd(width, '-');
}
/** Figures are short by their form; what is longer all the same (a name) ends in `..`. */
function cell(text: string, width: number): string {
  const inner = ` ${text}`;
  return inner.length <= width ? inner.padEnd(width) : `${inner.slice(0, width - 2)}..`;
}
function row(label: string, value: string): string {
  return `${label.padEnd(LABEL)}${value}`;
}

function headLine(f: CampaignFigures, version: string): string {
  const left = ` relock ${version}  campaign `;
  const tail = `  model ${f.model}`;
  const right = `  ${budgetText(f)}`;
  const room = SCREEN.columns - left.length - tail.length - right.length;
  const name = f.campaign.length <= room ? f.campaign : `${f.campaign.slice(0, Math.max(1, room - 2))}..`;
  return `${`${left}${name}${tail}`.padEnd(SCREEN.columns - right.length)}${right}`.slice(0, SCREEN.columns);
}

function budgetText(f: CampaignFigures): string {
  if (f.budget_seconds !== null) return `${spanText(f.run_seconds)} of ${spanText(f.budget_seconds)}`;
  if (f.budget_execs !== null) return `${shortCount(f.run_execs)} of ${shortCount(f.budget_execs)} execs`;
  return spanText(f.run_seconds);
}

/** `22 s ago`, or a word for what never was. */
export function agoOr(at: string | null, now: number, never: string): string {
  return at === null ? never : `${spanText((now - Date.parse(at)) / 1000)} ago`;
}

function timeBox(f: CampaignFigures, now: number): string[] {
  return [
    row('last feature', agoOr(f.last_feature_at, now, 'none yet')),
    row('last witness', agoOr(f.last_witness_at, now, 'none yet')),
    row('checkpoint', agoOr(f.checkpoint_at, now, 'none yet')),
  ];
}

function foundBox(f: CampaignFigures): string[] {
  return [
    row('new signatures', String(f.new_signatures)),
    row('seen again', String(f.seen_again)),
    row('shrinking', String(f.shrinking)),
  ];
}

function searchBox(f: CampaignFigures): string[] {
  const doing = f.phase_of === null ? f.phase : `${f.phase} ${f.phase_done} of ${f.phase_of}`;
  const who = f.hosts > 0 ? `${f.jobs} jobs ${f.hosts} hosts` : `${f.jobs} job${f.jobs === 1 ? '' : 's'}`;
  return [
    `now      ${doing}`,
    `execs    ${shortCount(f.execs).padEnd(7)} ${`${shortCount(f.execs_per_second)}/s`.padEnd(9)} ${who}`,
    `seeds    ${grouped(f.seeds).padEnd(7)} ${f.lanes} lanes`,
  ];
}

function reachBox(f: CampaignFigures): string[] {
  const cycles = f.cycles_confirmed + f.cycles_refuted + f.cycles_open;
  return [
    `lock-order edges  ${grouped(f.order_edges)}`,
    `cycles            ${cycles}: ${f.cycles_confirmed} real, ${f.cycles_open} open`,
    `never contended   ${f.never_contended} of ${f.classes} classes`,
  ];
}

function exhaustiveBox(f: CampaignFigures): string[] {
  const proved = `proved   ${f.proved} of ${f.programs} programs`;
  if (f.search_seconds_left === null) return [proved, `states   ${grouped(f.states)}`];
  return [proved, `states   ${shortCount(f.states)}  at most ${spanText(f.search_seconds_left)} left`];
}

function discoveryBox(f: CampaignFigures): string[] {
  return [rarityText(f), riskText(f)];
}

function rarityText({ features, execs }: CampaignFigures): string {
  if (features === 0) return 'no features yet';
  return 2 * features <= execs
    ? `1 feature per ${shortCount(execs / features)} execs`
    : `${(features / Math.max(1, execs)).toFixed(1)} features per exec`;
}

/** Only the independent runs say how likely something new is; with too few of them, nothing is said. */
export function riskText(f: CampaignFigures): string {
  if (f.next_is_new_at_most === null || f.random_runs < 100) return 'too few random runs to estimate';
  return `new end in the next run: < ${percent(f.next_is_new_at_most)}`;
}

/** `0.004 %`, `12 %`, `3.3e-5 %`: two digits that say something. */
export function percent(share: number): string {
  const hundredths = share * 100;
  if (hundredths >= 10) return `${Math.round(hundredths)} %`;
  return hundredths >= 0.001 ? `${Number(hundredths.toPrecision(2))} %` : `${hundredths.toExponential(1)} %`;
}

/** Mutators of preemptions go by their last word: `preempt.add` as `add`. */
function yieldBox(f: CampaignFigures): string[] {
  const arms = f.yields
    .slice(0, 4)
    .map(({ arm, features, execs }) => `${arm.replace(/^preempt\./, '')} ${features}/${shortCount(execs)}`);
  const [a = '', b = '', c = '', d = ''] = arms;
  return arms.length === 0 ? ['none yet', ''] : [`${a.padEnd(18)} ${b}`, `${c.padEnd(18)} ${d}`];
}

function healthBox(f: CampaignFigures): string[] {
  const agree = f.replays === 0 ? 'none yet' : percentExactly(f.replays_agree / f.replays);
  return [
    `replays agree  ${agree}`,
    `memory ${Math.round(f.rss_mib)} MiB  db ${f.db_mib.toFixed(1)} MiB${f.ill_formed > 0 ? `  ${f.ill_formed} ill` : ''}`,
  ];
}

/** 100.00 % only if it is all of them. */
function percentExactly(share: number): string {
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}

/** Names are never cut: what does not fit stands behind `relock show`. */
function newestLine({ id, title, at }: CampaignFigures['newest'][number], now: number): string {
  const ago = at === '' ? '' : agoOr(at, now, '');
  const line = ` ${shortId(id)} ${title}`;
  if (line.length + ago.length + 2 <= SCREEN.columns)
    return line.padEnd(SCREEN.columns - ago.length - 1) + ago;
  return line.length <= SCREEN.columns
    ? line
    : ` ${shortId(id)} ${title.split(' ')[0] ?? ''}  (relock show ${shortId(id)})`;
}
