// relock status: campaigns at a glance.
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusForm } from '../../corpus/schema/forms.js';
import type { CampaignSummary, Store } from '../../corpus/store/store.js';
import { formatDuration, shortCount } from '../../reports/text/durations.js';
import { count } from '../../reports/text/layout.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, nearest, Trouble } from '../trouble.js';

export async function run(session: Session): Promise<ExitCode> {
  const store = await session.store('read');
  const [name] = session.args;
  if (session.json) {
    const campaigns = select(store, name).map(
      ({ name, seed, execs, steps, seconds, features, startedAt, updatedAt }) => ({
        name,
        seed,
        execs,
        steps,
        seconds,
        features,
        started_at: startedAt,
        updated_at: updatedAt,
      }),
    );
    session.printJson({ schema: 'relock.status/1', campaigns } satisfies StatusForm);
    return EXIT.fine;
  }
  const live = session.flag('watch') && process.stdout.isTTY === true;
  for (;;) {
    const lines = screen(store, select(store, name));
    // Home and clear, but only ever on a terminal.
    session.print(`${live ? '\u001b[H\u001b[2J' : ''}${lines.join('\n')}\n`);
    if (!session.flag('watch')) return EXIT.fine;
    await sleep(live ? 1000 : 60_000);
  }
}

function select(store: Store, name: string | undefined): CampaignSummary[] {
  const all = store.campaigns();
  if (name === undefined) return all;
  const one = all.filter((campaign) => campaign.name === name);
  if (one.length > 0) return one;
  const names = all.map((campaign) => campaign.name);
  throw new Trouble(
    {
      title: 'NO CAMPAIGN HAS THIS NAME',
      facts: [names.length === 0 ? 'There is none yet.' : `There are: ${names.join(', ')}.`],
      next: `relock ${names.length === 0 ? 'fuzz' : 'status'} ${nearest(name, names) ?? ''}`.trim(),
    },
    name,
  );
}

function screen(store: Store, campaigns: readonly CampaignSummary[]): string[] {
  const captures = store.captures().length;
  const programs = store.programs().length;
  const states = new Map<string, number>();
  for (const witness of store.witnesses()) states.set(witness.state, (states.get(witness.state) ?? 0) + 1);
  const found = [...states].map(([state, n]) => `${n} ${state}`).join(', ');
  const lines = [
    `${count(captures, 'capture')}, ${count(programs, 'program')}, witnesses: ${found === '' ? 'none' : found}`,
  ];
  for (const c of campaigns) {
    const rate = c.seconds > 0 ? c.execs / c.seconds : 0;
    const figures =
      `${formatDuration(c.seconds)}  ${shortCount(c.execs)} execs  ${shortCount(rate)}/s  ` +
      `${c.seeds} seeds  ${c.features} features  ${c.newSignatures} new  saved ${c.updatedAt.slice(0, 16)}Z`;
    const one = `${c.name}  ${figures}`;
    lines.push(...(one.length <= 80 ? [one] : [c.name, `    ${figures}`]));
  }
  if (campaigns.length === 0) lines.push('No campaign yet.   Next: relock fuzz --for 1m');
  return lines;
}
