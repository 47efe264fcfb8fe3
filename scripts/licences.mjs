// Writes docs/licences.md: every package that comes with relock at run time, with its version and licence, from the lock file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The page as the installed packages make it. Packages of other platforms are left out: they are not here to be read. */
export function licencePage() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const rows = new Set();
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '' || entry.dev === true || entry.devOptional === true) continue;
    if (entry.os !== undefined || entry.cpu !== undefined) continue;
    const file = join(root, path, 'package.json');
    if (entry.optional === true && !existsSync(file)) continue;
    const about = JSON.parse(readFileSync(file, 'utf8'));
    const licence =
      typeof about.license === 'string'
        ? about.license
        : (about.license?.type ?? about.licenses?.map((one) => one.type).join(' or ') ?? 'not said');
    const role =
      entry.optional === true ? 'optional' : entry.hasInstallScript === true ? 'builds itself' : '';
    rows.add(`| ${path.replace(/^.*node_modules\//, '')} | ${entry.version} | ${licence} | ${role} |`);
  }
  return `# Licences of what comes with relock

Written by \`npm run licences\` from the lock file; a test compares. relock itself: Apache-2.0.

| package | version | licence | |
|---|---|---|---|
${[...rows].sort().join('\n')}
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(join(root, 'docs', 'licences.md'), licencePage());
