// The targets of the self-fuzzing: what bytes are handed to, and which files are its first seeds.
import { IMPORTERS } from '../importers/registry.js';
import { checkImport, checkLitmus, checkPack } from './laws.js';

/** One way into relock for the bytes of a stranger. */
export interface FuzzTarget {
  /** As `--target` takes it. */
  readonly id: string;
  /** Folders from the project's root whose files are seeds; folders inside them count too. */
  readonly seeds: readonly string[];
  /** True if only printable bytes make sense: the mutations stay with them. */
  readonly text: boolean;
  /** Throws if a law does not hold. */
  run(bytes: Uint8Array): Promise<void>;
}

const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Every importer under its own id, then the choice among them, then the readers that are no importers. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  ...IMPORTERS.map(
    (importer): FuzzTarget => ({
      id: importer.id,
      seeds: [`importers/testdata/${importer.id}`, 'corpus/samples'],
      text: false,
      run: async (bytes) => {
        await checkImport(importer.id, bytes);
      },
    }),
  ),
  {
    id: 'sniffed',
    seeds: ['importers/testdata', 'corpus/samples'],
    text: false,
    run: async (bytes) => {
      await checkImport(null, bytes);
    },
  },
  {
    id: 'litmus-text',
    seeds: ['corpus/scenarios'],
    text: true,
    run: async (bytes) => checkLitmus(asText(bytes)),
  },
  { id: 'pack', seeds: [], text: false, run: async (bytes) => checkPack(bytes) },
];

/** The target of that id, or null. */
export function targetOf(id: string): FuzzTarget | null {
  return FUZZ_TARGETS.find((target) => target.id === id) ?? null;
}
