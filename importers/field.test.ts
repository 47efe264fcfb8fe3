// Compares what is imported from logs of the field with facts that were taken from them by other means.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../corpus/schema/capture.js';
import type { LockRef, Report, ReportKind } from '../corpus/schema/report.js';
import { FIELD_DISPUTES } from './field-disputes.js';
import { importSource } from './import.js';
import { sourceOf } from './source.js';

const FIELD = join(import.meta.dirname, '../../shared/field');

interface FactTask {
  readonly comm: string;
  readonly pid: number;
}
interface FactLock {
  readonly name: string;
  readonly usage?: string | null;
  readonly wait?: string | null;
  readonly addr?: string | null;
  readonly at?: string | null;
}
interface FactHeld extends FactTask {
  readonly count: number;
  readonly locks: readonly FactLock[];
}
interface FactReport {
  readonly kind: string;
  readonly line: number;
  readonly confidence: 'full' | 'partial';
  readonly kernel?: string | null;
  readonly task?: FactTask | null;
  readonly acquiring?: FactLock | null;
  readonly holding?: FactLock | null;
  readonly lock?: FactLock | null;
  readonly changed?: FactLock | null;
  readonly chain?: readonly {
    readonly index: number;
    readonly name: string;
    readonly usage: string | null;
    readonly wait: string | null;
    readonly frames: readonly string[];
  }[];
  readonly scenario?: {
    readonly ops: readonly { readonly cpu: number; readonly op: string; readonly name: string | null }[];
    readonly mangled?: boolean;
  } | null;
  readonly held?: FactHeld | null;
  readonly tasks?: readonly FactHeld[];
  readonly held_here?: readonly FactHeld[];
  readonly seconds?: number;
  readonly state?: string | null;
  readonly frames?: readonly string[];
  readonly blocked_on?: { readonly type: string; readonly owner: FactTask | null } | null;
  readonly problems?: readonly string[];
  readonly [fact: string]: unknown;
}
interface FactFile {
  readonly name: string;
  readonly platform: string;
  readonly reports?: readonly FactReport[];
}

const KINDS: Readonly<Record<string, ReportKind>> = {
  'irq-order': 'irq-order',
  inconsistent: 'inconsistent-state',
  'wait-context': 'invalid-wait-context',
  'nested-not-taken': 'nested-lock-not-taken',
  'bad-unlock': 'bad-unlock-balance',
  'held-freed': 'held-lock-freed',
  'held-at-exit': 'lock-held-at-exit',
  'still-held': 'lock-held-at-exit',
  'atomic-sleep': 'sleeping-in-atomic',
  'sched-atomic': 'sleeping-in-atomic',
  'preempt-check': 'sleeping-in-atomic',
  'all-locks': 'locks-held',
  circular: 'circular',
  recursive: 'recursive',
  'irq-inversion': 'irq-inversion',
  'hung-task': 'hung-task',
  'rcu-stall': 'rcu-stall',
  'soft-lockup': 'soft-lockup',
  'suspicious-rcu': 'suspicious-rcu',
};

const kindOf = (fact: FactReport): ReportKind => KINDS[fact.kind] ?? 'other-lock';

/** One fact compared: where, what, and both values where they differ. */
interface Compared {
  readonly field: string;
  readonly right: boolean;
  readonly expected: string;
  readonly got: string;
}

const show = (value: unknown): string => (value === undefined ? '-' : JSON.stringify(value));

function lockForm(lock: FactLock | LockRef | null | undefined): unknown {
  if (lock === null || lock === undefined) return null;
  return 'name' in lock ? lock.name : (lock as LockRef).lock;
}

class Comparison {
  readonly all: Compared[] = [];

  one(field: string, expected: unknown, got: unknown): void {
    const [a, b] = [show(expected), show(got)];
    this.all.push({ field, right: a === b, expected: a, got: b });
  }

  /** Only what the facts say is compared; `usage` and others that are absent there are not. */
  lock(field: string, expected: FactLock | null | undefined, got: LockRef | null | undefined): void {
    if (expected === undefined || expected === null) return;
    this.one(field, lockForm(expected), lockForm(got));
    if (expected.usage != null) this.one(`${field}.usage`, expected.usage, got?.usage ?? null);
    if (expected.wait != null) this.one(`${field}.wait`, expected.wait, got?.wait ?? null);
    if (expected.addr != null && !expected.addr.includes('ptrval'))
      this.one(`${field}.addr`, expected.addr.replace(/^0x/, ''), got?.address?.replace(/^0x/, '') ?? null);
    if (expected.at != null) this.one(`${field}.at`, expected.at, got?.site ?? null);
  }

