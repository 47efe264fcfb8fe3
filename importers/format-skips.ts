// Counters of what the importers of tools' text formats skipped; part of the list in skips.ts.

/** How bad it is, and what to do about it, by counter. */
export const FORMAT_SKIPS = {
  std_line_unreadable: {
    severity: 'data-loss',
    advice:
      'A line of an STD trace is not THREAD|OP(NAME)|LOCATION and was passed over. Look at it, and write the trace again.',
  },
  std_operation_unused: {
    severity: 'notice',
    advice:
      'An operation other than req, acq, rel, r, w, fork, join, begin and end was counted and passed over. Write a wait as rel and acq, and a notify as a write of a variable that the waiter then reads.',
  },
  std_too_many_locations: {
    severity: 'info',
    advice:
      'The trace has more than a million locations; later ones are not told apart, which changes names of places and nothing else.',
  },
} as const;
