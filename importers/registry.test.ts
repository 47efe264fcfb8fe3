// Tests of the registry and of what happens to files that no importer knows.
import { describe, expect, it } from 'vitest';
import { importSource } from './import.js';
import { IMPORTERS, importerOf, sniff } from './registry.js';
import { sourceOf } from './source.js';

const LITMUS = `litmus 1 abba
lock A mutex
lock B mutex
task one
  lock A
  lock B
  unlock B
  unlock A
task two
  lock B
  lock A
  unlock A
  unlock B
expect deadlock one two
`;

describe('registry', () => {
  it('is in one total order', () => {
    const priorities = IMPORTERS.map((importer) => importer.priority);
    expect(priorities).toEqual([...new Set(priorities)].sort((a, b) => a - b));
    expect(new Set(IMPORTERS.map((importer) => importer.id)).size).toBe(IMPORTERS.length);
    for (const importer of IMPORTERS) expect(importerOf(importer.id)).toBe(importer);
    expect(importerOf('nonsense')).toBeNull();
  });

  it('sends a litmus text to its importer, quoted in a mail too', async () => {
    for (const text of [LITMUS, LITMUS.replace(/^/gm, '> '), `Hi,\n\n-- 8< --\n${LITMUS}-- >8 --\n`]) {
      expect(sniff(text)?.id).toBe('litmus');
      const imported = await importSource(sourceOf('x', Buffer.from(text)));
      expect(imported.ok && imported.capture.programs.map((program) => program.name)).toEqual(['abba']);
    }
  });

  it('knows a litmus text of another version, or without a name, to say so', () => {
    for (const text of ['litmus 2 x\ntask T\n', 'litmus 1\ntask T\n', '# why\n> litmus 1\n']) {
      expect(sniff(text)?.id).toBe('litmus');
    }
    expect(sniff('a litmus 1 test of a mail\nlitmus 12 tests were run\n')).toBeNull();
  });

  it('counts what is wrong in a litmus text', async () => {
    const imported = await importSource(sourceOf('x', Buffer.from(LITMUS.replace('unlock B', 'unlokc B'))));
    expect(imported.ok && imported.capture.skipped.map((skip) => skip.stat)).toContain(
      'litmus_line_unreadable',
    );
  });

  it.each([
    ['an empty file', ''],
    ['prose', 'The quick brown fox\njumps over the lazy dog.\n'],
    ['bytes', '\u0000\u0001\u0002\u0003'],
  ])('says that nothing was recognised in %s', async (_name, text) => {
    const imported = await importSource(sourceOf('x', Buffer.from(text)));
    expect(imported.ok ? null : imported.problem.kind).toBe('nothing-recognised');
    expect(imported.ok ? [] : imported.problem.facts).not.toEqual([]);
  });

  it('finds a report behind any amount of prose', async () => {
    const prose = 'All work and no play makes Jack a dull boy.\n'.repeat(3_000);
    const log = `[    1.000000] INFO: task a:1 blocked for more than 120 seconds.\n`;
    const imported = await importSource(sourceOf('x', Buffer.from(prose + log)));
    expect(imported.ok && imported.capture.reports.map((report) => [report.kind, report.line])).toEqual([
      ['hung-task', 3_001],
    ]);
  });

  it('refuses a format that does not exist, and obeys one that does', async () => {
    const wrong = await importSource(sourceOf('x', Buffer.from(LITMUS)), { format: 'nonsense' });
    expect(wrong.ok ? null : wrong.problem.kind).toBe('unreadable');
    const forced = await importSource(sourceOf('x', Buffer.from(LITMUS)), { format: 'kernel-log' });
    expect(forced.ok && forced.capture.format).toBe('kernel-log');
  });
});
