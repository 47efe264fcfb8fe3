// How a night is shared out: what each step needs comes first, in their order; the rest goes by shares.

/** A kill of a campaign, its restart, and its part of the comparison at the end, on two cores of 2026. */
const SECONDS_A_KILL = 6;
/** A database that is copied, flipped in one byte and read by each command. */
const SECONDS_A_FLIP = 1.5;

/**
 * Minutes for each step that is begun, by its place; a step whose least does not fit any more has none. What a step does not use is shared
 * out among those after it when the plan is made again.
 */
export function minutesOf(steps, minutes) {
  let left = minutes;
  const begun = steps.map(({ least }) => {
    if (least > left) return false;
    left -= least;
    return true;
  });
  const shares = steps.reduce((sum, { share }, i) => sum + (begun[i] ? share : 0), 0);
  return steps.map(({ least, share }, i) => (begun[i] ? least + (left * share) / shares : 0));
}

/** A step's command and variables with its time, and with dice of its own. */
export function filledIn({ command, env }, minutes, seed) {
  // A tenth is left for what comes before and after: a build, a summary.
  const seconds = Math.max(1, Math.floor(minutes * 60 * 0.9));
  const values = {
    seconds,
    minutes: (seconds / 60).toFixed(2),
    kills: Math.max(1, Math.floor(seconds / SECONDS_A_KILL)),
    flips: Math.max(1, Math.floor(seconds / SECONDS_A_FLIP)),
    seed,
  };
  const fill = (text) =>
    text.replace(/\{(seconds|minutes|kills|flips|seed)\}/g, (_, name) => String(values[name]));
  return {
    command: command.map(fill),
    env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, fill(text)])),
  };
}
