// The pages in a real browser: they work, with scripts and without, call nobody, run no name, and are accessible.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serve } from '@hono/node-server';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLE_NAMES, example } from '../examples.laws.js';
import { htmlForm } from '../html/witness-file.js';
import { type ServedStore, servedStore } from './served.laws.js';

const CHROMIUM = '/usr/bin/chromium';
const THERE = existsSync(CHROMIUM);
if (!THERE)
  console.warn(`SKIPPED: no browser at ${CHROMIUM}, the pages are not tested (apt-get install chromium)`);

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];
const AXE = THERE ? readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') : '';

let folder: string;
let served: ServedStore;
let server: ReturnType<typeof serve>;
let origin: string;
let browser: BrowserContext;

async function open(scripts: boolean): Promise<BrowserContext> {
  return chromium.launchPersistentContext(mkdtempSync(join(folder, 'profile-')), {
    executablePath: CHROMIUM,
    headless: true,
    args: ARGS,
    javaScriptEnabled: scripts,
    bypassCSP: false,
    viewport: { width: 1280, height: 900 },
  });
}

/** Loads a page and returns what went wrong while it did: messages of the console, and requests to elsewhere. */
async function visit(page: Page, url: string): Promise<string[]> {
  const wrong: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('request', (request) => {
    const to = request.url();
    if (!to.startsWith(origin) && !to.startsWith('data:') && to !== url) wrong.push(`request to ${to}`);
  });
  const response = await page.goto(url);
  if (response !== null && response.status() >= 400) wrong.push(`status ${response.status()}`);
  return wrong;
}

/** Serious faults that axe finds. Its own script is handed to the page by the test, past the policy. */
async function faults(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const run = async (expression: string) => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return result.value as string;
  };
  await run(`${AXE};undefined`);
  const found = JSON.parse(
    await run(
      `axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations.map((v) => [v.impact, v.id, v.nodes[0].html.slice(0, 200)])))`,
    ),
  ) as [string, string, string][];
  await session.detach();
  return found
    .filter(([impact]) => impact === 'serious' || impact === 'critical')
    .map((fault) => fault.join(' '));
}

/** What the step slider shows, as the page itself sees it. */
interface StepState {
  readonly row: readonly string[];
  readonly bars: number;
  readonly arrows: number;
  readonly cursor: number;
  readonly hash: string;
}

const STATE = `(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  return {
    row: all('.steps tr.now').map((row) => row.getAttribute('data-step')),
    bars: all('#timeline [data-from]:not(.later)').length,
    arrows: all('#waits-for [data-from]:not(.later)').length,
    cursor: Number(document.querySelector('#timeline .cursor').getAttribute('x')),
    hash: location.hash,
  };
})()`;

const addresses = (): string[] => [
  '/campaigns',
  '/signatures',
  '/signatures?state=open&q=lock',
  '/order',
  '/sql',
  '/sql?name=new',
  '/sql?name=by-lock',
  ...served.witnesses.map(({ id }) => `/witness/${id}`),
];

describe.skipIf(!THERE)('in Chromium', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'relock-browser-'));
    served = servedStore(join(folder, 'relock.db'));
    const address = await new Promise<AddressInfo>((done) => {
      server = serve({ fetch: served.app.fetch, hostname: '127.0.0.1', port: 0 }, done);
    });
    origin = `http://127.0.0.1:${address.port}`;
    browser = await open(true);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    served?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it('no page reports an error, calls another origin, or runs a name', async () => {
    for (const address of addresses()) {
      const page = await browser.newPage();
      expect(await visit(page, `${origin}${address}`), address).toEqual([]);
      expect(await page.evaluate('window.pwned'), address).toBeUndefined();
      await page.close();
    }
  });

  it.each(['light', 'dark'] as const)('axe finds no serious fault, %s', async (colorScheme) => {
    const some = [
      ...addresses().slice(0, 7),
      `/witness/${served.witnesses[0]?.id}`,
      `/witness/${served.witnesses[1]?.id}`,
    ];
    for (const address of some) {
      const page = await browser.newPage();
      await page.emulateMedia({ colorScheme });
      await page.goto(`${origin}${address}`);
      expect(await faults(page), address).toEqual([]);
      await page.close();
    }
  });

  it('one step moves table, timeline and graph together, and stands in the address', async () => {
    const page = await browser.newPage();
    await page.goto(`${origin}/witness/${served.witnesses[0]?.id}`);
    const state = () => page.evaluate(STATE) as Promise<StepState>;
    await page.keyboard.press('Home');
    const end = await state();
    await page.locator('.stepper input').focus();
    await page.keyboard.press('Home');
    const start = await state();
    expect(start.row).toEqual(['1']);
    expect(start.hash).toBe('#step=1');
    expect(start.bars).toBe(1);
    expect(start.arrows).toBe(1);
    expect(end.row).toEqual(['4']);
    expect(end.bars).toBe(4);
    expect(end.arrows).toBe(4);
    expect(start.cursor).toBeLessThan(end.cursor);
    await page.reload();
    expect((await state()).row).toEqual(['1']);
    await page.close();
  });

  it('the explorer zooms, and an edge leads to who recorded it', async () => {
    const page = await browser.newPage();
    await page.goto(`${origin}/order`);
    const width = () =>
      page.evaluate(`Number(document.querySelector('.graph svg').getAttribute('width'))`) as Promise<number>;
    const before = await width();
    await page.locator('[data-zoom="1.25"]').click();
    expect(await width()).toBeCloseTo(before * 1.25);
    expect(page.url()).toContain('#zoom=1.25');
    await page.locator('.graph a.edge').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/held=/);
    expect(await page.locator('#h-edge').textContent()).toBe('Who recorded it');
    expect(await page.locator('[aria-label="Recordings"] tbody tr').count()).toBeGreaterThan(0);
    await page.close();
  });

  it('says the same with scripts off', async () => {
    const plain = await open(false);
    try {
      for (const address of ['/signatures', '/order', `/witness/${served.witnesses[0]?.id}`]) {
        const page = await plain.newPage();
        expect(await visit(page, `${origin}${address}`)).toEqual([]);
        const text = await page.locator('main').innerText();
        expect(text).toContain('pci_rescan_remove_lock');
        expect(await page.locator('.stepper:visible, .copyable button:visible, .zoom:visible').count()).toBe(
          0,
        );
        await page.close();
      }
    } finally {
      await plain.close();
    }
  });

  it('the single file works from a disk, fetches nothing, and prints whole', async () => {
    for (const name of EXAMPLE_NAMES) {
      const file = join(folder, `${name}.html`);
      writeFileSync(file, htmlForm(example(name)).join('\n'));
      const page = await browser.newPage();
      expect(await visit(page, pathToFileURL(file).href), name).toEqual([]);
      expect(await page.locator('.stepper').isVisible(), name).toBe(true);
      if (name === 'seed') {
        expect(await faults(page)).toEqual([]);
        await page.emulateMedia({ media: 'print' });
        expect(await page.locator('.stepper').isVisible()).toBe(false);
        expect((await page.pdf()).length).toBeGreaterThan(10_000);
      }
      await page.close();
    }
  });
});
