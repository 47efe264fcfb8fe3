// A line on the terminal that says what is being done and for how long; nothing where stderr is no terminal.
import type { Session } from './session.js';

const EVERY_MS = 1000;

/** `tick` may be called as often as one likes; `end` takes the line away. */
export function tickerOf(
  session: Session,
  words: string,
): { readonly tick: () => void; readonly end: () => void } {
  if (!session.liveTalk || session.quiet) return { tick: () => {}, end: () => {} };
  const began = performance.now();
  let shown = began;
  let drawn = false;
  return {
    tick: () => {
      const now = performance.now();
      if (now - shown < EVERY_MS) return;
      shown = now;
      drawn = true;
      process.stderr.write(`\r${words}: ${Math.round((now - began) / 1000)} s`);
    },
    end: () => {
      if (drawn) process.stderr.write(`\r${' '.repeat(words.length + 12)}\r`);
    },
  };
}
