// A process that writes is killed with SIGKILL again and again: what it reported as stored is there, nothing is half.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureNo } from './fixtures.laws.js';
import { openStore } from './open.js';
import type { Store } from './store.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
let folder: string;

/** Compiles the ground floor into `folder`, so that plain node can run it whether or not the project is built. */
function compile(): void {
  for (const room of [
    'corpus/schema',
    'corpus/text',
    'corpus/pack',
    'corpus/store',
    'corpus/store/migrations',
  ]) {
    mkdirSync(join(folder, room), { recursive: true });
    for (const file of readdirSync(join(root, room))) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
      const { outputText } = ts.transpileModule(readFileSync(join(root, room, file), 'utf8'), {
        compilerOptions: {
          module: ts.ModuleKind.ESNext,
          target: ts.ScriptTarget.ES2022,
          verbatimModuleSyntax: true,
        },
      });
      writeFileSync(join(folder, room, file.replace(/\.ts$/, '.js')), outputText);
    }
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relock-crash-'));
  compile();
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(path: string, who: number, first: number, last: number): ChildProcess {
  const script = join(folder, 'corpus/store/crash-child.laws.js');
  return spawn(process.execPath, [script, path, String(who), String(first), String(last)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Rounds that the child reports; kills it when it has reported `enough`. Resolves when it has ended. */
function rounds(child: ChildProcess, enough: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.split('\n').length > enough) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', () => resolve(text.split('\n').slice(0, -1).map(Number)));
  });
}

function open(path: string, mode: 'read' | 'write'): Store {
  const opened = openStore(path, { mode });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problem));
  return opened.store;
}

function numbers(store: Store, sql: string): unknown[] {
  const result = store.queryReadOnly(sql, {}, { maxRows: 100_000 });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.rows.map((row) => row[0]);
}

describe('a killed writer', () => {
  it('loses nothing that it reported, and leaves nothing half', async () => {
    const path = join(folder, 'killed.db');
    let next = 1;
    const reported: number[] = [];
    for (let kill = 0; kill < 8; kill++) {
      // Not the same number each time, so that it dies at different places of a round and of the WAL.
      const done = await rounds(start(path, 0, next, 1_000_000), 1 + ((kill * 7) % 11));
      expect(done.length).toBeGreaterThan(0);
      reported.push(...done);
      next = (done[done.length - 1] ?? next) + 1;

      const store = open(path, kill % 2 === 0 ? 'read' : 'write');
      expect(store.verify()).toEqual([]);
      const stored = new Set(store.captures().map((capture) => capture.id));
      for (const n of reported) expect(stored.has(captureNo(n).id), `capture of round ${n}`).toBe(true);
      // A capture and its two programs are one transaction.
      expect(
        numbers(
          store,
          'SELECT DISTINCT (SELECT count(*) FROM program_sources p WHERE p.capture = captures.id) FROM captures',
        ),
      ).toEqual([2]);
      expect(store.campaign('night-0')?.execs).toBeGreaterThanOrEqual(next - 1);
      store.close();
    }
    expect(reported.length).toBeGreaterThan(20);
  });

  it('two writers at once wait for each other, and a reader sees whole transactions only', async () => {
    const path = join(folder, 'shared.db');
    open(path, 'write').close();
    const writers = [1, 2].map((who) => rounds(start(path, who, 1, 40), Number.POSITIVE_INFINITY));
    let running = true;
    const all = Promise.all(writers).finally(() => {
      running = false;
    });
    const reader = open(path, 'read');
    while (running) {
      expect(
        numbers(
          reader,
          'SELECT DISTINCT (SELECT count(*) FROM program_sources p WHERE p.capture = captures.id) FROM captures',
        ).filter((n) => n !== 2),
      ).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    reader.close();
    for (const done of await all) expect(done).toHaveLength(40);
    const store = open(path, 'read');
    expect(store.verify()).toEqual([]);
    expect(store.captures()).toHaveLength(80);
    expect(numbers(store, 'SELECT count(*) FROM triage_log')).toEqual([80]);
    store.close();
  });
});
