// Runs the import table over every source file, and checks the house rules that a machine can check.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEBT, ROOMS, type Room } from './import-table.js';

const root = dirname(fileURLToPath(import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

const files = ['corpus', 'engine', 'importers', 'reports', 'cli', 'bench', 'fuzz'].flatMap(sources);
const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.endsWith('.laws.ts');

function roomOf(file: string): Room {
  const room = ROOMS.filter((r) => file.startsWith(`${r.room}/`)).sort(
    (a, b) => b.room.length - a.room.length,
  )[0];
  if (room === undefined) throw new Error(`${file} stands in no room of import-table.ts`);
  return room;
}

function importsOf(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(/^(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]/gm))
    found.push(match[1] ?? '');
  for (const match of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) found.push(match[1] ?? '');
  for (const match of text.matchAll(/^import\s+['"]([^'"]+)['"]/gm)) found.push(match[1] ?? '');
  return found;
}

/** Comments and string literals removed, so that prose about clocks is not taken for their use. */
function codeOnly(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replace(/(^|[^:])\/\/.*$/gm, '$1');
}

describe('import table', () => {
  it('covers every source file', () => {
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) roomOf(file);
  });

  it('finds a forbidden arrow (the test can fail)', () => {
    expect(importsOf("import { x } from '../cli/main.js';\nimport type {\n  Y,\n} from './y.js';")).toEqual([
      '../cli/main.js',
      './y.js',
    ]);
    expect(codeOnly("const a = Date.now(); // Date.now\n/* process. */ 'process.x'")).toContain('Date.now');
    expect(codeOnly("/* process. */ 'process.x'")).not.toContain('process.');
  });

  it('no room imports what the table does not allow', () => {
    const wrong: string[] = [];
    for (const file of files.filter((f) => !isTest(f))) {
      const room = roomOf(file);
      for (const target of importsOf(readFileSync(join(root, file), 'utf8'))) {
        if (target.startsWith('.')) {
          const to = normalize(relative(root, join(root, dirname(file), target))).replace(/\.js$/, '.ts');
          const allowed =
            to.startsWith(`${room.room}/`) || room.mayImport.some((prefix) => to.startsWith(`${prefix}/`));
          const owed = DEBT.some((d) => file.startsWith(d.from) && to.startsWith(d.to));
          if (!allowed && !owed) wrong.push(`${file} -> ${to}`);
        } else if (!room.mayUse.includes('*') && !room.mayUse.includes(target))
          wrong.push(`${file} -> ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('pure rooms touch no clock, dice, process or console', () => {
    const wrong: string[] = [];
    for (const file of files.filter((f) => !isTest(f))) {
      const code = codeOnly(readFileSync(join(root, file), 'utf8'));
      for (const name of roomOf(file).forbidden)
        if (new RegExp(`(^|[^\\w.])${name.replace('.', '\\.')}`, 'm').test(code))
          wrong.push(`${file}: ${name}`);
    }
    expect(wrong).toEqual([]);
  });

  it('better-sqlite3 is imported by one file', () => {
    const users = files.filter(
      (f) => !isTest(f) && importsOf(readFileSync(join(root, f), 'utf8')).includes('better-sqlite3'),
    );
    expect(users).toHaveLength(1);
  });

  it('each file says in its first line what it is, and bears no forbidden name', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const first = readFileSync(join(root, file), 'utf8').split('\n', 2);
      const line = first[0]?.startsWith('#!') ? first[1] : first[0];
      if (!line?.startsWith('// ')) wrong.push(`${file}: no first line`);
      if (/(^|[/-])(utils?|helpers?|common|manager|impl)([/.-]|$)/.test(file)) wrong.push(`${file}: name`);
    }
    expect(wrong).toEqual([]);
  });
});
