// The steps of a night, those that find most in an hour first. In commands and variables {seconds}, {minutes}, {kills}, {flips} and {seed} are put in.

const vitest = (...filters) => ['npx', 'vitest', 'run', ...filters];
const otherDice = { RELOCK_SEED: '{seed}' };

/**
 * `share`: of the night, for what can be done for any length of time. `least`: minutes without which it is not begun. `figures`: finds in
 * its output what it came to; by default its last line says so. The last step is done again and again, with other dice each time, for the
 * rest of the night.
 */
export const STEPS = [
  { what: 'whole suite, other dice', share: 0.12, least: 10, env: otherDice, command: ['npm', 'test'] },
  {
    what: 'readers fuzzed with jsfuzz',
    share: 0.35,
    least: 2,
    env: {},
    command: [
      ...['npm', 'run', '--silent', 'fuzz:importers', '--', '--seconds', '{seconds}'],
      ...['--seed', '{seed}', '--corpus', 'fuzz/found/corpus'],
    ],
  },
  {
    what: 'campaigns killed',
    share: 0.1,
    least: 2,
    env: { ...otherDice, RELOCK_KILLS: '{kills}' },
    command: ['npm', 'run', '--silent', 'kill-tests'],
  },
  {
    what: 'the store as a state machine',
    share: 0.04,
    least: 1,
    env: { ...otherDice, RELOCK_STORE_RUNS: '500' },
    command: vitest('corpus/store/model'),
  },
  {
    what: 'bytes flipped in a database',
    share: 0.04,
    least: 1,
    env: { ...otherDice, RELOCK_FLIPS: '{flips}' },
    command: vitest('cli/faults'),
  },
  {
    what: 'SPIN beside the checker',
    share: 0.08,
    least: 4,
    env: otherDice,
    command: ['npm', 'run', '--silent', 'oracle'],
  },
  {
    what: 'mutants',
    share: 0.2,
    least: 4,
    env: {},
    figures: /^\| all .*$/m,
    command: [
      'npm',
      'run',
      '--silent',
      'mutants',
      '--',
      '--seed',
      '{seed}',
      '--effort',
      '0.3',
      '--minutes',
      '{minutes}',
    ],
  },
  {
    what: 'differential and metamorphic laws',
    share: 0.07,
    least: 1,
    env: otherDice,
    command: vitest(
      ...[
        'engine/model',
        'engine/explore',
        'engine/predict',
        'engine/metamorphic',
        'engine/lower',
        'engine/shrink',
      ],
    ),
  },
];
