// Tests of the lock table: one row for each kind and mode, each with its source, each documented.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS, LOCK_MODES } from '../../corpus/schema/lock.js';
import {
  LOCK_TABLE,
  MODEL_VERSION,
  NESTS,
  requestBits,
  rowOf,
  WAITS_FOR_READERS,
  WAITS_FOR_WAITING_WRITER,
} from './rules.js';

const DOC = readFileSync(new URL('../../docs/lock-model.md', import.meta.url), 'utf8');

/** The cells of the rows of the document's table, by kind and mode. */
const ROWS = new Map(
  DOC.split('\n')
    .filter((line) => /^\| *`\w+` *\| *`[\w-]+` *\|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map((cells) => [`${cells[1]} ${cells[2]}`, cells]),
);

describe('lock table', () => {
  it.each(LOCK_TABLE.map((row) => [`${row.kind} ${row.mode}`, row] as const))(
    'documents %s',
    (_name, row) => {
      const cells = ROWS.get(`\`${row.kind}\` \`${row.mode}\``) ?? [];
      expect(cells[3]?.includes('reader')).toBe(row.waitsForReaders);
      expect(/holder|holding/.test(cells[3] ?? '')).toBe(row.waitsForExclusive);
      expect(cells[4]?.includes('if fair')).toBe(row.stoppedByWaitingWriter);
      expect(cells[4]?.includes('not an irq task')).toBe(
        row.stoppedByWaitingWriter && !row.stoppedByWaitingWriterInIrq,
      );
      expect(cells[5] === 'nests').toBe(row.reentrant);
      expect(cells.slice(6, 9)).toEqual([row.release, row.counts, row.source]);
    },
  );

  it('has each kind once for each of its modes, and names its version in the document', () => {
    for (const kind of LOCK_KINDS) {
      const modes = LOCK_MODES.filter(
        (mode) => LOCK_TABLE.filter((r) => r.kind === kind && r.mode === mode).length === 1,
      );
      expect(modes).toEqual(kind === 'rwlock' || kind === 'rwsem' ? [...LOCK_MODES] : ['exclusive']);
    }
    expect(LOCK_TABLE).toHaveLength(14);
    expect(DOC).toContain(`\`${MODEL_VERSION}\``);
    expect(ROWS.size).toBe(LOCK_TABLE.length);
  });

  it('cites the kernel in every row', () => {
    for (const row of LOCK_TABLE) expect(row.source).toMatch(/^(kernel|include|Documentation)\/[\w./-]+/);
  });

  it('applies rules and context to a row', () => {
    const bits = (...args: Parameters<typeof requestBits>): number => requestBits(...args) ?? -1;
    expect(bits('rwlock', 'read', [], false) & WAITS_FOR_WAITING_WRITER).not.toBe(0);
    expect(bits('rwlock', 'read', [], true) & WAITS_FOR_WAITING_WRITER).toBe(0);
    expect(bits('rwsem', 'read', [], true) & WAITS_FOR_WAITING_WRITER).not.toBe(0);
    expect(bits('rwsem', 'read', ['unfair'], false) & WAITS_FOR_WAITING_WRITER).toBe(0);
    expect(bits('rwsem', 'recursive-read', ['fair'], false) & WAITS_FOR_WAITING_WRITER).toBe(0);
    expect(bits('rwsem', 'exclusive', [], false) & WAITS_FOR_READERS).not.toBe(0);
    expect(bits('mutex', 'exclusive', ['reentrant'], false) & NESTS).not.toBe(0);
    expect(bits('mutex', 'exclusive', [], false) & NESTS).toBe(0);
    expect(requestBits('mutex', 'read', [], false)).toBeNull();
    expect(rowOf('semaphore', 'read')).toBeNull();
  });
});