  held(field: string, expected: FactHeld, got: Report['held'][number] | undefined): void {
    this.one(`${field}.task`, [expected.comm, expected.pid], [got?.task, got?.pid]);
    this.one(`${field}.count`, expected.count, got?.count);
    this.one(`${field}.length`, expected.locks.length, got?.locks.length);
    expected.locks.forEach((lock, i) => {
      this.lock(`${field}[${i}]`, lock, got?.locks[i]);
    });
  }
}

/** The words of scenario actions that the facts use where the report keeps the kernel's. */
function actionOf(op: string): string {
  return op === 'interrupt' ? '<Interrupt>' : op;
}

const PLAIN_FACTS = [
  'file',
  'lineno',
  'in_atomic',
  'irqs_disabled',
  'what',
  'flavour',
  'self',
  'detected_by',
  'jiffies',
  'cpu',
  'stuck_s',
  'preempt',
  'irq',
  'relation',
  'from',
  'to',
  'context',
] as const;

function compare(fact: FactReport, report: Report): readonly Compared[] {
  const c = new Comparison();
  if (fact.task != null) c.one('task', [fact.task.comm, fact.task.pid], [report.task, report.pid]);
  if (fact.kernel != null) c.one('kernel', fact.kernel, report.kernel ?? null);
  c.lock('acquiring', fact.acquiring, report.wants);
  c.lock('holding', fact.holding, report.holds[0]);
  c.lock('lock', fact.lock, report.wants ?? report.holds[0]);
  c.lock('changed', fact.changed, report.wants ?? report.holds[0]);
  if (fact.chain !== undefined) {
    c.one('chain.length', fact.chain.length, report.chain.length);
    fact.chain.forEach((link, i) => {
      const got = report.chain[i];
      c.one(`chain[${i}]`, [link.index, link.name], [got?.index, got?.lock]);
      if (link.usage != null) c.one(`chain[${i}].usage`, link.usage, got?.usage ?? null);
      if (link.wait != null) c.one(`chain[${i}].wait`, link.wait, got?.wait ?? null);
      c.one(`chain[${i}].frames`, link.frames, got?.frames);
    });
  }
  if (fact.scenario != null && fact.scenario.mangled !== true)
    c.one(
      'scenario',
      fact.scenario.ops.map((op) => [op.cpu, actionOf(op.op), op.name]),
      report.scenario.map((step) => [step.cpu, step.action, step.lock]),
    );
  if (fact.held != null) c.held('held', fact.held, report.held[0]);
  const lists = fact.tasks ?? fact.held_here;
  if (lists !== undefined) {
    c.one('lists', lists.length, report.held.length);
    lists.forEach((list, i) => {
      c.held(`held[${i}]`, list, report.held[i]);
    });
  }
  const blocked = report.blocked[0];
  if (fact.seconds !== undefined) c.one('seconds', fact.seconds, blocked?.seconds ?? null);
  if (fact.state != null) c.one('state', fact.state, blocked?.state ?? null);
  if (fact.frames !== undefined) c.one('frames', fact.frames, blocked?.frames);
  if (fact.blocked_on != null) {
    c.one('blocked_on.type', fact.blocked_on.type, report.blockedOn?.type);
    const owner = fact.blocked_on.owner;
    c.one('blocked_on.owner', owner === null ? [null, null] : [owner.comm, owner.pid], [
      report.blockedOn?.task ?? null,
      report.blockedOn?.pid ?? null,
    ]);
  }
  for (const name of PLAIN_FACTS) {
    const expected = fact[name];
    if (expected === undefined || expected === null) continue;
    // The facts keep the brackets around an interrupt context in one kind and drop them in another.
    const bare = typeof expected === 'string' ? expected.replace(/^\[(HC.*)\]$/, '$1') : expected;
    c.one(name, bare, report.facts?.[name] ?? null);
  }
  return c.all;
}

interface Row {
  expected: number;
  found: number;
  right: number;
  wrong: number;
  extra: number;
}
const emptyRow = (): Row => ({ expected: 0, found: 0, right: 0, wrong: 0, extra: 0 });

function table(title: string, rows: ReadonlyMap<string, Row>): string {
  const lines = [`${title.padEnd(24)} expected   found   right   wrong   extra`];
  const total = emptyRow();
  for (const [name, row] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(
      `${name.padEnd(24)} ${[row.expected, row.found, row.right, row.wrong, row.extra].map((n) => String(n).padStart(8)).join('')}`,
    );
    for (const key of ['expected', 'found', 'right', 'wrong', 'extra'] as const) total[key] += row[key];
  }
  lines.push(
    `${'total'.padEnd(24)} ${[total.expected, total.found, total.right, total.wrong, total.extra].map((n) => String(n).padStart(8)).join('')}`,
  );
  return lines.join('\n');
}

