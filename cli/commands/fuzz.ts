// relock fuzz: runs or resumes a campaign.
import type { FuzzForm } from '../../corpus/schema/forms.js';
import type { Witness } from '../../corpus/schema/witness.js';
import type { Store } from '../../corpus/store/store.js';
import { poolOf } from '../../engine/campaign/pool.js';
import { openQueue, type QueueLink } from '../../engine/campaign/queue.js';
import { shownAddress } from '../../engine/campaign/queue-server.js';
import { statusLine } from '../../reports/status/line.js';
import { formatDuration } from '../../reports/text/durations.js';
import { count, grouped, shortId, wrap } from '../../reports/text/layout.js';
import { witnessLines } from '../../reports/text/list.js';
import { scenarioForm } from '../../reports/text/scenario.js';
import { displayOf } from '../campaign-display.js';
import { campaignFiles } from '../campaign-files.js';
import { type Budget, CampaignRun } from '../campaign-run.js';
import { listen } from '../campaign-signals.js';
import { explanationOf } from '../explaining.js';
import { isUntriaged } from '../keep-witnesses.js';
import { lengthOfTime, wholeNumber } from '../numbers.js';
import { onQueue, ownDialect, queueAddress, thisHost } from '../queue-options.js';
import { replayedLines, replayKnown } from '../replay-known.js';
import { programsIn } from '../search.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, Trouble, usage } from '../trouble.js';

const DEFAULT_NAME = 'default';
const DEFAULT_SECONDS = 60;
const MOST_JOBS = 256;
const MOST_SHARDS = 4096;
/** Columns of what is told on the terminal. */
const WIDTH = 80;

export async function run(session: Session): Promise<ExitCode> {
  const budget = budgetOf(session);
  const jobs = jobsOf(session);
  const name = campaignName(session);
  await session.store('read');
  session.close();
  const store = await session.store('write');
  const across = session.flag('across');
  const programs = programsIn(store, across);
  if (programs.length === 0) {
    if (across) throw nothingMeets(store, session.dbPath);
    // Lock events of which none can meet another badly are an answer, as they are for `check` and `predict`.
    if (store.captures().some(({ events }) => events > 0)) return nothingCanMeet(session, store, name);
    throw nothingToRun(store, session.dbPath);
  }

  const address = queueAddress(session);
  if (address !== null && session.text('jobs') !== null)
    throw usage(
      'With --queue the workers do the work: -j is said to them.',
      `relock worker --queue ${shownAddress(address.url)} -j ${jobs}`,
    );
  let link: QueueLink | null = null;
  const files = campaignFiles(store, name, (text) => talk(text));
  const talk = (text: string) => session.talk(...wrap(text, '', '  ', WIDTH));
  const campaign = new CampaignRun(
    store,
    {
      name,
      seed: numberOf(session, 'seed', 0),
      shards: numberOf(session, 'shards', 1, MOST_SHARDS),
      jobs,
      executor:
        address !== null ? () => (link as QueueLink).executor() : jobs === 1 ? null : () => poolOf(jobs),
      hosts: () => link?.hosts ?? 0,
      checkpoint: checkpointOf(session),
      states: numberOf(session, 'states', 1),
      across,
    },
    programs,
    {
      shouldStop: () => signals.stopped,
      onFigures: (figures) => {
        display.update(figures);
        files.update(figures);
      },
      talk,
    },
  );
  const display = displayOf(session, {
    onQuit: () => signals.stop(),
    newest: () => {
      const newest = campaign.found.at(-1);
      return newest === undefined
        ? [' none yet   (any key: back)']
        : [...scenarioForm(explanationOf(store, newest.witness)), '', ' any key: back'];
    },
  });
  const signals = listen(
    () => display.stop(),
    () => {
      const { figures } = campaign;
      if (figures !== null) session.talk(statusLine(figures));
    },
  );
  let back: readonly Witness[] = [];
  try {
    if (session.flag('replay-known')) {
      const replayed = await replayKnown(store, programs, name, () => signals.stopped);
      for (const line of replayedLines(replayed)) talk(line);
      back = replayed.seen.filter(isUntriaged);
    }
    if (address === null) await campaign.run(budget);
    else
      await onQueue(address, async () => {
        link = await openQueue({ address, dialect: ownDialect(), ...thisHost(), talk });
        await campaign.run(budget);
      });
  } finally {
    display.stop();
    signals.deafen();
    campaign.close();
    await (link as QueueLink | null)?.close();
  }

  const resume = resumeLine(session, name, campaign.rest(budget), budget);
  const inCampaign = campaign.found.filter(({ witness }) => isUntriaged(witness));
  const others = back.filter(({ id }) => !campaign.found.some(({ witness }) => witness.id === id));
  const untriaged = [...others.map((witness) => ({ witness })), ...inCampaign];
  const fresh = campaign.found.filter(({ isNew }) => isNew).length;
  if (session.json)
    session.printJson({
      schema: 'relock.fuzz/1',
      campaign: name,
      execs: campaign.execs,
      steps: campaign.steps,
      seconds: campaign.seconds,
      features: campaign.features,
      witnesses: [...others, ...campaign.found.map(({ witness }) => witness)],
      new: fresh,
      resume,
    } satisfies FuzzForm);
  else for (const { witness } of campaign.found) session.print(`${witnessLines(witness).join('\n')}\n`);

  if (signals.stopped) {
    talk(
      `saved at ${grouped(campaign.execs)} execs, ${count(fresh, 'new signature')} (relock ls --state open)`,
    );
    session.talk(`resume with:  ${resume}`);
    return EXIT.interrupted;
  }
  for (const line of summary(campaign, fresh)) talk(line);
  const [first] = untriaged;
  session.talk(
    first === undefined ? `To go on:  ${resume}` : `Next: relock show ${shortId(first.witness.id)}`,
  );
  return untriaged.length > 0 ? EXIT.found : EXIT.fine;
}

