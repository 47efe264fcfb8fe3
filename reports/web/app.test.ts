// The served pages: every route in every form, hostile names, who may call, and that nothing can be changed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POLICY } from './app.js';
import { FORMATS } from './page.js';
import { type ServedStore, servedStore } from './served.laws.js';

let folder: string;
let served: ServedStore;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relock-web-'));
  served = servedStore(join(folder, 'relock.db'));
});
afterAll(() => {
  served.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  served.app.request(`http://127.0.0.1:4680${path}`, {
    method,
    headers: { host: '127.0.0.1:4680', ...headers },
  });

function paths(): string[] {
  const ids = served.witnesses.map(({ id }) => `/witness/${id}`);
  return ['/campaigns', '/signatures', '/order', '/sql', ...ids];
}

describe('pages', () => {
  it('answer in all four forms', async () => {
    for (const path of paths()) {
      const page = await get(path);
      expect(page.status, path).toBe(200);
      expect(page.headers.get('content-type')).toContain('text/html');
      expect(page.headers.get('content-security-policy')).toBe(POLICY);
      for (const format of FORMATS) {
        const response = await get(`${path}.${format}`);
        expect(response.status, `${path}.${format}`).toBe(200);
        const text = await response.text();
        if (format === 'json') expect(() => JSON.parse(text)).not.toThrow();
        else expect(text.search(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)).toBe(-1);
      }
    }
  });

  it('bear hostile names as text: no tag, no attribute and no address comes of them', async () => {
    for (const path of [
      ...paths(),
      `/order?focus=${encodeURIComponent('"><script>window.pwned=1</script>')}`,
    ]) {
      const text = await (await get(path)).text();
      for (const script of text.match(/<script[^>]*>/g) ?? [])
        expect(script).toMatch(/^<script src="\/assets\/(witness|explorer)\.js" defer>$/);
      expect(text).not.toMatch(/<img/);
      // What is left of a hostile name stands between tags or in a quoted attribute, its quotes and brackets escaped.
      expect(text.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\bon\w+=/);
      for (const href of text.match(/href="[^"]*"/g) ?? [])
        expect(href).not.toMatch(/href="(?:javascript|data:text)/i);
      expect(text).not.toContain(' style="');
    }
  });

  it('hold their state in the address', async () => {
    const all = JSON.parse(await (await get('/signatures.json')).text());
    const some = JSON.parse(await (await get('/signatures.json?state=reported')).text());
    expect(some.signatures.rows.length).toBeLessThan(all.signatures.rows.length);
    expect(some.signatures.rows.length).toBe(1);
    const found = JSON.parse(await (await get('/signatures.json?q=device_release_driver_internal')).text());
    expect(found.signatures.rows.length).toBeGreaterThan(0);
    const none = JSON.parse(await (await get('/signatures.json?q=nowhere_to_be_found')).text());
    expect(none.signatures.rows).toEqual([]);
  });

  it('tell who recorded an edge', async () => {
    const edges = JSON.parse(await (await get('/order.json')).text()).edges.rows as string[][];
    expect(edges.length).toBeGreaterThan(0);
    const [held = '', wanted = ''] = edges[0] ?? [];
    const query = new URLSearchParams({ held, wanted });
    const page = JSON.parse(await (await get(`/order.json?${query}`)).text());
    expect(page.sources.rows.length).toBeGreaterThan(0);
    const none = JSON.parse(await (await get('/order.json?platform=nvidia')).text());
    expect(none.edges.rows).toEqual([]);
  });

  it('show triage as commands and its history, and no button that would change anything', async () => {
    const reported = served.witnesses[0];
    const text = await (await get(`/witness/${reported?.id}`)).text();
    expect(text).toContain(`relock triage ${reported?.id.slice(0, 7)} fixed`);
    expect(text).toContain('https://lore.kernel.org/r/x');
    expect(text).not.toMatch(/method="post"/i);
  });

  it('the SQL page runs canned queries and selects, and turns down the rest', async () => {
    expect((await get('/sql.json?name=new')).status).toBe(200);
    const own = await get(`/sql.csv?sql=${encodeURIComponent('SELECT 1 AS one, 2 AS two')}`);
    expect(await own.text()).toBe('one,two\n1,2\n');
    const before = readFileSync(served.store.path);
    for (const sql of [
      'DELETE FROM witness',
      'PRAGMA user_version = 1',
      "ATTACH 'x' AS y",
      'SELECT',
      'DROP VIEW captures',
    ]) {
      const response = await get(`/sql.json?sql=${encodeURIComponent(sql)}`);
      expect(response.status, sql).toBe(400);
      expect(JSON.parse(await response.text()).error.title).toBe('THIS QUERY CANNOT BE RUN');
    }
    expect(readFileSync(served.store.path).equals(before)).toBe(true);
  });

  it('give each form of a witness', async () => {
    const id = served.witnesses[0]?.id;
    for (const form of ['html', 'svg', 'dot', 'perfetto', 'promela', 'mail', 'litmus', 'kit'])
      expect((await get(`/witness/${id}/${form}`)).status, form).toBe(200);
    expect((await get(`/witness/${id}/constructor`)).status).toBe(404);
    expect((await get('/witness/ffffffffffff')).status).toBe(404);
    expect((await get('/nowhere')).status).toBe(404);
  });
});

describe('callers', () => {
  it('are served only under a name of this machine', async () => {
    for (const host of ['evil.example', 'evil.example:4680', '127.0.0.1.evil.example', '10.0.0.1:4680', ''])
      expect((await get('/signatures', { host })).status, host).toBe(421);
    for (const host of ['localhost:1', '127.0.0.1', '[::1]:4680'])
      expect((await get('/signatures', { host })).status, host).toBe(200);
  });

  it('can only read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      expect((await get('/signatures', {}, method)).status, method).toBe(405);
    expect((await get('/signatures', {}, 'HEAD')).status).toBe(200);
  });
});

describe('what was appended', () => {
  it('shows on the next request', async () => {
    const rows = async () =>
      JSON.parse(await (await get('/signatures.json?state=invalid')).text()).signatures.rows.length;
    expect(await rows()).toBe(0);
    const last = served.witnesses[served.witnesses.length - 1];
    served.store.triage(last?.id ?? '', 'invalid', null, 'me', '2026-02-01T00:00:00.000Z');
    expect(await rows()).toBe(1);
  });
});
