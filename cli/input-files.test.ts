// Tests of the walk through folders: order, dot files, and links that must not be followed.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inputFiles } from './input-files.js';

describe('inputFiles', () => {
  it('walks in order of name, follows links to files, leaves links to folders and to nowhere alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'relock-walk-'));
    try {
      mkdirSync(join(folder, 'b'));
      writeFileSync(join(folder, 'b', 'inner.log'), '');
      writeFileSync(join(folder, 'a.log'), '');
      writeFileSync(join(folder, '.hidden'), '');
      symlinkSync(folder, join(folder, 'b', 'up'));
      symlinkSync(join(folder, 'c-loop'), join(folder, 'c-loop'));
      symlinkSync(join(folder, 'gone'), join(folder, 'c-broken'));
      symlinkSync(join(folder, 'a.log'), join(folder, 'd-link'));
      const loop = join(folder, 'c-loop');
      expect(inputFiles([loop])).toEqual([{ path: loop, named: true }]);
      const found = inputFiles([folder]);
      expect(found.map(({ path }) => relative(folder, path))).toEqual([
        'a.log',
        join('b', 'inner.log'),
        'd-link',
      ]);
      expect(found.every(({ named }) => !named)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('keeps what the user named, whatever it is', () => {
    expect(inputFiles(['-', 'no/such/file'])).toEqual([
      { path: '-', named: true },
      { path: 'no/such/file', named: true },
    ]);
  });
});
