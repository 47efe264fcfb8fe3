// relock fuzz: runs or resumes a campaign.
import type { FuzzForm } from '../../corpus/schema/forms.js';
import type { Store } from '../../corpus/store/store.js';
import { count, grouped, shortId } from '../../reports/text/layout.js';
import { witnessLine } from '../../reports/text/list.js';
import { type Budget, CampaignRun } from '../campaign-run.js';
import { formatDuration } from '../durations.js';
import { isUntriaged } from '../keep-witnesses.js';
import { lengthOfTime, wholeNumber } from '../numbers.js';
import { progressOf } from '../progress.js';
import { programsIn } from '../search.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, Trouble, usage } from '../trouble.js';

const DEFAULT_NAME = 'default';
const DEFAULT_SECONDS = 60;
const MOST_JOBS = 256;

export async function run(session: Session): Promise<ExitCode> {
  const budget = budgetOf(session);
  const jobs = jobsOf(session);
  const name = session.args[0] ?? DEFAULT_NAME;
  if (name.startsWith('-') || name.trim() === '')
    throw usage(`"${name}" is no name for a campaign.`, 'relock fuzz night');
  await session.store('read');
  session.close();
  const store = await session.store('write');
  const programs = programsIn(store);
  if (programs.length === 0) throw nothingToRun(store, session.dbPath);
  const seed = session.text('seed');
  const wanted = seed === null ? null : wholeNumber('--seed', seed, 0);
  const campaign = new CampaignRun(store, name, programs, wanted, (text) => session.talk(text));

  const total = budget.by === 'seconds' ? budget.seconds : budget.execs;
  const progress = progressOf(session, name, total, budget.by);
  const signals = listen(() => progress.stop());
  try {
    await campaign.run(budget, jobs, {
      shouldStop: () => signals.stopped,
      onFigures: (figures) => progress.update(figures),
    });
  } finally {
    progress.stop();
    signals.deafen();
  }

  const resume = resumeLine(session, name, campaign.rest(budget), budget);
  const untriaged = campaign.found.filter(({ witness }) => isUntriaged(witness));
  const fresh = campaign.found.filter(({ isNew }) => isNew).length;
  if (session.json)
    session.printJson({
      schema: 'relock.fuzz/1',
      campaign: name,
      execs: campaign.execs,
      steps: campaign.steps,
      seconds: campaign.seconds,
      features: campaign.features,
      witnesses: campaign.found.map(({ witness }) => witness),
      new: fresh,
      resume,
    } satisfies FuzzForm);
  else for (const { witness } of campaign.found) session.print(`${witnessLine(witness)}\n`);

  if (signals.stopped) {
    session.talk(
      `saved at ${grouped(campaign.execs)} execs, ${count(fresh, 'new signature')} (relock ls --state open)`,
    );
    session.talk(`resume with:  ${resume}`);
    return EXIT.interrupted;
  }
  for (const line of summary(campaign, fresh)) session.talk(line);
  const [first] = untriaged;
  session.talk(
    first === undefined ? `To go on:  ${resume}` : `Next: relock show ${shortId(first.witness.id)}`,
  );
  return untriaged.length > 0 ? EXIT.found : EXIT.fine;
}

function budgetOf(session: Session): Budget {
  const time = session.text('for');
  const execs = session.text('execs');
  if (time !== null && execs !== null)
    throw usage('Use just one of --for and --execs.', 'relock fuzz --for 5m');
  if (execs !== null) return { by: 'execs', execs: wholeNumber('--execs', execs) };
  return { by: 'seconds', seconds: time === null ? DEFAULT_SECONDS : lengthOfTime('--for', time) };
}

/** Worker threads: one if nothing is said. */
function jobsOf(session: Session): number {
  const text = session.text('jobs');
  const jobs = text === null ? 1 : wholeNumber('-j', text);
  if (jobs <= MOST_JOBS) return jobs;
  throw usage(`-j ${jobs}: at most ${MOST_JOBS} worker threads.`, `relock fuzz -j ${MOST_JOBS}`);
}

function nothingToRun(store: Store, path: string): Trouble {
  const captures = store.captures().length;
  const facts =
    captures === 0
      ? ['The database is empty.']
      : [
          `Of ${count(captures, 'capture')} no program could be made: they show nobody who holds a lock and wants another.`,
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

/** First INT or TERM: stop soon. The second: now. HUP is ignored, so that a lost terminal loses nothing. */
function listen(onStop: () => void): { readonly stopped: boolean; deafen: () => void } {
  const state = { stopped: false };
  const stop = () => {
    if (state.stopped) process.exit(EXIT.interrupted);
    state.stopped = true;
    onStop();
  };
  const ignore = () => {};
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', ignore);
  return {
    get stopped() {
      return state.stopped;
    },
    deafen: () => process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', ignore),
  };
}

/** The command that goes on: for what is left, or for as long again. */
function resumeLine(session: Session, name: string, rest: number, budget: Budget): string {
  const jobs = session.text('jobs');
  const tail = `${jobs === null ? '' : ` -j ${jobs}`}${session.dbGiven ? ` --db ${session.dbPath}` : ''}`;
  if (budget.by === 'execs') {
    const execs = Math.ceil(rest);
    return `relock fuzz ${name} --execs ${execs > 0 ? execs : budget.execs}${tail}`;
  }
  return `relock fuzz ${name} --for ${formatDuration(rest > 0 ? rest : budget.seconds)}${tail}`;
}

function summary(campaign: CampaignRun, fresh: number): string[] {
  const { exhausted, states, unfinished, programs } = campaign;
  const searched = exhausted
    ? `searched every schedule of ${count(programs, 'program')} (${grouped(states)} states): what is not found here is not there, within the model`
    : `searched ${grouped(states)} states exhaustively and ${grouped(campaign.execs)} schedules one by one; ${unfinished} of ${count(programs, 'program')} left open (fuzzing proves presence, not absence)`;
  const found =
    campaign.found.length === 0
      ? 'nothing found in this run'
      : `${count(campaign.found.length, 'signature')} in this run, ${fresh} new`;
  return [searched, found, ...campaign.troubles.slice(0, 5)];
}
