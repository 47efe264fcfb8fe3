// The process that runs users' SQL: a read-only connection of its own, so that a query without end can be killed.
import { openStore } from '../corpus/store/open.js';
import type { QueryAsked, QueryDone } from './query-runner.js';

const [path = ''] = process.argv.slice(2);
const opened = openStore(path, { mode: 'read' });

process.on('message', ({ id, sql, parameters, maxRows }: QueryAsked) => {
  const result = opened.ok ? opened.store.queryReadOnly(sql, parameters, { maxRows }) : opened;
  process.send?.({ id, result } satisfies QueryDone);
});
// Whoever asked has gone.
process.on('disconnect', () => process.exit(0));
