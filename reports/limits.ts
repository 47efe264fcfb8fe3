// Limits: what a witness cannot know, in sentences that every long form and the docs repeat.

/** Stands beside the claim, on each page and in docs/limits.md. */
export const LIMITS: readonly string[] = [
  'The model runs recorded lock operations, not the kernel: what the code would do between them is not seen.',
  'Time, timeouts, priorities and memory order are not modelled; a wait that the kernel would give up counts as a wait.',
  'Paths that were never recorded are not in it, nor are conditions that nobody wrote down.',
  'Two tasks are taken to be able to run at once unless the recording shows an order between them.',
  'An interrupt fires at most once a run; NMIs are left out.',
];
