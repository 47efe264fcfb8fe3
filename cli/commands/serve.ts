// relock serve: read-only pages on this machine.
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { serve } from '@hono/node-server';
import type { ServeForm } from '../../corpus/schema/forms.js';
import { createApp } from '../../reports/web/app.js';
import { explanationOf } from '../explaining.js';
import { wholeNumber } from '../numbers.js';
import { QueryRunner } from '../query-runner.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, Trouble } from '../trouble.js';

const DEFAULT_PORT = 4680;
const HIGHEST_PORT = 65_535;
/** Limits of one query of the SQL page. */
const QUERY_LIMITS = { maxRows: 2000, ms: 5000 } as const;

export async function run(session: Session): Promise<ExitCode> {
  const text = session.text('port');
  const port = text === null ? DEFAULT_PORT : wholeNumber('--port', text, 0);
  if (port > HIGHEST_PORT)
    throw new Trouble({
      title: 'THERE IS NO SUCH PORT',
      facts: [`Ports go up to ${HIGHEST_PORT}; 0 takes a free one.`],
      next: 'relock serve --port 0',
    });
  const store = await session.store('read');
  const queries = new QueryRunner(store.path);
  const app = createApp({
    store,
    explain: (witness) => explanationOf(store, witness),
    runQuery: (sql, parameters) => queries.run(sql, parameters, QUERY_LIMITS),
    where: basename(store.path),
  });
  return new Promise((done, fail) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address: AddressInfo) => {
      const url = `http://127.0.0.1:${address.port}/`;
      if (session.json) session.printJson({ schema: 'relock.serve/1', url } satisfies ServeForm);
      else session.print(`${url}\n`);
      session.talk('Read-only, on this machine only. Ctrl-C ends it.');
    });
    server.on('error', (error: NodeJS.ErrnoException) => {
      queries.close();
      fail(
        error.code === 'EADDRINUSE' || error.code === 'EACCES'
          ? new Trouble({
              title: error.code === 'EACCES' ? 'THIS PORT IS NOT FOR YOU' : 'THIS PORT IS TAKEN',
              facts: [`I could not listen on 127.0.0.1:${port}.`],
              next: 'relock serve --port 0',
            })
          : error,
      );
    });
    const end = () => {
      queries.close();
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      done(EXIT.fine);
    };
    process.once('SIGINT', end).once('SIGTERM', end);
  });
}
