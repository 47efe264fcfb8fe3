// docs/database.md: made from the views, the canned queries and the words here; a test compares the two.
import { APPLICATION_ID, DATABASE_VERSION } from './migrations.js';
import { cannedQueries } from './queries.js';
import { VIEW_DOCS } from './view-docs.js';

const INTRODUCTION = `# The database

Everything that relock remembers stands in one SQLite file: \`--db FILE\`, else \`$RELOCK_DB\`, else \`./relock.db\`. Copy it, mail it,
open it with \`sqlite3\` or datasette. There is no server. While relock runs, \`relock.db-wal\` and \`relock.db-shm\` stand beside it;
copy a database when nothing runs, or with \`sqlite3 relock.db ".backup copy.db"\`.

**Views are the public API.** Their columns may be added to; a column that is here stays. Tables (singular names) may change with
any version. \`relock query\` runs one SELECT on a connection that cannot write; without an argument it lists the canned queries.

    relock query "SELECT title, state, last_seen FROM signatures"
    relock query by-lock pci_rescan_remove_lock
    sqlite3 relock.db "SELECT * FROM lock_order WHERE class_held = '&dev->mutex'"

Times are ISO 8601 in UTC with milliseconds, so that they sort as text. Lists in a column are JSON arrays: unfold them with
\`json_each\`. Ids are lower-case hex digits.`;

const QUERIES = `Each is a file in \`corpus/store/queries\`, whose first comment is its title. A name behind it is a parameter:
\`relock query by-lock LOCK\` or \`relock query by-lock lock=LOCK\`.`;

const REST = `## Full-text search

\`relock ls -s TEXT\` searches lock, class, task, site and triage note. Names are cut at every sign that is no letter or digit, so
\`zpci AND rescan\` finds \`zpci_add_remove_lock\` beside \`pci_rescan_remove_lock\`; \`remov*\` finds beginnings. A text that is not a
search expression (\`&dev->mutex\`) is taken as words that must all occur.

## How it is kept safe

* \`PRAGMA application_id\` is 0x524c4b31 (\`RLK1\`), \`PRAGMA user_version\` the version, now VERSION. A newer version or another program's
  database is refused and left alone; an older version is brought up to date when it is opened.
* WAL mode: readers never wait for a writer. \`synchronous = NORMAL\`: killing relock loses nothing that was reported as stored; a loss
  of power may take back the last moments, and never damages the file.
* What belongs together is one transaction: a capture with its rows and programs, a witness with its sighting, a checkpoint.
* Captures and checkpoints carry a sha256; witness and program ids are hashes of their text. \`relock verify-db\` checks these, all
  references, SQLite's own structure, and replays each witness.
* Two relocks may write to one database; each waits up to five seconds for the other.`;

/** The page. */
export function databasePage(): string {
  const views = VIEW_DOCS.flatMap(({ name, row, columns }) => [
    `### ${name}`,
    '',
    row,
    '',
    '| column | meaning |',
    '|---|---|',
    ...columns.map(([column, meaning]) => `| \`${column}\` | ${meaning} |`),
    '',
  ]);
  const queries = cannedQueries().map(
    ({ name, title, parameters }) =>
      `| \`${[name, ...parameters.map((p) => p.toUpperCase())].join(' ')}\` | ${title} |`,
  );
  const rest = REST.replace('0x524c4b31', `0x${APPLICATION_ID.toString(16)}`).replace(
    'now VERSION',
    `now ${DATABASE_VERSION}`,
  );
  return `${[INTRODUCTION, '', '## Views', '', ...views, '## Canned queries', '', QUERIES, '', '| query | answers |', '|---|---|', ...queries, '', rest].join('\n')}\n`;
}
