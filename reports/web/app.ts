// The read-only web application: routes, forms and the headers that keep it on this machine.
import { type Context, Hono } from 'hono';
import type { Witness } from '../../corpus/schema/witness.js';
import type { Store } from '../../corpus/store/store.js';
import { dotForm } from '../draw/dot.js';
import { svgForm } from '../draw/svg.js';
import type { Explanation } from '../explain.js';
import { ASSETS, asset } from '../html/assets.js';
import { html } from '../html/html.js';
import { htmlForm } from '../html/witness-file.js';
import { kitForm } from '../kit/kit.js';
import { mailForm } from '../mail/mail.js';
import { perfettoForm } from '../perfetto/trace-events.js';
import { promelaForm } from '../promela/form.js';
import { plainText } from '../text/plain-text.js';
import { campaignsPage } from './campaigns-page.js';
import { orderPage, orderQuery } from './order-page.js';
import { FORMATS, type Format, formatted, framed, type Page } from './page.js';
import { SignatureRows } from './signature-rows.js';
import { signaturesPage, signaturesQuery } from './signatures-page.js';
import { type RunQuery, sqlPage } from './sql-page.js';
import { witnessWebPage } from './witness-web-page.js';

export interface AppInput {
  readonly store: Store;
  readonly explain: (witness: Witness) => Explanation;
  readonly runQuery: RunQuery;
  /** Shown at the top: the file that is served. */
  readonly where: string;
}

/** Names by which a browser on this machine may call it; any other one is a rebinding attack or a mistake. */
const OUR_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Nothing but what this origin serves: no inline script, no frame, no form to elsewhere. */
export const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const WITNESS_FORMS: Readonly<
  Record<string, readonly [type: string, (e: Explanation) => readonly string[]]>
> = {
  html: ['text/html', htmlForm],
  svg: ['image/svg+xml', svgForm],
  dot: ['text/plain', dotForm],
  perfetto: ['application/json', perfettoForm],
  promela: ['text/plain', promelaForm],
  mail: ['text/plain', mailForm],
  kit: ['text/plain', kitForm],
  litmus: ['text/plain', (e) => e.witness.litmus.trimEnd().split('\n')],
};

/** Every answer depends on the database and the address alone. */
export function createApp({ store, explain, runQuery, where }: AppInput): Hono {
  const app = new Hono();
  const rows = new SignatureRows(store);

  app.use(async (c, next) => {
    const refused = refusal(c);
    if (refused === null) await next();
    else c.res = refused;
    for (const [name, value] of HEADERS) c.res.headers.set(name, value);
    if (c.res.headers.get('Content-Security-Policy') === null)
      c.res.headers.set('Content-Security-Policy', POLICY);
  });

  for (const name of ASSETS)
    app.get(`/assets/${name}`, (c) =>
      c.body(asset(name), 200, {
        'Content-Type': name.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      }),
    );
  app.get('/', (c) => c.redirect('/campaigns'));

  const answer = (c: Context, format: Format | null, page: Page) => send(c, format, page, where);
  const pages: readonly (readonly [string, (url: URL) => Page | Promise<Page>])[] = [
    ['/campaigns', () => campaignsPage(store, rows)],
    ['/signatures', (url) => signaturesPage(store, rows, signaturesQuery(url))],
    ['/order', (url) => orderPage(store, orderQuery(url))],
    ['/sql', (url) => sqlPage(store, runQuery, url)],
  ];
  for (const [path, make] of pages)
    for (const format of [null, ...FORMATS])
      app.get(format === null ? path : `${path}.${format}`, async (c) =>
        answer(c, format, await make(new URL(c.req.url))),
      );

  app.get('/witness/:id/:form', (c) => {
    const form = WITNESS_FORMS[c.req.param('form')];
    const found = store.findWitness(c.req.param('id'));
    if (form === undefined || !Object.hasOwn(WITNESS_FORMS, c.req.param('form')) || found.found !== 'one')
      return answer(c, null, missing('There is no such form of a witness.'));
    const [type, render] = form;
    const text = `${render(explain(found.witness)).join('\n')}\n`;
    return c.body(plainText(text), 200, {
      'Content-Type': `${type}; charset=utf-8`,
      // A page that stands for itself brings a policy of its own; a sandbox keeps it from being one of ours.
      ...(type === 'text/html' || type === 'image/svg+xml'
        ? {
            'Content-Security-Policy':
              "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'",
          }
        : {}),
    });
  });
  app.get('/witness/:name', (c) => {
    const [, id = '', ending] = /^([0-9a-f]+)(?:\.(json|csv|txt))?$/.exec(c.req.param('name')) ?? [];
    const format = FORMATS.find((one) => one === ending) ?? null;
    const found = id === '' ? { found: 'none' as const } : store.findWitness(id);
    if (found.found !== 'one')
      return answer(c, format, missing('No witness, or more than one, has this id.'));
    return answer(c, format, witnessWebPage(store, found.witness, explain(found.witness)));
  });
  app.notFound((c) => answer(c, null, missing('There is no such page.')));
  app.onError((error, c) => {
    const problem =
      'problem' in error ? (error.problem as { title: string; facts: readonly string[] }) : null;
    const facts = problem === null ? [error.message] : [problem.title, ...problem.facts];
    return c.text(plainText(`${facts.join('\n')}\n`), 500);
  });
  return app;
}

const HEADERS: readonly (readonly [string, string])[] = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
];

/** Only GET and HEAD, and only under a name of this machine (DNS rebinding brings the attacker's). */
function refusal(c: Context): Response | null {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD')
    return c.text('These pages are read-only.\n', 405, { Allow: 'GET, HEAD' });
  const host = c.req.header('host') ?? '';
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!OUR_NAMES.has(name)) return c.text('Call this server as 127.0.0.1 or localhost.\n', 421);
  return null;
}

function send(c: Context, format: Format | null, page: Page, where: string): Response {
  const status = page.status ?? 200;
  if (format !== null) {
    const { type, text } = formatted(page, format);
    return c.body(text, status, { 'Content-Type': type });
  }
  const url = new URL(c.req.url);
  return c.body(String(framed(page, where, url.pathname, url.search)), status, {
    'Content-Type': 'text/html; charset=utf-8',
  });
}

function missing(fact: string): Page {
  return {
    title: 'Not found',
    section: '/signatures',
    body: html`<h1>Not found</h1><p>${fact} <a href="/signatures">All signatures</a></p>`,
    tables: [],
    json: { error: { title: 'NOT FOUND', facts: [fact], next: 'relock ls' } },
    text: `${fact}\n`,
    status: 404,
  };
}
