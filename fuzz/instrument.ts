// Instruments the build ahead of time: jsfuzz counts coverage of CommonJS only, and relock is ES modules (ADR 0080).
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';

/** Rooms whose lines count as coverage: what reads bytes of strangers. The rest is copied as it is. */
const COUNTED = ['importers', 'corpus/text', 'corpus/pack'] as const;
const COPIED = ['importers', 'corpus', 'engine', 'fuzz'] as const;

interface Instrumenter {
  instrumentSync(code: string, file: string): string;
}

/** The instrumenter that jsfuzz itself brings, told to read ES modules. */
function instrumenter(): Instrumenter {
  const require = createRequire(import.meta.url);
  const { createInstrumenter } = createRequire(require.resolve('jsfuzz/package.json'))(
    'istanbul-lib-instrument',
  ) as { createInstrumenter(options: object): Instrumenter };
  return createInstrumenter({ compact: true, esModules: true, produceSourceMap: false });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/**
 * Writes a copy of the build in `dist` to `into`, with counters in the rooms that read untrusted bytes, and a link to
 * the packages. Returns the number of files with counters.
 */
export function instrumentBuild(root: string, into: string): number {
  const dist = join(root, 'dist');
  const counter = instrumenter();
  let counted = 0;
  rmSync(into, { recursive: true, force: true });
  for (const room of COPIED) {
    for (const file of filesBelow(join(dist, room))) {
      const name = relative(dist, file);
      const target = join(into, name);
      mkdirSync(join(target, '..'), { recursive: true });
      if (name.endsWith('.js') && COUNTED.some((counts) => name.startsWith(`${counts}/`))) {
        writeFileSync(target, counter.instrumentSync(readFileSync(file, 'utf8'), name));
        counted++;
      } else cpSync(file, target);
    }
  }
  cpSync(join(root, 'package.json'), join(into, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'));
  return counted;
}
