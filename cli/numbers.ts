// Numbers from the command line.
import { parseDuration } from '../reports/text/durations.js';
import { usage } from './trouble.js';

/** A whole number >= `least` of an option; throws Trouble for anything else. */
export function wholeNumber(option: string, text: string, least = 1): number {
  const n = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(n) && n >= least) return n;
  throw usage(`${option} ${text}: I expected a whole number, at least ${least}.`, `${option} 100`);
}

/** Seconds of an option like `--for 8h`; throws Trouble for anything else. */
export function lengthOfTime(option: string, text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== null && seconds > 0) return seconds;
  throw usage(
    `${option} ${text}: I expected a length of time such as 90s, 5m, 8h or 1h30m.`,
    `relock fuzz ${option} 5m`,
  );
}
