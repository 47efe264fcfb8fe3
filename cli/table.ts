// The command table: name, arguments, options, examples and exit codes of every command; help and docs come from it.
import type { Session } from './session.js';
import type { ExitCode } from './trouble.js';

export interface OptionSpec {
  /** As commander reads it: `--form FORM`, `-j N`, `-s, --search WORDS`. */
  readonly flags: string;
  readonly help: string;
  /** May be given more than once. */
  readonly many?: true;
}

export interface Example {
  readonly line: string;
  readonly says: string;
}

export interface CommandSpec {
  readonly name: string;
  /** `[FILE|DIR|-]...`: shown in help; arguments are checked by the command itself. */
  readonly args: string;
  /** Least and most arguments; null for any number. */
  readonly arity: readonly [number, number | null];
  readonly summary: string;
  /** Paragraphs below the examples in help. */
  readonly about: readonly string[];
  readonly examples: readonly [Example, Example, Example];
  readonly options: readonly OptionSpec[];
  /** What each exit code means here. */
  readonly exits: readonly (readonly [ExitCode, string])[];
  readonly load: () => Promise<{ readonly run: (session: Session) => Promise<ExitCode> }>;
}

/** Every command has these. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { flags: '--db FILE', help: 'database (else $RELOCK_DB, else ./relock.db)' },
  { flags: '--json', help: 'one JSON object on stdout, nothing else there' },
  { flags: '-q, --quiet', help: 'no talk on stderr' },
];

const BAD_INPUT = [2, 'usage, an unreadable file or database, or a bug of ours'] as const;

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'import',
    args: '[FILE|DIR|-]...',
    arity: [0, null],
    summary: 'logs and captures in: any format, plain, .gz, .xz, .zst, .tar',
    about: [
      'Prints per file what was understood and what was skipped, with advice. A folder is walked; what is not recognised there is counted and left alone. Content that was imported before is not stored again. Another relock database, or the file of a campaign (relock export campaign), is merged into this one; twice is once. A campaign that is newer there goes on from there.',
    ],
    examples: [
      { line: 'relock import dmesg.txt', says: 'a log, whatever its format' },
      { line: 'journalctl -k -o short-monotonic | relock import -', says: 'from a pipe' },
      { line: 'relock import --format kernel-log logs/ more.log.gz', says: 'no guessing' },
    ],
    options: [{ flags: '--format ID', help: 'read as this format instead of looking at the content' }],
    exits: [
      [0, 'imported, or imported before'],
      BAD_INPUT,
      [4, 'nothing was recognised, or there are no lock events in it'],
    ],
    load: () => import('./commands/import.js'),
  },
  {
    name: 'record',
    args: '',
    arity: [0, 0],
    summary: 'prints the commands that record what relock needs; runs nothing',
    about: [
      'Three ways to the same events: trace-cmd, tracefs by hand, bpftrace; each ends with the import. With lockdep in the kernel its lock events are recorded, without it probes of the lock functions. Which it is, the configuration and available_events of the running kernel say.',
    ],
    examples: [
      { line: 'relock record', says: 'for this machine, all three ways' },
      { line: 'relock record --form tracefs > record.sh', says: 'one way, as a script to look at' },
      { line: 'relock record --arch s390x --no-lockdep', says: 'for another machine' },
    ],
    options: [
      { flags: '--arch ARCH', help: 'x86_64, s390x, aarch64, ppc64le or riscv64 (default: this machine)' },
      { flags: '--lockdep', help: 'for a kernel with lockdep' },
      { flags: '--no-lockdep', help: 'for a kernel without lockdep' },
      { flags: '--form FORM', help: 'only trace-cmd, tracefs or bpftrace' },
    ],
    exits: [
      [0, 'printed'],
      [2, 'usage, or an architecture whose registers relock does not know'],
    ],
    load: () => import('./commands/record.js'),
  },
  {
    name: 'predict',
    args: '',
    arity: [0, 0],
    summary: 'lock-order cycles of what was imported: confirmed, refuted (why), or open',
    about: [
      'Confirmed: a schedule was found, replayed and stored as a witness. Refuted: it cannot happen within the model, and why. Open: not decided; relock fuzz goes on.',
    ],
    examples: [
      { line: 'relock predict', says: 'all captures in ./relock.db' },
      { line: 'relock predict --db lpar07.db', says: 'of another database' },
      { line: 'relock predict --json', says: 'for scripts' },
    ],
    options: [],
    exits: [
      [0, 'nothing new'],
      [1, 'a deadlock was confirmed that is not triaged'],
      BAD_INPUT,
      [4, 'nothing is imported'],
    ],
    load: () => import('./commands/predict.js'),
  },
  {
    name: 'fuzz',
    args: '[CAMPAIGN]',
    arity: [0, 1],
    summary: 'run or resume a campaign',
    about: [
      'Searches schedules of all imported programs, by prediction first, then guided by coverage. Every find is shrunk, replayed by an independent interpreter and stored. The campaign is saved twice a minute, at each find, and on Ctrl-C; give its name to go on.',
    ],
    examples: [
      { line: 'relock fuzz --for 10s', says: 'ten seconds of the campaign "default"' },
      { line: 'relock fuzz zpci-night --for 8h', says: 'a night, under a name' },
      { line: 'relock fuzz --execs 20000 --seed 1', says: 'the same run each time' },
    ],
    options: [
      { flags: '--for TIME', help: 'how long: 90s, 5m, 8h, 1h30m (default 1m)' },
      { flags: '--execs N', help: 'how many schedules, instead of a time' },
      { flags: '--until-quiet TIME', help: 'until so long nothing new was met' },
      { flags: '-j, --jobs N', help: 'worker threads (default 1); they do not change what is found' },
      { flags: '--queue URL', help: 'workers on other hosts do the work (docs/distributed.md)' },
      { flags: '--replay-known', help: 'known witnesses first: does one that was fixed come back?' },
      {
        flags: '--across',
        help: 'only what tasks of different captures, or of two runs at once, do together',
      },
      { flags: '--seed N', help: 'seed of the dice (default 1)' },
      { flags: '--shards N', help: 'streams of fuzzing at least (default 8); with the seed' },
      { flags: '--states N', help: 'states searched of a program before it is fuzzed (1000000)' },
      { flags: '--checkpoint TIME', help: 'what a kill costs at most (default 30s)' },
    ],
    exits: [
      [0, 'nothing new'],
      [1, 'a deadlock or violation was found that is not triaged'],
      BAD_INPUT,
      [4, 'nothing is imported, or nothing in it can run'],
      [130, 'interrupted; everything is saved'],
    ],
    load: () => import('./commands/fuzz.js'),
  },
  {
    name: 'worker',
    args: '',
    arity: [0, 0],
    summary: 'do the work of campaigns on other hosts, from a queue',
    about: [
      'Takes jobs that relock fuzz --queue puts on a Redis or Valkey server, and sends back what came of them. Jobs are data, checked on both sides; no code is sent. A worker of another version is refused. It needs no database, and may be killed at any moment. A password may stand in $RELOCK_QUEUE_PASSWORD.',
    ],
    examples: [
      { line: 'relock worker --queue redis://lab:6379 -j 8', says: 'on each host, with eight threads' },
      { line: 'relock worker --queue rediss://relock@lab:6380', says: 'over TLS, as a user' },
      { line: 'relock worker --queue redis://lab:6379 --for 8h', says: 'for a night' },
    ],
    options: [
      { flags: '--queue URL', help: 'redis://[USER[:PASSWORD]@]HOST[:PORT], rediss:// for TLS' },
      { flags: '-j, --jobs N', help: 'worker threads (default 1)' },
      { flags: '--for TIME', help: 'how long (default: until it is told to stop)' },
    ],
    exits: [
      [0, 'its time is up, or it was told to stop'],
      [2, 'usage, no queue there, or another version'],
    ],
    load: () => import('./commands/worker.js'),
  },
  {
    name: 'status',
    args: '[CAMPAIGN]',
    arity: [0, 1],
    summary: 'campaigns at a glance',
    about: [],
    examples: [
      { line: 'relock status', says: 'all campaigns, last worked on first' },
      { line: 'relock status zpci-night', says: 'one of them' },
      { line: 'relock status --watch', says: 'redrawn every second until Ctrl-C' },
    ],
    options: [
      { flags: '--watch', help: 'the screen once a second; a line a minute where there is no terminal' },
      { flags: '--form FORM', help: 'list, screen, stats (key : value) or mail (what is new)' },
    ],
    exits: [[0, 'told'], BAD_INPUT],
    load: () => import('./commands/status.js'),
  },
  {
    name: 'ls',
    args: '',
    arity: [0, 0],
    summary: 'witnesses, newest first',
    about: [],
    examples: [
      { line: 'relock ls', says: 'all' },
      { line: 'relock ls --state open', says: 'those nobody has looked at' },
      { line: "relock ls -s 'pci AND rescan'", says: 'full text over locks, tasks, sites, notes' },
    ],
    options: [
      { flags: '--state STATE', help: 'open, reported, fixed, invalid, dup or regressed' },
      { flags: '-s, --search WORDS', help: 'full text: words, or an FTS5 expression' },
      { flags: '-n, --limit N', help: 'at most so many' },
      { flags: '--jsonl', help: 'one witness a line, as JSON' },
    ],
    exits: [[0, 'listed'], BAD_INPUT],
    load: () => import('./commands/ls.js'),
  },
  {
    name: 'show',
    args: 'ID',
    arity: [1, 1],
    summary: 'one witness: who holds what, who waits for whom, and why',
    about: ['ID is the start of a witness id or of a signature, or "newest".'],
    examples: [
      { line: 'relock show newest', says: 'the whole page' },
      { line: 'relock show newest --form mail', says: 'for a list; carries its own reproducer' },
      { line: 'relock show newest --form litmus', says: 'the reproducer alone' },
    ],
    options: [
      {
        flags: '--form FORM',
        help: 'page, scenario, chain, why, mail, subject, litmus, html, svg, dot, perfetto, promela, kit or json',
      },
    ],
    exits: [[0, 'shown'], BAD_INPUT],
    load: () => import('./commands/show.js'),
  },
  {
    name: 'replay',
    args: '[ID|FILE|-]',
    arity: [0, 1],
    summary: 'run a witness again, by an interpreter that shares no code with the search',
    about: [
      'Takes the id of a stored witness, a litmus file, or a mail that carries a litmus text (quoted or not). Without an argument it reads stdin.',
    ],
    examples: [
      { line: 'relock replay newest', says: 'a stored witness' },
      { line: 'relock replay remove-vs-numvfs.litmus', says: 'a file' },
      { line: 'relock replay < this-mail', says: 'from a mail on stdin' },
    ],
    options: [],
    exits: [
      [0, 'the schedule completes, as it says it should'],
      [1, 'a deadlock, stranded task or violation was reproduced'],
      [2, 'it did not end as it says, or could not be read'],
    ],
    load: () => import('./commands/replay.js'),
  },
  {
    name: 'check',
    args: 'FILE...',
    arity: [1, null],
    summary: 'one go, for CI: import, search, verdict',
    about: [
      'A litmus file is searched completely and compared with its expect lines. Any other file is imported and searched. Without --db nothing is kept, and every deadlock counts; with it, triaged ones do not.',
    ],
    examples: [
      { line: 'relock check dmesg.txt', says: 'is there a deadlock in this log?' },
      { line: 'relock check *.litmus', says: 'do these programs do what they expect?' },
      { line: 'relock check --db known.db --json dmesg.txt', says: 'known ones do not count' },
    ],
    options: [
      { flags: '--format ID', help: 'read as this format instead of looking at the content' },
      { flags: '--form FORM', help: 'text, ktap or junit: known bugs as expected failures' },
    ],
    exits: [
      [0, 'no deadlock was found; litmus files end as they expect'],
      [1, 'a deadlock that is not triaged, or a litmus file that ends otherwise'],
      BAD_INPUT,
      [4, 'nothing was recognised, or there are no lock events in it'],
      [130, 'interrupted; the last line goes on with what is left'],
    ],
    load: () => import('./commands/check.js'),
  },
  {
    name: 'matrix',
    args: '[NAME] [CELL]',
    arity: [0, 2],
    summary: 'a scenario library by rows and versions, every cell searched now',
    about: [
      'NAME is pci-rescan-remove: the paths of the PCI rescan/remove lock, pair by pair, in each version of the series. Every program is searched completely, every end replayed. CELL shows one cell with its witnesses.',
    ],
    examples: [
      { line: 'relock matrix', says: 'the table, 75 columns' },
      { line: 'relock matrix pci-rescan-remove 2.v9', says: 'row 2 in V9, with its witness' },
      { line: 'relock matrix --form html > matrix.html', says: 'one file, all witnesses in it' },
    ],
    options: [{ flags: '--form FORM', help: 'text, html or json' }],
    exits: [
      [0, 'every program ends as its file expects'],
      [1, 'some program does not, or not every schedule was covered'],
      [2, 'usage, or a bug of ours'],
    ],
    load: () => import('./commands/matrix.js'),
  },
  {
    name: 'query',
    args: '[SQL|NAME|-] [KEY=VALUE]...',
    arity: [0, null],
    summary: 'read-only SQL or a canned query; no argument lists them',
    about: ['Tables and views are described in docs/database.md. "-" reads the SQL from stdin.'],
    examples: [
      { line: 'relock query', says: 'the canned queries and their parameters' },
      { line: 'relock query by-lock lock=pci_rescan_remove_lock', says: 'one of them' },
      { line: "relock query 'select id, kind from witnesses' --csv", says: 'SQL' },
    ],
    options: [
      { flags: '--csv', help: 'comma-separated values' },
      { flags: '--jsonl', help: 'one row a line, as JSON' },
      { flags: '-n, --limit N', help: 'at most so many rows (default 10000)' },
      { flags: '--timeout TIME', help: 'stop the query after so long (default 1m)' },
    ],
    exits: [
      [0, 'answered'],
      [2, 'bad SQL, SQL that would write, an unknown name, or no database'],
    ],
    load: () => import('./commands/query.js'),
  },
  {
    name: 'whatif',
    args: '[FILE]...',
    arity: [0, null],
    summary: 'what goes, stays or comes under other lock rules or changed code',
    about: [
      'Applies the changes to all imported programs, or to those of the files given, and compares their deadlocks. A patch speaks of functions and locks (docs/patches.md); corpus/patches has those of the PCI rescan/remove series.',
    ],
    examples: [
      { line: 'relock whatif --set pci_rescan_remove_lock=reentrant', says: 'another rule' },
      { line: 'relock whatif --patch v11.patch', says: 'other code' },
      { line: 'relock whatif --patch v11.patch --json dmesg.txt', says: 'of a file, for scripts' },
    ],
    options: [
      { flags: '--set RULE', help: 'CLASS=RULE: reentrant, no-reentrant, fair, unfair', many: true },
      { flags: '--patch FILE', help: 'a patch; "-" is stdin', many: true },
      { flags: '--across', help: 'what a trace shows may run twice at once, in any order' },
    ],
    exits: [
      [0, 'nothing new comes'],
      [1, 'something new comes'],
      BAD_INPUT,
      [4, 'nothing is imported, or nothing in it can run'],
    ],
    load: () => import('./commands/whatif.js'),
  },
  {
    name: 'triage',
    args: 'ID STATE [NOTE]',
    arity: [2, null],
    summary: 'open, reported, fixed, invalid or dup: what became of a witness',
    about: [
      'Appends to a log that is never changed. "dup" takes the id of the other one as the first word of its note, "undup" parts them again; "fixed" takes the kernel version.',
    ],
    examples: [
      { line: 'relock triage newest reported https://lore.kernel.org/r/x', says: 'with a link' },
      { line: 'relock triage newest fixed 7.1-rc2', says: 'seen again, it comes back as regressed' },
      { line: "relock triage newest invalid 'the slot cannot be shared'", says: 'with a reason' },
    ],
    options: [],
    exits: [[0, 'noted'], BAD_INPUT],
    load: () => import('./commands/triage.js'),
  },
  {
    name: 'export',
    args: 'WHAT [CAPTURE|CAMPAIGN]',
    arity: [1, 2],
    summary: 'captures, witnesses, mbox, litmus, std, ndjson, plots, plot, campaign, junit, ktap',
    about: [
      'captures, witnesses: JSON. mbox: the mail of each witness. litmus: the reproducers, one after the other. plots: minutes of campaigns as CSV. junit, ktap: one test a witness, triaged ones as known. std: the events of a capture for RAPID and its kin. ndjson: a capture as lines of JSON, which relock reads back. These two want a CAPTURE (a file or the beginning of an id) where there are several. plot: a campaign as a page of HTML. campaign: a campaign with its captures, programs, witnesses, decisions, checkpoint and figures, in one file with a checksum, for labs without a network; relock import takes it in. These two take the named CAMPAIGN, or the last one.',
    ],
    examples: [
      { line: 'relock export ktap', says: 'for kernel CI' },
      { line: 'relock export std dmesg.txt -o trace.std', says: 'for deadlock predictors' },
      {
        line: 'relock export campaign zpci-night -o night.relock',
        says: 'there: relock import night.relock',
      },
    ],
    options: [{ flags: '-o, --output FILE', help: 'write there; a file that exists is not overwritten' }],
    exits: [[0, 'written'], BAD_INPUT, [4, 'there is nothing to export']],
    load: () => import('./commands/export.js'),
  },
  {
    name: 'serve',
    args: '',
    arity: [0, 0],
    summary: 'read-only pages on 127.0.0.1',
    about: [
      'Campaigns, signatures with facets, witnesses, SQL, and the lock-order graph. Every page is also there as .json, .csv and .txt; the address holds all of its state. Nothing can be changed from a page, and nothing is fetched from elsewhere. Prints its address, then serves until Ctrl-C.',
    ],
    examples: [
      { line: 'relock serve --port 0', says: 'on any free port; the address is printed' },
      { line: 'relock serve --db lpar07.db', says: 'another database' },
      { line: 'ssh -L 4680:127.0.0.1:4680 lab relock serve', says: 'the pages of another machine' },
    ],
    options: [{ flags: '--port N', help: 'port (default 4680); 0 takes a free one' }],
    exits: [
      [0, 'ended by Ctrl-C'],
      [2, 'the port is taken, or there is no database'],
    ],
    load: () => import('./commands/serve.js'),
  },
  {
    name: 'completion',
    args: 'SHELL',
    arity: [1, 1],
    summary: 'completion script for bash, zsh or fish',
    about: [],
    examples: [
      { line: 'source <(relock completion bash)', says: 'in ~/.bashrc' },
      { line: 'relock completion zsh > _relock', says: 'into a folder of $fpath' },
      { line: 'relock completion fish > relock.fish', says: 'for ~/.config/fish/completions' },
    ],
    options: [],
    exits: [[0, 'printed'], BAD_INPUT],
    load: () => import('./commands/completion.js'),
  },
  {
    name: 'verify-db',
    args: '',
    arity: [0, 0],
    summary: 'integrity of the database; replays every stored witness',
    about: [],
    examples: [
      { line: 'relock verify-db', says: './relock.db' },
      { line: 'relock verify-db --db lpar07.db', says: 'another' },
      { line: 'relock verify-db --json', says: 'for scripts' },
    ],
    options: [],
    exits: [
      [0, 'all is well'],
      [2, 'damage was found, or a witness does not replay'],
    ],
    load: () => import('./commands/verify-db.js'),
  },
];
