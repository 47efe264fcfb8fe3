// Signals to a running campaign: stop soon, stop now, ignore, tell.
import { EXIT } from './trouble.js';

export interface Signals {
  readonly stopped: boolean;
  /** As the first INT would. */
  stop(): void;
  deafen(): void;
}

/**
 * First INT or TERM: stop soon. The second: now. HUP is ignored, so that a lost terminal loses nothing. USR2 tells
 * one line (Node keeps USR1 for its debugger).
 */
export function listen(onStop: () => void, onTell: () => void): Signals {
  const state = { stopped: false };
  const stop = () => {
    if (state.stopped) process.exit(EXIT.interrupted);
    state.stopped = true;
    onStop();
  };
  const ignore = () => {};
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', ignore).on('SIGUSR2', onTell);
  return {
    get stopped() {
      return state.stopped;
    },
    stop,
    deafen: () =>
      process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', ignore).off('SIGUSR2', onTell),
  };
}