/** Pairs facts with reports: by line and kind, or where lines do not apply by kind in order. */
function pair(
  facts: readonly FactReport[],
  reports: readonly Report[],
  byLine: boolean,
): Map<FactReport, Report> {
  const pairs = new Map<FactReport, Report>();
  const left = new Set(reports);
  for (const fact of facts) {
    const kind = kindOf(fact);
    for (const report of left) {
      if (report.kind !== kind || (byLine && report.line !== fact.line)) continue;
      pairs.set(fact, report);
      left.delete(report);
      break;
    }
  }
  return pairs;
}

async function importFile(path: string, name: string): Promise<Capture | null> {
  const source = sourceOf(name, readFileSync(path));
  const imported = await importSource(source);
  return imported.ok ? imported.capture : null;
}

const names = existsSync(FIELD)
  ? readdirSync(FIELD)
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -5))
  : [];
if (names.length === 0) console.warn(`field logs not found at ${FIELD}: the comparison is skipped`);

describe.skipIf(names.length === 0)('logs of the field', () => {
  it('give the facts that are known of them', { timeout: 300_000 }, async () => {
    const byKind = new Map<string, Row>();
    const byPlatform = new Map<string, Row>();
    const row = (rows: Map<string, Row>, key: string): Row => {
      const known = rows.get(key) ?? emptyRow();
      rows.set(key, known);
      return known;
    };
    const out: string[] = [];
    const wrong: string[] = [];
    const used = new Set<string>();
    let archRight = 0;
    let archWrong = 0;
    for (const name of names) {
      const file = JSON.parse(readFileSync(join(FIELD, `${name}.json`), 'utf8')) as FactFile;
      const facts = file.reports ?? [];
      const capture = await importFile(join(FIELD, `${name}.log`), name);
      const reports = capture?.reports ?? [];
      if (file.platform !== 'unknown' && capture !== null && facts.length > 0) {
        if (capture.arch === file.platform) archRight++;
        else {
          archWrong++;
          out.push(`${name} arch expected ${file.platform} got ${capture.arch}`);
        }
      }
      const pairs = pair(facts, reports, !name.startsWith('eml-'));
      const rowsOf = (kind: string) => [row(byKind, kind), row(byPlatform, file.platform)];
      for (const fact of facts) {
        const kind = kindOf(fact);
        const full = fact.confidence === 'full';
        const report = pairs.get(fact);
        for (const one of rowsOf(kind)) {
          one.expected++;
          if (report !== undefined) one.found++;
        }
        const where = `${name}:${fact.line} ${fact.kind}${full ? '' : ' (partial)'}`;
        const lines: Compared[] =
          report === undefined
            ? [{ field: 'report', right: false, expected: 'found', got: 'missing' }]
            : [...compare(fact, report)];
        for (const { field, right, expected, got } of lines) {
          for (const one of rowsOf(kind)) {
            if (right) one.right++;
            else one.wrong++;
          }
          if (right) continue;
          const key = `${name}:${fact.line} ${field}`;
          const disputed = FIELD_DISPUTES[key] ?? FIELD_DISPUTES[`${name}:${fact.line}`];
          if (disputed !== undefined)
            used.add(FIELD_DISPUTES[key] === undefined ? `${name}:${fact.line}` : key);
          const text = `${where} ${field}\n    expected ${expected.slice(0, 600)}\n    got      ${got.slice(0, 600)}`;
          out.push(disputed === undefined ? text : `${text}\n    disputed ${disputed}`);
          if (full && disputed === undefined) wrong.push(key);
        }
      }
      const matched = new Set(pairs.values());
      for (const report of reports) {
        if (matched.has(report)) continue;
        for (const one of rowsOf(report.kind)) one.extra++;
        out.push(`${name}:${report.line} extra ${report.kind} ${report.title.slice(0, 90)}`);
      }
    }
    const tables = [
      table('kind', byKind),
      table('platform', byPlatform),
      `architecture: ${archRight} right, ${archWrong} wrong`,
      `full facts that are wrong and not disputed: ${wrong.length}`,
    ].join('\n\n');
    console.log(tables);
    const path = process.env['RELOCK_FIELD_OUT'];
    if (path !== undefined) writeFileSync(path, `${tables}\n\n${out.join('\n')}\n`);
    expect(wrong).toEqual([]);
    const stale = Object.keys(FIELD_DISPUTES).filter((key) => !used.has(key));
    expect(stale, 'disputes that are settled').toEqual([]);
  });
});
