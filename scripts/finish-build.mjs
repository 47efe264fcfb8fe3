// After tsc: copies the files that are not TypeScript, and links the bin so that `npx relock` runs this build.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

/** Copies every file with one of the endings below `folder` to the same place in dist. */
function copyAssets(folder, endings) {
  const from = join(root, folder);
  if (!existsSync(from)) return;
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) copyAssets(path, endings);
    else if (endings.some((ending) => entry.name.endsWith(ending))) {
      mkdirSync(join(dist, folder), { recursive: true });
      cpSync(join(root, path), join(dist, path));
    }
  }
}
copyAssets('corpus/store', ['.sql']);
copyAssets('reports', ['.css', '.js']);

const main = join(dist, 'cli', 'main.js');
if (existsSync(main)) {
  chmodSync(main, 0o755);
  const bin = join(root, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  // npx looks here first; without the link it would install the project into its cache.
  rmSync(join(bin, 'relock'), { force: true });
  symlinkSync(join('..', '..', 'dist', 'cli', 'main.js'), join(bin, 'relock'));
}
