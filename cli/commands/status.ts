// relock status: campaigns at a glance, from the database, whoever works on them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusForm } from '../../corpus/schema/forms.js';
import type { CampaignFigures } from '../../corpus/schema/statistics.js';
import type { CampaignFiguresRow, CampaignSummary, Store } from '../../corpus/store/store.js';
import { statusLine } from '../../reports/status/line.js';
import { statusScreen } from '../../reports/status/screen.js';
import { statsText } from '../../reports/status/stats.js';
import { agoText, formatDuration, shortCount } from '../../reports/text/durations.js';
import { count } from '../../reports/text/layout.js';
import { paint } from '../campaign-display.js';
import { figuresIn, isRunning, noSuchCampaign } from '../campaign-figures.js';
import { morningMail } from '../morning-mail.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, Trouble, usage } from '../trouble.js';
import { version } from '../version.js';

const FORMS = ['list', 'screen', 'stats', 'mail'] as const;
type StatusKind = (typeof FORMS)[number];

export async function run(session: Session): Promise<ExitCode> {
  const store = await session.store('read');
  const [name] = session.args;
  if (session.json) {
    session.printJson(formOf(store, name));
    return EXIT.fine;
  }
  const kind = kindOf(session);
  if (session.flag('watch')) return watch(session, store, name, kind);
  session.print(page(store, name, kind).join('\n').concat('\n'));
  return EXIT.fine;
}

function kindOf(session: Session): StatusKind {
  const text = session.text('form');
  const kind = text === null ? 'list' : FORMS.find((form) => form === text);
  if (kind !== undefined) return kind;
  throw usage(`--form ${text}: I know ${FORMS.join(', ')}.`, 'relock status --form mail');
}

/** On a terminal the screen, once a second; elsewhere a line a minute. */
async function watch(
  session: Session,
  store: Store,
  name: string | undefined,
  kind: StatusKind,
): Promise<ExitCode> {
  const live = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
  for (;;) {
    const row = oneOf(store, name);
    const figures = row === null ? null : figuresIn(row.figures);
    if (live && figures !== null && row !== null && kind !== 'mail')
      paint((text) => void process.stdout.write(text), screenOf(figures, row), session.colour);
    else if (live) paint((text) => void process.stdout.write(text), page(store, name, kind), session.colour);
    else
      session.print(
        figures === null ? `${page(store, name, kind).join('\n')}\n` : `${statusLine(figures)}\n`,
      );
    await sleep(live ? 1000 : 60_000);
  }
}

function page(store: Store, name: string | undefined, kind: StatusKind): string[] {
  switch (kind) {
    case 'list':
      return list(store, select(store, name));
    case 'screen': {
      const { row, figures } = figuresOf(store, name);
      return screenOf(figures, row);
    }
    case 'stats': {
      const { row, figures } = figuresOf(store, name);
      return statsText(figures, row.at).trimEnd().split('\n');
    }
    case 'mail':
      return morningMail(store, figuresOf(store, name).row);
    default: {
      const never: never = kind;
      return never;
    }
  }
}

function screenOf(figures: CampaignFigures, row: CampaignFiguresRow): string[] {
  const foot = isRunning(row)
    ? `process ${row.owner?.pid ?? '?'} on ${row.owner?.host ?? '?'}; figures of ${agoText(row.at, Date.now())}`
    : `at rest since ${row.at}   go on with: relock fuzz ${figures.campaign}`;
  return statusScreen(figures, { version: version().replace(/\.0$/, ''), now: Date.now(), foot });
}

/** The named campaign, or the one that was worked on last. */
function oneOf(store: Store, name: string | undefined): CampaignFiguresRow | null {
  const rows = store.campaignFigures();
  const row = name === undefined ? rows[0] : rows.find(({ campaign }) => campaign === name);
  if (
    row === undefined &&
    name !== undefined &&
    !store.campaigns().some((campaign) => campaign.name === name)
  )
    throw noSuchCampaign(
      name,
      store.campaigns().map((campaign) => campaign.name),
    );
  return row ?? null;
}

function figuresOf(
  store: Store,
  name: string | undefined,
): { readonly row: CampaignFiguresRow; readonly figures: CampaignFigures } {
  const row = oneOf(store, name);
  const figures = row === null ? null : figuresIn(row.figures);
  if (row !== null && figures !== null) return { row, figures };
  throw new Trouble(
    {
      title: 'NO FIGURES YET',
      facts: ['No campaign has run, or not long enough to say anything.'],
      next: 'relock fuzz --for 1m',
    },
    store.path,
    EXIT.nothing,
  );
}

function formOf(store: Store, name: string | undefined): StatusForm {
  const rows = new Map(store.campaignFigures().map((row) => [row.campaign, row]));
  const campaigns = select(store, name).map((c) => {
    const row = rows.get(c.name);
    const figures = row === undefined ? null : figuresIn(row.figures);
    return {
      name: c.name,
      seed: c.seed,
      execs: c.execs,
      steps: c.steps,
      seconds: c.seconds,
      features: c.features,
      started_at: c.startedAt,
      updated_at: c.updatedAt,
      running: row !== undefined && isRunning(row),
      ...(figures === null ? {} : { figures }),
    };
  });
  return { schema: 'relock.status/1', campaigns };
}

function select(store: Store, name: string | undefined): CampaignSummary[] {
  const all = store.campaigns();
  if (name === undefined) return all;
  const one = all.filter((campaign) => campaign.name === name);
  if (one.length > 0) return one;
  throw noSuchCampaign(
    name,
    all.map((campaign) => campaign.name),
  );
}

function list(store: Store, campaigns: readonly CampaignSummary[]): string[] {
  const captures = store.captures().length;
  const programs = store.programs().length;
  const states = new Map<string, number>();
  for (const witness of store.witnesses()) states.set(witness.state, (states.get(witness.state) ?? 0) + 1);
  const found = [...states].map(([state, n]) => `${n} ${state}`).join(', ');
  const running = new Set(
    store
      .campaignFigures()
      .filter(isRunning)
      .map(({ campaign }) => campaign),
  );
  const lines = [
    `${count(captures, 'capture')}, ${count(programs, 'program')}, witnesses: ${found === '' ? 'none' : found}`,
  ];
  for (const c of campaigns) {
    const rate = c.seconds > 0 ? c.execs / c.seconds : 0;
    const figures =
      `${formatDuration(c.seconds)}  ${shortCount(c.execs)} execs  ${shortCount(rate)}/s  ` +
      `${c.seeds} seeds  ${c.features} features  ${c.newSignatures} new  saved ${c.updatedAt.slice(0, 16)}Z`;
    const state = running.has(c.name) ? 'running' : 'at rest';
    const one = `${c.name}  ${state}  ${figures}`;
    lines.push(...(one.length <= 80 ? [one] : [`${c.name}  ${state}`, `    ${figures}`]));
  }
  if (campaigns.length === 0) lines.push('No campaign yet.   Next: relock fuzz --for 1m');
  return lines;
}
