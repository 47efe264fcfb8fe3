// Instruments the build ahead of time: jsfuzz counts coverage of CommonJS only, and relock is ES modules (ADR 0080, 0110).
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { COUNTERS } from './coverage.js';

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

const HEAD_END = 'return coverage[path]=coverageData;}();';
const COUNTER = /cov_\w+\.[sfb](?:\[\d+\]){1,2}\+\+/g;

/**
 * Puts the counters of one file, which istanbul keeps in objects of numbers, at places of one array of bytes from `first` on: to clear
 * and compare thirty thousand of them takes microseconds. Returns the code and the first free place.
 */
function flatten(code: string, first: number): { readonly code: string; readonly next: number } {
  const head = code.indexOf(HEAD_END);
  if (head === -1) throw new Error('instrument: istanbul writes its counters in another way than expected');
  const places = new Map<string, number>();
  const body = code.slice(head + HEAD_END.length).replace(COUNTER, (counter) => {
    const place = places.get(counter) ?? first + places.size;
    places.set(counter, place);
    return `${COUNTERS}[${place}]++`;
  });
  if (body.includes(code.slice(4, code.indexOf('='))))
    throw new Error('instrument: a counter of istanbul was left behind');
  return { code: `var ${COUNTERS}=globalThis.${COUNTERS};${body}`, next: first + places.size };
}

/**
 * Writes a copy of the build in `dist` to `into`, with counters in the rooms that read untrusted bytes, and a link to
 * the packages. Returns the number of counters.
 */
export function instrumentBuild(root: string, into: string): number {
  const dist = join(root, 'dist');
  const counter = instrumenter();
  let counters = 0;
  rmSync(into, { recursive: true, force: true });
  for (const room of COPIED) {
    for (const file of filesBelow(join(dist, room))) {
      const name = relative(dist, file);
      const target = join(into, name);
      mkdirSync(join(target, '..'), { recursive: true });
      if (name.endsWith('.js') && COUNTED.some((counts) => name.startsWith(`${counts}/`))) {
        const flat = flatten(counter.instrumentSync(readFileSync(file, 'utf8'), name), counters);
        counters = flat.next;
        writeFileSync(target, flat.code);
      } else cpSync(file, target);
    }
  }
  cpSync(join(root, 'package.json'), join(into, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'));
  return counters;
}