function campaignName(session: Session): string {
  const name = session.args[0] ?? (session.flag('across') ? 'across' : DEFAULT_NAME);
  if (name.startsWith('-') || name.trim() === '' || /[/\\\p{Cc}]/u.test(name) || name.length > 100)
    throw usage(`"${name}" is no name for a campaign.`, 'relock fuzz night');
  return name;
}

function budgetOf(session: Session): Budget {
  const time = session.text('for');
  const execs = session.text('execs');
  const quiet = session.text('until-quiet');
  if (time !== null && execs !== null)
    throw usage('Use just one of --for and --execs.', 'relock fuzz --for 5m');
  const bounded = execs !== null || quiet !== null;
  return {
    seconds: time !== null ? lengthOfTime('--for', time) : bounded ? null : DEFAULT_SECONDS,
    execs: execs === null ? null : wholeNumber('--execs', execs),
    quiet: quiet === null ? null : lengthOfTime('--until-quiet', quiet),
  };
}

/** Seconds between two checkpoints; null: as often as is usual. */
function checkpointOf(session: Session): number | null {
  const text = session.text('checkpoint');
  return text === null ? null : lengthOfTime('--checkpoint', text);
}

/** Worker threads: one if nothing is said. */
function jobsOf(session: Session): number {
  const text = session.text('jobs');
  const jobs = text === null ? 1 : wholeNumber('-j', text);
  if (jobs <= MOST_JOBS) return jobs;
  throw usage(`-j ${jobs}: at most ${MOST_JOBS} worker threads.`, `relock fuzz -j ${MOST_JOBS}`);
}

