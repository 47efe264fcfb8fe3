// Display of a running campaign: the screen on a terminal, one line a minute elsewhere, nothing with -q.
import type { CampaignFigures } from '../corpus/schema/statistics.js';
import { statusLine } from '../reports/status/line.js';
import { SCREEN, statusScreen } from '../reports/status/screen.js';
import { plainText } from '../reports/text/plain-text.js';
import type { Session } from './session.js';
import { version } from './version.js';

export interface Display {
  update(figures: CampaignFigures): void;
  /** Takes the screen away, so that the next line stands by itself. */
  stop(): void;
}

export interface Keys {
  /** `q`, or Ctrl-C in raw mode. */
  readonly onQuit: () => void;
  /** Lines to show instead of the boxes until the next key: the newest witness. */
  readonly newest: () => readonly string[];
}

const LINE_SECONDS = 60;
const REDRAW_MS = 1000;
const FOOT = '[q] save and quit   [s] summary   [enter] newest witness';

/** Alternate screen and back: the terminal is left as it was found. */
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const TO_END_OF_LINE = '\u001b[K';
const BELOW = '\u001b[J';

export function displayOf(session: Session, keys: Keys): Display {
  if (session.quiet) return { update: () => {}, stop: () => {} };
  return session.liveTalk ? liveScreen(keys) : lines(session);
}

function lines(session: Session): Display {
  let told = 0;
  return {
    update: (figures) => {
      if (figures.run_seconds - told < LINE_SECONDS) return;
      told = figures.run_seconds;
      session.talk(statusLine(figures));
    },
    stop: () => {},
  };
}

/** Writes lines over the screen, clipped to it: a small window must not scroll. */
export function paint(write: (text: string) => void, screen: readonly string[], colour: boolean): void {
  const rows = Math.min(SCREEN.lines, screen.length);
  const text = screen.slice(0, rows).map((line) => {
    const plain = plainText(line).slice(0, SCREEN.columns);
    return `${colour ? coloured(plain) : plain}${TO_END_OF_LINE}\r\n`;
  });
  write(`${HOME}${text.join('')}${BELOW}`);
}

/** Red where it means "act": replays that do not agree are a bug of ours. */
function coloured(line: string): string {
  return /replays agree {2}\d/.test(line) && !line.includes('100.00 %') ? `\u001b[31m${line}\u001b[0m` : line;
}

function liveScreen(keys: Keys): Display {
  const out = process.stderr;
  const write = (text: string) => void out.write(text);
  const colour = (process.env['NO_COLOR'] ?? '') === '';
  let last: CampaignFigures | null = null;
  let overlay: readonly string[] | null = null;
  let gone = false;
  const draw = () => {
    // What is drawn behind LEAVE stands on the user's own screen, over what he had there.
    if (last === null || gone) return;
    const moment = { version: version().replace(/\.0$/, ''), now: Date.now(), foot: FOOT };
    paint(write, overlay ?? statusScreen(last, moment), colour);
  };
  const restore = () => void out.write(LEAVE);
  const press = (key: string) => {
    if (key === 'q' || key === '\u0003') keys.onQuit();
    else if (overlay !== null) overlay = null;
    else if (key === '\r' || key === '\n') overlay = keys.newest();
    else if (key === 's' && last !== null) overlay = [...summaryLines(last), '', ' any key: back'];
  };
  const onKey = (data: Buffer) => {
    const keys = data.toString('latin1');
    // A key with a name (arrows, F1) arrives as one sequence; other keys may arrive several at once.
    for (const key of keys.startsWith('\u001b') ? [keys] : keys) press(key);
    draw();
  };
  write(ENTER);
  process.once('exit', restore);
  const raw = process.stdin.isTTY === true;
  if (raw) process.stdin.setRawMode(true).on('data', onKey).resume();
  const timer = setInterval(draw, REDRAW_MS);
  return {
    update: (figures) => {
      const first = last === null;
      last = figures;
      if (first) draw();
    },
    stop: () => {
      if (gone) return;
      gone = true;
      clearInterval(timer);
      process.off('exit', restore);
      if (raw) process.stdin.off('data', onKey).setRawMode(false).pause();
      restore();
    },
  };
}

/** Everything that is one number, two to a line. */
function summaryLines(figures: CampaignFigures): string[] {
  const cells = Object.entries(figures)
    .filter(([, value]) => typeof value === 'number' || typeof value === 'string')
    .map(([key, value]) => ` ${key.padEnd(21)}${String(value)}`.slice(0, SCREEN.columns / 2 - 1));
  const half = Math.ceil(cells.length / 2);
  return Array.from(
    { length: half },
    (_, i) => `${(cells[i] ?? '').padEnd(SCREEN.columns / 2)}${cells[half + i] ?? ''}`,
  );
}
