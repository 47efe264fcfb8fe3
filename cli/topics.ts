// Topics of `relock help TOPIC`: what several commands share, each on one screen.

export interface Topic {
  readonly name: string;
  readonly title: string;
  /** Lines of at most 75 columns. */
  readonly text: string;
}

export const TOPICS: readonly Topic[] = [
  {
    name: 'exit',
    title: 'exit codes',
    text: `0    nothing new was found, or the command did its work
1    a deadlock or violation that is not triaged was found (fuzz, check,
     predict), or reproduced (replay); whatif: something new comes
2    trouble: usage, unreadable input, a broken database, our own bug
4    nothing to test: nothing recognised, no lock events
130  interrupted; everything is saved

In a script:    relock check dmesg.txt || [ $? -eq 4 ]`,
  },
  {
    name: 'witness',
    title: 'witness',
    text: `A witness is a small program of lock operations and a schedule of it that
deadlocks. It was shrunk, printed, read back and replayed by a second,
independent interpreter before it was stored, and is never changed.

basis  observed   the log shows that it happened
       recorded   same locks, only reordered
       aliased    two instances of one class are taken for one object
       composed   tasks of different captures
grade  minimal    nothing can go, no schedule is shorter (exhaustive)
       reduced    smaller than found
       raw        as found

See it:     relock show newest            (--form mail, html, svg, ...)
Try it:     relock replay newest
Cure it:    relock whatif --set CLASS=reentrant`,
  },
  {
    name: 'triage',
    title: 'triage',
    text: `open      nobody has looked at it yet
reported  somebody was told; a note with an address is kept as its link
fixed     the note begins with the kernel version; seen again later, it
          comes back as regressed
invalid   it cannot happen, and the note says why
dup       of another one: its id is the first word of the note
undup     takes a dup back: the state from before

The log of decisions is append-only: relock query history ID`,
  },
  {
    name: 'litmus',
    title: 'litmus form',
    text: `One program, one schedule, one expectation, in text that survives a mail:

    litmus 1 remove-vs-numvfs
    lock A mutex pci_rescan_remove_lock
    lock B mutex &dev->mutex
    task remover remove_store
      lock A     # pci_stop_and_remove_bus_device_locked
      lock B     # device_release_driver_internal
    task setter sriov_numvfs_store
      lock B     # sriov_numvfs_store
      lock A     # sriov_numvfs_store
    order remover setter
    preempt 1 setter
    expect deadlock remover setter

Run it:     relock replay FILE       Search it:     relock check FILE
All of it:  docs/litmus.md`,
  },
  {
    name: 'ci',
    title: 'ci',
    text: `relock check FILE... is the gate: exit 0, 1, 2 or 4, nothing kept.
With --db known.db what is triaged there does not count.

    relock check --db known.db --form ktap dmesg.txt
    relock check --db known.db --form junit dmesg.txt > relock.xml

Known bugs are "not ok ... # XFAIL", nothing to test is "# SKIP".
Snippets for GitHub, GitLab, Jenkins and LAVA: docs/ci.md`,
  },
  {
    name: 'sql',
    title: 'sql',
    text: `The views of the database are documented in docs/database.md:

    relock query                       canned queries
    relock query rules                 what a lock rule cures
    relock query "SELECT title, state FROM signatures" --csv
    sqlite3 relock.db "SELECT * FROM lock_order"

A query is one SELECT, on a connection that cannot write, in a process
that is stopped after --timeout.`,
  },
  {
    name: 'limits',
    title: 'limits',
    text: `relock runs a model of recorded lock operations, not the kernel. It cannot
know: paths that nobody recorded, conditions that no log shows, time and
priorities, memory order, NMIs. "None found" is a proof only where the
search was complete, and then within the model. All of it: docs/limits.md`,
  },
];
