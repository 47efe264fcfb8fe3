// Drawings of deadlocks: each sample gives the facts of its header, and what shows no deadlock gives nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LockRef, Report } from '../../corpus/schema/report.js';
import { importSource } from '../import.js';
import { sourceOf } from '../source.js';
import { knownLockCalls, lockCall } from './known-locks.js';
import { DrawnReader } from './reader.js';

const FOLDER = join(import.meta.dirname, '../testdata/scenario');
const SAMPLES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .map((name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const cut = text.indexOf('\n---\n');
    return { name, facts: text.slice(0, cut), text: text.slice(cut + 5) };
  });

function read(text: string): readonly Report[] {
  const reader = new DrawnReader();
  reader.block({ text, firstLine: 1, lines: text.split('\n').length });
  return reader.end();
}

const lock = (ref: LockRef): string => (ref.site === null ? ref.lock : `${ref.lock} at ${ref.site}`);

function factsOf(reports: readonly Report[]): string {
  return reports
    .map((report) =>
      [
        `lines: ${report.line}-${report.endLine}`,
        `title: ${report.title}`,
        `columns: ${report.facts?.['columns']}`,
        `wants: ${report.wants === null ? '' : lock(report.wants)}`,
        `holds: ${report.holds.map(lock).join(', ')}`,
        ...report.scenario.map(
          (step) =>
            `${step.line}: ${step.cpu} ${step.action}${step.lock === null ? '' : ` ${step.lock}`}${(step.frames ?? []).map((frame) => ` < ${frame}`).join('')}`,
        ),
        ...((report.problems ?? []).length > 0 ? [`problems: ${report.problems?.join(' ')}`] : []),
      ].join('\n'),
    )
    .join('\n\n');
}

describe('samples', () => {
  it.each(SAMPLES)('$name', ({ facts, text }) => {
    expect(factsOf(read(text))).toBe(facts);
  });

  it.each(SAMPLES)('$name, quoted in a mail, says the same', ({ text }) => {
    const quoted = text
      .split('\n')
      .map((line) => `> ${line}`)
      .join('\n');
    expect(factsOf(read(quoted))).toBe(factsOf(read(text)));
  });

  it.each(SAMPLES)('$name is imported as a capture with an episode for it', async ({ name, text }) => {
    const imported = await importSource(sourceOf(name, new TextEncoder().encode(text)));
    if (!imported.ok) throw new Error(imported.problem.title);
    expect(imported.capture.format).toBe('scenario');
    expect(imported.capture.reports.map((report) => report.kind)).toEqual(['scenario']);
    expect(imported.capture.episodes.length).toBeGreaterThan(0);
  });

  it.each(SAMPLES)('$name cut at any line never throws', ({ text }) => {
    const lines = text.split('\n');
    for (let n = 0; n < lines.length; n++)
      for (const report of read(lines.slice(0, n).join('\n'))) expect(report.endLine).toBeLessThanOrEqual(n);
  });
});

describe('the seed', () => {
  it('is an inversion of the rescan lock and the device lock although its columns are lost', () => {
    const seed = SAMPLES.find(({ name }) => name.includes('seed'));
    const [report] = read(seed?.text ?? '');
    expect(report?.holds.map((ref) => ref.lock)).toEqual(['pci_rescan_remove_lock']);
    expect(report?.wants?.lock).toBe('&dev->mutex');
    const other = report?.scenario.filter((step) => step.cpu === 1 && step.lock !== null);
    expect(other?.map((step) => step.lock)).toEqual(['&dev->mutex', 'pci_rescan_remove_lock']);
  });
});

describe('what shows no deadlock', () => {
  it.each([
    [
      'a race without locks',
      'CPU0                CPU1\n----                ----\nkfree(obj)\n                    use(obj)\n',
    ],
    [
      'one order on both sides',
      'T1               T2\nmutex_lock(&a)\nmutex_lock(&b)\n                 mutex_lock(&a)\n                 mutex_lock(&b)\n',
    ],
    [
      'locks released before the next',
      'T1               T2\nmutex_lock(&a)\nmutex_unlock(&a)\nmutex_lock(&b)\n                 mutex_lock(&b)\n                 mutex_unlock(&b)\n                 mutex_lock(&a)\n',
    ],
    ['a sentence', 'CPU0 takes the lock while CPU1 waits for it.\nmutex_lock(&a) is then called.\n'],
    [
      'a patch',
      'diff --git a/x.c b/x.c\n@@ -1,4 +1,4 @@\n-\tmutex_lock(&a);\n+\tmutex_lock(&b);\n \tfoo();\n',
    ],
    ['a table of numbers', 'CPU0      CPU1\n----      ----\n12        13\n'],
    [
      'interrupt counts',
      '           CPU0       CPU1\n  0:         44          0   IO-APIC   2-edge      timer\n',
    ],
    ['a call graph', '-> probe()\n   -> init()\n      -> mutex_lock(&a)\n      -> mutex_unlock(&a)\n'],
    [
      'lost columns that could be read in two ways',
      'T1 T2\nmutex_lock(&a)\nmutex_lock(&b)\nmutex_lock(&c)\nmutex_lock(&d)\n',
    ],
    ['a member access', 'p->next\nq->mutex_lock(&a)\n-> foo\n'],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual([]);
  });

  it('holds for any prose', () => {
    const words = [
      'CPU0',
      'CPU1',
      'T1',
      'the',
      'lock',
      'mutex_lock(&a)',
      '->',
      'foo()',
      '|',
      '   ',
      '#',
      'waits',
    ];
    const line = fc.array(fc.constantFrom(...words), { maxLength: 8 }).map((list) => list.join(' '));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        for (const report of read(lines.join('\n'))) {
          expect(report.wants).not.toBeNull();
          expect(report.holds.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('known lock functions', () => {
  it('each row cites a file of the kernel, and is found by its own name', () => {
    for (const row of knownLockCalls()) {
      expect(row.source).toMatch(/^[a-z]+\/[\w/.-]+\.[ch]\b/);
      if (/^\w+$/.test(row.function)) expect(lockCall(row.function, 'x')?.does).toBe(row.does);
    }
  });

  it('names locks after their arguments', () => {
    expect(lockCall('mutex_lock', '&a->b')).toEqual({ does: 'lock', lock: '&a->b', class: '&a->b' });
    expect(lockCall('spin_lock_irqsave', '&a->b, flags')?.lock).toBe('&a->b');
    expect(lockCall('device_lock', '')?.lock).toBe('&dev->mutex');
    expect(lockCall('device_lock', 'dev')?.lock).toBe('&dev->mutex');
    expect(lockCall('device_lock', '&pdev->dev')).toEqual({
      does: 'lock',
      lock: '&pdev->dev.mutex',
      class: '&dev->mutex',
    });
    expect(lockCall('pci_lock_rescan_remove', '')?.lock).toBe('pci_rescan_remove_lock');
    expect(lockCall('mutex_lock', '')).toBeNull();
    expect(lockCall('printk', '"x"')).toBeNull();
  });
});
