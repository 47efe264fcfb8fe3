// What relock brings along: a lock file without addresses, known licences, one build script, no network when it runs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = import.meta.dirname;
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly link?: boolean;
}
const packages = Object.entries(
  (JSON.parse(read('package-lock.json')) as { readonly packages: Record<string, LockEntry> }).packages,
).filter(([path]) => path !== '');

describe('lock file', () => {
  it('names no address, and the checksum of each package', () => {
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
    expect(
      packages.filter(([, entry]) => !/^sha512-/.test(entry.integrity ?? '')).map(([path]) => path),
    ).toEqual([]);
  });

  it('holds no package that runs a script when it is installed, but better-sqlite3', () => {
    const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };
    const scripted = packages.filter(([, entry]) => entry.hasInstallScript === true);
    const names = scripted.map(([path]) => path.replace(/^.*node_modules\//, '')).sort();
    // Named in package.json either way, so that npm asks for no other.
    for (const name of names) expect(Object.keys(allowScripts), name).toContain(name);
    expect(names.filter((name) => allowScripts[name] === true)).toEqual(['better-sqlite3']);
  });
});

describe('dependencies', () => {
  it('are each used: imported, or run by a script', () => {
    const { dependencies, devDependencies, optionalDependencies, scripts } = JSON.parse(
      read('package.json'),
    ) as Record<string, Record<string, string>>;
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (file) => /\.(?:ts|mjs|sh)$/.test(file) && !/(?:^|\/)(?:node_modules|dist|coverage)\//.test(file),
    );
    const code = [
      ...files.map(read),
      read('.ci/run'),
      read('tsconfig.json'),
      ...Object.values(scripts ?? {}),
    ];
    const runs: Readonly<Record<string, string>> = { '@biomejs/biome': 'biome check', typescript: 'tsc -p' };
    const isUsed = (name: string): boolean => {
      const typed = name.replace(/^@types\//, '');
      const words = [
        `'${name}'`,
        `'${typed}'`,
        `'${name}/`,
        `"${typed}"`,
        `provider: '${typed.replace(/^.*-/, '')}'`,
      ];
      if (typed === 'node') words.push("'node:");
      const run = runs[name];
      return code.some(
        (text) => words.some((word) => text.includes(word)) || (run !== undefined && text.includes(run)),
      );
    };
    const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !isUsed(name))).toEqual([]);
  });
});

describe('licences', () => {
  it('docs/licences.md is what `npm run licences` writes', async () => {
    const { licencePage } = (await import(join(root, 'scripts/licences.mjs'))) as { licencePage(): string };
    expect(read('docs/licences.md')).toBe(licencePage());
  });

  it('none asks for more than notice', () => {
    const known =
      /^(?:MIT|MIT-0|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause|BlueOak-1\.0\.0|CC0-1\.0|CC-BY-[34]\.0|Python-2\.0|Unlicense|Zlib)$/;
    const rows = read('docs/licences.md')
      .split('\n')
      .filter((line) => /^\| \S+ \| \d/.test(line));
    expect(rows.length).toBeGreaterThan(20);
    const strange = rows.filter(
      (row) =>
        !(row.split('|')[3] ?? '')
          .replace(/[()]/g, '')
          .split(/ OR | or /)
          .some((licence) => known.test(licence.trim())),
    );
    expect(strange).toEqual([]);
  });
});

describe('network', () => {
  const main = join(root, 'dist', 'cli', 'main.js');
  const folder = mkdtempSync(join(tmpdir(), 'relock-network-'));
  const relock = (...args: string[]) =>
    spawnSync(
      process.execPath,
      ['--import', join(root, 'scripts/no-network.mjs'), main, ...args, '--db', join(folder, 'relock.db')],
      { encoding: 'utf8', cwd: root },
    );

  it('the main job opens no socket', () => {
    expect(existsSync(main), 'npm test builds first').toBe(true);
    for (const args of [
      ['import', 'corpus/samples'],
      ['predict'],
      ['fuzz', 'night', '--execs', '2000', '--seed', '1', '-j', '2'],
      ['ls'],
      ['show', 'newest', '--form', 'mail'],
      ['query', 'new'],
      ['verify-db'],
      ['status'],
    ]) {
      const { status, stderr } = relock(...args);
      expect(stderr, args.join(' ')).not.toContain('NETWORK');
      expect([0, 1], `${args.join(' ')}: ${stderr}`).toContain(status);
    }
    rmSync(folder, { recursive: true });
  });

  it('a socket would be seen (the test can fail)', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', join(root, 'scripts/no-network.mjs'), '-e', "require('node:net').connect(9, '127.0.0.1')"],
      { encoding: 'utf8' },
    );
    expect(status).toBe(99);
    expect(stderr).toContain('NETWORK: connect');
  });
});
