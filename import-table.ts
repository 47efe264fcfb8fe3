// The import table: which room may import which, and which modules of Node and npm it may touch. A test runs it.

/** What one room may use. Paths are prefixes from the project's root; the longest matching room governs a file. */
export interface Room {
  readonly room: string;
  readonly mayImport: readonly string[];
  /** Packages and `node:` modules. `*` allows all. */
  readonly mayUse: readonly string[];
  /** Global names that must not occur: clocks, dice, process. */
  readonly forbidden: readonly string[];
}

const IMPURE = [
  'Date.now',
  'new Date',
  'Math.random',
  'process.',
  'console.',
  'performance.',
  'setTimeout',
] as const;

export const ROOMS: readonly Room[] = [
  { room: 'corpus/schema', mayImport: [], mayUse: [], forbidden: IMPURE },
  { room: 'corpus/text', mayImport: ['corpus/schema'], mayUse: ['node:crypto'], forbidden: IMPURE },
  {
    room: 'corpus/pack',
    mayImport: ['corpus/schema'],
    mayUse: ['msgpackr', 'node:crypto'],
    forbidden: IMPURE,
  },
  {
    room: 'corpus/store',
    mayImport: ['corpus/schema', 'corpus/text', 'corpus/pack'],
    mayUse: ['better-sqlite3', 'msgpackr', 'node:fs', 'node:path', 'node:url', 'node:crypto'],
    forbidden: ['Date.now', 'new Date', 'Math.random', 'process.', 'console.'],
  },
  // The generator of the library of litmus programs: text alone, so that whoever prints a cell needs no disk (ADR 0060).
  {
    room: 'corpus/scenarios',
    mayImport: ['corpus/schema', 'corpus/text'],
    mayUse: [],
    forbidden: IMPURE,
  },
  {
    room: 'importers',
    mayImport: ['corpus/schema', 'corpus/text'],
    mayUse: [
      'node:buffer',
      'node:fs',
      'node:fs/promises',
      'node:zlib',
      'node:stream',
      'node:stream/promises',
      'node:stream/web',
      'node:crypto',
      'node:path',
      'node:os',
      'node:string_decoder',
      'fzstd',
      '@bokuweb/zstd-wasm',
      'xz-decompress',
      'postal-mime',
      // Members of archives, streamed (docs/adr/0046).
      'tar-stream',
      'entities',
    ],
    forbidden: ['Date.now', 'Math.random', 'console.'],
  },
  { room: 'engine', mayImport: ['corpus/schema'], mayUse: ['jsfuzz/build/src/corpus.js'], forbidden: IMPURE },
  {
    room: 'engine/campaign',
    mayImport: ['corpus/schema', 'corpus/pack', 'corpus/text', 'engine'],
    mayUse: ['node:crypto', 'node:timers/promises', 'node:url', 'tinypool', 'bullmq', 'ioredis'],
    forbidden: ['Math.random', 'console.'],
  },
  {
    room: 'reports',
    mayImport: ['corpus/schema', 'corpus/text', 'corpus/store', 'engine/model'],
    // node:fs for its own style sheets and browser scripts (docs/adr/0070).
    mayUse: ['hono', 'hono/html', 'node:crypto', 'node:fs'],
    forbidden: ['Date.now', 'Math.random', 'process.', 'console.'],
  },
  {
    room: 'cli',
    mayImport: ['corpus', 'importers', 'engine', 'reports', 'cli'],
    mayUse: ['*'],
    forbidden: ['Math.random'],
  },
  {
    room: 'fuzz',
    // bench: its writer of trace.dat files makes seeds of a few kilobytes (docs/adr/0110).
    mayImport: ['corpus', 'importers', 'engine', 'bench'],
    mayUse: ['*'],
    forbidden: ['Math.random'],
  },
  {
    room: 'bench',
    mayImport: ['corpus', 'importers', 'engine', 'reports', 'cli'],
    mayUse: ['*'],
    forbidden: [],
  },
];

/**
 * Debt: arrows that exist and should not, each with the day it was noted. Empty is the aim.
 * `from` and `to` are file prefixes from the project's root.
 */
export const DEBT: readonly { readonly from: string; readonly to: string; readonly since: string }[] = [];