function numberOf(
  session: Session,
  option: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | null {
  const text = session.text(option);
  if (text === null) return null;
  const n = wholeNumber(`--${option}`, text, least);
  if (n <= most) return n;
  throw usage(`--${option} ${n}: at most ${most}.`, `relock fuzz --${option} ${most}`);
}

function nothingMeets(store: Store, path: string): Trouble {
  return new Trouble(
    {
      title: 'NOTHING MEETS ACROSS THESE CAPTURES',
      facts: [
        `${count(store.captures().length, 'capture')} in the database: no two of them, and no recording of a tracer that runs twice at once, ` +
          'take locks of the same classes in orders that close a cycle, or every such cycle was refuted.',
      ],
      next: 'relock import OTHER.txt',
    },
    path,
    EXIT.nothing,
  );
}

function nothingCanMeet(session: Session, store: Store, name: string): ExitCode {
  if (session.json)
    session.printJson({
      schema: 'relock.fuzz/1',
      campaign: name,
      execs: 0,
      steps: 0,
      seconds: 0,
      features: 0,
      witnesses: [],
      new: 0,
      resume: `relock fuzz ${name}`,
    } satisfies FuzzForm);
  session.talk(
    `In ${count(store.captures().length, 'capture')} no two locks are taken in both orders: there is nothing to run, and nothing new.   Next: relock check FILE, which says whether something was lost`,
  );
  return EXIT.fine;
}

function nothingToRun(store: Store, path: string): Trouble {
  const captures = store.captures().length;
  const facts =
    captures === 0
      ? ['The database is empty.']
      : [
          `Of ${count(captures, 'capture')} no program could be made: they show nobody who hangs, and no locks that are taken in both orders.`,
        ];
  return new Trouble(
    {
      title: 'THERE IS NOTHING TO RUN',
      facts,
      next: captures === 0 ? 'relock import dmesg.txt' : 'relock query gaps',
    },
    path,
    EXIT.nothing,
  );
}

/** The command that goes on: for what is left, or for as long again. */
function resumeLine(
  session: Session,
  name: string,
  rest: ReturnType<CampaignRun['rest']>,
  budget: Budget,
): string {
  const jobs = session.text('jobs');
  const quiet = session.text('until-quiet');
  const shown = /^[\w.,:@%+-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
  const parts = [`relock fuzz ${shown}`];
  if (budget.seconds !== null) {
    const seconds = rest.seconds ?? 0;
    parts.push(`--for ${formatDuration(seconds > 0 ? seconds : budget.seconds)}`);
  }
  if (budget.execs !== null) {
    const execs = Math.ceil(rest.execs ?? 0);
    parts.push(`--execs ${execs > 0 ? execs : budget.execs}`);
  }
  if (session.flag('across')) parts.push('--across');
  if (session.flag('replay-known')) parts.push('--replay-known');
  if (quiet !== null) parts.push(`--until-quiet ${quiet}`);
  if (jobs !== null) parts.push(`-j ${jobs}`);
  const queue = session.text('queue');
  if (queue !== null) parts.push(`--queue ${shownAddress(queue)}`);
  const checkpoint = session.text('checkpoint');
  if (checkpoint !== null) parts.push(`--checkpoint ${checkpoint}`);
  const states = session.text('states');
  if (states !== null) parts.push(`--states ${states}`);
  if (session.dbGiven) parts.push(`--db ${session.dbPath}`);
  return parts.join(' ');
}

function summary(campaign: CampaignRun, fresh: number): string[] {
  const { exhausted, states, unfinished, programs } = campaign;
  const searched = exhausted
    ? `searched every schedule of ${count(programs, 'program')} (${grouped(states)} states): what is not found here is not there, within the model`
    : `searched ${grouped(states)} states exhaustively and ${grouped(campaign.execs)} schedules one by one; ${unfinished} of ${count(programs, 'program')} left open (fuzzing proves presence, not absence)`;
  const ended = campaign.nothingLeft
    ? ['what is open cannot be run: more time would add nothing']
    : campaign.wentQuiet
      ? ['no new feature and no new signature for as long as --until-quiet says']
      : [];
  const found =
    campaign.found.length === 0
      ? 'nothing found in this run'
      : `${count(campaign.found.length, 'signature')} in this run, ${fresh} new`;
  return [searched, ...ended, found, ...campaign.troubles.slice(0, 5)];
}
