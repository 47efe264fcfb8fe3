// relock query: read-only SQL, canned queries, and the list of them.
import { text as readAll } from 'node:stream/consumers';
import type { QueryForm } from '../../corpus/schema/forms.js';
import type { CannedQuery, Store } from '../../corpus/store/store.js';
import { csv } from '../../reports/text/csv.js';
import { labelled } from '../../reports/text/layout.js';
import { lengthOfTime, wholeNumber } from '../numbers.js';
import { paged } from '../paging.js';
import { QueryRunner } from '../query-runner.js';
import type { Session } from '../session.js';
import { drawn } from '../tabular.js';
import { EXIT, type ExitCode, nearest, Trouble, usage } from '../trouble.js';

const MAX_ROWS = 10_000;
const DEFAULT_MS = 60_000;

export async function run(session: Session): Promise<ExitCode> {
  const store = await session.store('read');
  const [first, ...rest] = session.args;
  if (first === undefined) return list(session, store);
  const canned = /^[a-z][\w-]*$/i.test(first) ? cannedNamed(store, first) : null;
  const sql = canned?.sql ?? (first === '-' ? await readAll(process.stdin) : first);
  const parameters = parametersOf(rest, canned);
  const limit = session.text('limit');
  const maxRows = limit === null ? MAX_ROWS : wholeNumber('-n', limit);
  const timeout = session.text('timeout');
  const ms = timeout === null ? DEFAULT_MS : lengthOfTime('--timeout', timeout) * 1000;
  const runner = new QueryRunner(store.path);
  const result = await runner.run(sql, parameters, { maxRows, ms }).finally(() => runner.close());
  if (!result.ok) throw new Trouble(result.problem);
  const { columns, rows, truncated } = result;
  if (session.json)
    session.printJson({
      schema: 'relock.query/1',
      columns,
      rows,
      ...(truncated ? { truncated } : {}),
    } satisfies QueryForm);
  else if (session.flag('jsonl'))
    session.printJsonLines(
      rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null]))),
    );
  else if (session.flag('csv')) session.print(csv(columns, rows));
  else paged(session, drawn(columns, rows, process.stdout.isTTY === true));
  if (truncated) session.talk(`Only the first ${maxRows} rows are shown: -n N shows more.`);
  return EXIT.fine;
}

function list(session: Session, store: Store): ExitCode {
  const queries = store.cannedQueries();
  if (session.json) {
    session.printJson({
      schema: 'relock.query/1',
      columns: ['name', 'title', 'parameters'],
      rows: queries.map((q) => [q.name, q.title, q.parameters.join(' ')]),
    } satisfies QueryForm);
    return EXIT.fine;
  }
  const heads = queries.map((q) => [q.name, ...q.parameters.map((p) => `${p}=...`)].join(' '));
  const pad = Math.max(0, ...heads.map((head) => head.length)) + 3;
  for (const [i, q] of queries.entries())
    session.print(`${labelled(`  ${heads[i]}`, q.title, pad, 80).join('\n')}\n`);
  session.talk('', 'Or SQL: the views are described in docs/database.md.');
  return EXIT.fine;
}

function cannedNamed(store: Store, name: string): CannedQuery {
  const queries = store.cannedQueries();
  const found = queries.find((q) => q.name === name);
  if (found !== undefined) return found;
  const like = nearest(
    name,
    queries.map((q) => q.name),
  );
  throw new Trouble(
    {
      title: 'NO CANNED QUERY HAS THIS NAME',
      facts: [`There are: ${queries.map((q) => q.name).join(', ')}. SQL has blanks in it: quote it.`],
      next: `relock query ${like ?? ''}`.trim(),
    },
    name,
  );
}

/** `lock=X` by name; for a canned query also plain values in the order of its parameters. */
function parametersOf(args: readonly string[], canned: CannedQuery | null): Record<string, string> {
  const values: Record<string, string> = {};
  const open = [...(canned?.parameters ?? [])];
  for (const arg of args) {
    const named = /^([A-Za-z_]\w*)=(.*)$/s.exec(arg);
    const name = named?.[1];
    if (named !== null && name !== undefined && (canned === null || canned.parameters.includes(name))) {
      values[name] = named[2] as string;
      if (open.includes(name)) open.splice(open.indexOf(name), 1);
    } else {
      const next = open.shift();
      if (next === undefined)
        throw usage(
          `I do not know what to do with "${arg}": parameters are written KEY=VALUE.`,
          'relock query',
        );
      values[next] = arg;
    }
  }
  if (canned !== null && open.length > 0)
    throw usage(
      `The query ${canned.name} wants a value: ${open.map((p) => `${p}=VALUE`).join(' ')}`,
      `relock query ${canned.name} ${open.map((p) => `${p}=VALUE`).join(' ')}`,
    );
  return values;
}
