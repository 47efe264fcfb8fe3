// The targets of the self-fuzzing: what bytes are handed to, and which files are its first seeds.
import { IMPORTERS } from '../importers/registry.js';
import { checkArchive, checkImport, checkLitmus, checkPack, checkPatch } from './laws.js';

/** One way into relock for the bytes of a stranger. */
export interface FuzzTarget {
  /** As `--target` takes it. */
  readonly id: string;
  /** Folders from the project's root whose files are seeds; folders inside them count too. */
  readonly seeds: readonly string[];
  /** Seeds that are made on the spot (`made-seeds.ts`). */
  readonly made: 'pack' | 'trace-dat' | 'archive' | 'mail' | null;
  /** True if only printable bytes make sense: the mutations stay with them. */
  readonly text: boolean;
  /** Mutants end here. */
  readonly maxBytes: number;
  /** Throws if a law does not hold. */
  run(bytes: Uint8Array): Promise<void>;
}

const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const TEXT_BYTES = 4096;
/** A page of records and what stands before it; a tar member has a header of 512 bytes. */
const BINARY_BYTES = 16_384;

/** Importers whose samples stand in a folder of another name. */
const FOLDERS: Readonly<Record<string, string>> = {
  'lockdep-chains': 'proc',
  lockdep: 'proc',
  'lock-stat': 'proc',
  'perf-script': 'perf',
  'perf-lock': 'perf',
};

const PLAIN = { made: null, text: false, maxBytes: TEXT_BYTES } as const;

/** Every importer under its own id, then the choice among them, then the readers that are no importers. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  ...IMPORTERS.map(
    ({ id }): FuzzTarget => ({
      ...PLAIN,
      id,
      ...(id === 'trace-dat'
        ? { seeds: [], made: 'trace-dat', maxBytes: BINARY_BYTES }
        : {
            seeds: [
              `importers/testdata/${FOLDERS[id] ?? id}`,
              ...(id === 'kernel-log' ? ['importers/testdata/lockdep'] : []),
              ...(id === 'litmus' ? ['corpus/scenarios'] : []),
            ],
          }),
      run: async (bytes) => {
        await checkImport(id, bytes);
      },
    }),
  ),
  {
    ...PLAIN,
    id: 'sniffed',
    seeds: ['importers/testdata', 'corpus/samples'],
    run: async (bytes) => {
      await checkImport(null, bytes);
    },
  },
  {
    ...PLAIN,
    id: 'mail',
    seeds: [],
    made: 'mail',
    run: async (bytes) => {
      await checkImport('kernel-log', bytes);
    },
  },
  {
    ...PLAIN,
    id: 'archive',
    seeds: ['importers/testdata/archive'],
    made: 'archive',
    maxBytes: BINARY_BYTES,
    run: checkArchive,
  },
  {
    ...PLAIN,
    id: 'litmus-text',
    seeds: ['corpus/scenarios'],
    text: true,
    run: async (bytes) => checkLitmus(asText(bytes)),
  },
  {
    ...PLAIN,
    id: 'patch',
    seeds: ['corpus/patches'],
    text: true,
    run: async (bytes) => checkPatch(asText(bytes)),
  },
  { ...PLAIN, id: 'pack', seeds: [], made: 'pack', run: async (bytes) => checkPack(bytes) },
];

/** The target of that id, or null. */
export function targetOf(id: string): FuzzTarget | null {
  return FUZZ_TARGETS.find((target) => target.id === id) ?? null;
}
