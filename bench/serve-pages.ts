// Time a page of `relock serve` takes on the server with 100 000 witnesses, each page beside the same query by sqlite3.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explanationOf } from '../cli/explaining.js';
import type { CaptureId, Signature, WitnessId } from '../corpus/schema/ids.js';
import type { Witness } from '../corpus/schema/witness.js';
import { openStore } from '../corpus/store/open.js';
import type { Store } from '../corpus/store/store.js';
import { createApp } from '../reports/web/app.js';
import { type Bench, type BenchResult, bestOf } from './bench.js';

const WITNESSES = 100_000;
const CLASSES = 5000;

function witnessNo(n: number): Witness {
  const [a, b] = [`class_${n % CLASSES}`, n % 3 === 0 ? '&dev->mutex' : `class_${(n * 7 + 1) % CLASSES}x`];
  const litmus = [
    `litmus 1 made-${n}`,
    `lock A mutex ${a}`,
    `lock B mutex ${b}`,
    'task one one_store',
    `  lock A  # takes_${n % 900}`,
    '  lock B  # takes_second',
    '  unlock B',
    '  unlock A',
    'task two two_store',
    '  lock B  # takes_second',
    `  lock A  # takes_${n % 900}`,
    '  unlock A',
    '  unlock B',
    'order one two',
    'preempt 1 two',
    'expect deadlock one two',
    '',
  ].join('\n');
  const sum = createHash('sha256').update(litmus).digest('hex');
  const hold = (lock: string, name: string) => ({
    lock,
    class: name,
    mode: 'exclusive' as const,
    site: `takes_${n % 900}`,
  });
  return {
    id: sum.slice(0, 12) as WitnessId,
    signature: sum.slice(12, 24) as Signature,
    kind: 'inversion',
    basis: n % 4 === 0 ? 'recorded' : 'composed',
    grade: 'minimal',
    tasks: [
      { name: 'one', holds: [hold('A', a)], wants: hold('B', b) },
      { name: 'two', holds: [hold('B', b)], wants: hold('A', a) },
    ],
    cycle: [a, b].sort(),
    preemptions: 1,
    steps: 2,
    captures: [] as CaptureId[],
    assumes: ['both tasks may run at once'],
    model: 'kernel/2',
    litmus,
    state: 'open',
  };
}

function fill(store: Store): Witness {
  const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
  store.atomically(() => {
    for (let n = 0; n < WITNESSES; n++) {
      const witness = witnessNo(n);
      store.putWitness(witness, { campaign: `night-${n % 5}`, at: at(n) });
      if (n % 10 === 0) store.triage(witness.id, 'reported', `note ${n}`, 'me', at(n + 1));
    }
  });
  return witnessNo(WITNESSES / 2);
}

export const servePages: Bench = {
  name: 'serve-pages',
  about: 'pages of relock serve on a database of 100 000 witnesses',
  async run(): Promise<readonly BenchResult[]> {
    const folder = mkdtempSync(join(tmpdir(), 'relock-serve-'));
    try {
      const opened = openStore(join(folder, 'relock.db'), { mode: 'write' });
      if (!opened.ok) throw new Error(opened.problem.title);
      const { store } = opened;
      const one = fill(store);
      const app = createApp({
        store,
        explain: (witness) => explanationOf(store, witness),
        runQuery: async (sql, parameters) => store.queryReadOnly(sql, parameters, { maxRows: 2000 }),
        where: 'relock.db',
      });
      const get = async (path: string) => {
        const response = await app.request(`http://127.0.0.1${path}`, { headers: { host: '127.0.0.1' } });
        if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
        return response.text();
      };
      const began = process.hrtime.bigint();
      await get('/signatures');
      const first = Number(process.hrtime.bigint() - began) / 1e6;
      const pages: readonly (readonly [string, string])[] = [
        ['signatures', '/signatures'],
        ['signatures, state and lock', '/signatures?state=reported&lock=%26dev-%3Emutex'],
        ['signatures, last page', '/signatures?page=2000'],
        ['signatures, full text', '/signatures?q=takes_77'],
        ['witness', `/witness/${one.id}`],
        ['campaigns', '/campaigns'],
        ['order', '/order'],
      ];
      const rows = [];
      for (const [who, path] of pages) {
        const seconds = await bestOf(5, () => get(path));
        rows.push({ who, seconds, rate: 1 / seconds });
      }
      store.close();
      const told = rows.map(({ who, seconds }) => `${who}: ${(seconds * 1000).toFixed(1)} ms`);
      return [
        {
          title: `pages with ${WITNESSES} witnesses`,
          unit: 'pages/s',
          rows,
          notes: [`the first page reads the index of signatures: ${first.toFixed(0)} ms, once`, ...told],
        },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
