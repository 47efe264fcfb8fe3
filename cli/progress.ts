// Progress of a search: a bar on a terminal, one line a minute elsewhere, nothing with -q.
import { SingleBar } from 'cli-progress';
import { formatDuration, shortCount } from './durations.js';
import type { Session } from './session.js';

/** Figures of a running search. */
export interface Figures {
  readonly execs: number;
  /** Of this run. */
  readonly seconds: number;
  readonly features: number;
  readonly seeds: number;
  readonly found: number;
  /** What is being done: `search 3/8`, `fuzz`. */
  readonly doing: string;
}

export interface Progress {
  update(figures: Figures): void;
  /** Takes the bar away, so that the next line stands by itself. */
  stop(): void;
}

const LINE_SECONDS = 60;

/** `total`: seconds, or execs where `by` says so. */
export function progressOf(session: Session, name: string, total: number, by: 'seconds' | 'execs'): Progress {
  if (session.quiet) return { update: () => {}, stop: () => {} };
  return session.liveTalk ? bar(name, total, by) : lines(session, name, total, by);
}

function bar(name: string, total: number, by: 'seconds' | 'execs'): Progress {
  const shown = new SingleBar({
    format: `${name} [{bar}] {doing}: {execs} execs {rate}/s {features} features {found} found {left} left`,
    barsize: 16,
    barCompleteChar: '#',
    barIncompleteChar: '-',
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
    fps: 5,
  });
  shown.start(
    total,
    0,
    fields({ execs: 0, seconds: 0, features: 0, seeds: 0, found: 0, doing: 'start' }, total, by),
  );
  return {
    update: (figures) => shown.update(Math.min(total, figures[by]), fields(figures, total, by)),
    stop: () => shown.stop(),
  };
}

function fields(figures: Figures, total: number, by: 'seconds' | 'execs'): Record<string, string> {
  const rate = figures.seconds > 0 ? figures.execs / figures.seconds : 0;
  const rest = Math.max(0, total - figures[by]);
  return {
    execs: shortCount(figures.execs),
    rate: shortCount(rate),
    features: shortCount(figures.features),
    found: String(figures.found),
    doing: figures.doing,
    left: by === 'seconds' ? formatDuration(rest) : `${shortCount(rest)} execs`,
  };
}

/** `00:02 zpci-night 91.4M execs 11.4k/s 1284 seeds 5310 features 2 found 5h46m left`. */
function lines(session: Session, name: string, total: number, by: 'seconds' | 'execs'): Progress {
  let told = 0;
  return {
    update: (figures) => {
      if (figures.seconds - told < LINE_SECONDS) return;
      told = figures.seconds;
      const minutes = Math.floor(figures.seconds / 60);
      const clock = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
      const { execs, rate, features, found, left, doing } = fields(figures, total, by);
      session.talk(
        `${clock} ${name} ${doing} ${execs} execs ${rate}/s ${figures.seeds} seeds ${features} features ${found} found ${left} left`,
      );
    },
    stop: () => {},
  };
}
