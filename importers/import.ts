// Imports one source: chooses the importer, reads, and hands back a capture or the reason why there is none.
import type { Capture } from '../corpus/schema/capture.js';
import { CaptureBuilder } from './builder.js';
import { foreignFile } from './foreign-files.js';
import { kernelLogImporter } from './kernel-log/importer.js';
import { IMPORTERS, importerOf, sniff, sniffBytes } from './registry.js';
import type { Source } from './source.js';

/** Why nothing was imported: facts, and what to do next. */
export interface ImportProblem {
  readonly kind: 'unreadable' | 'nothing-recognised';
  readonly title: string;
  readonly facts: readonly string[];
  readonly next: string;
}

export type Imported =
  | { readonly ok: true; readonly capture: Capture }
  | { readonly ok: false; readonly problem: ImportProblem };

export interface ImportOptions {
  /** Id of an importer; sniffed if absent. */
  readonly format?: string;
}

function countDamage(source: Source, builder: CaptureBuilder): void {
  const { damage } = source;
  if (damage.invalidUtf8 > 0)
    builder.skips.count('invalid_utf8', damage.firstInvalidLine, damage.invalidUtf8);
  if (damage.longLineCount > 0)
    builder.skips.count('line_too_long', damage.longLines[0] ?? null, damage.longLineCount);
  if (damage.cutShort !== null) builder.skips.count('stream_cut_short', null);
}

/** Says whether anything came of it: a report, an event, a program, a record that was counted. */
function isEmpty(capture: Capture): boolean {
  return (
    capture.reports.length === 0 &&
    capture.events.kind.length === 0 &&
    capture.programs.length === 0 &&
    Object.keys(capture.byEvent).length === 0 &&
    (capture.notes ?? []).length === 0 &&
    !capture.skipped.some((skip) => skip.severity === 'error')
  );
}

/** Reads a source to its end. The caller closes it. Throws only for bugs of our own. */
export async function importSource(source: Source, options: ImportOptions = {}): Promise<Imported> {
  const wanted =
    options.format === undefined
      ? (sniffBytes(await source.headBytes()) ?? sniff(await source.head()))
      : importerOf(options.format);
  if (options.format !== undefined && wanted === null)
    return {
      ok: false,
      problem: {
        kind: 'unreadable',
        title: `there is no format ${options.format}`,
        facts: IMPORTERS.map((importer) => `${importer.id}: ${importer.title}`),
        next: 'relock import --help',
      },
    };
  // A log may begin with any amount of prose; reports behind it are still found.
  const importer = wanted ?? kernelLogImporter;
  const builder = new CaptureBuilder();
  await importer.read(source, builder);
  const id = await source.sha256();
  countDamage(source, builder);
  const capture = builder.finish({
    id,
    file: source.name,
    bytes: source.bytesRead,
    format: importer.id,
    provenance: importer.provenance ?? 'line',
  });
  if (wanted === null && isEmpty(capture)) {
    const foreign = foreignFile(await source.headBytes());
    if (foreign !== null)
      return {
        ok: false,
        problem: {
          kind: 'nothing-recognised',
          title: `this is ${foreign.what}`,
          facts: foreign.facts,
          next: foreign.next(source.name),
        },
      };
    const facts =
      source.bytesRead === 0
        ? ['The file is empty.']
        : [
            `No importer knows it; ${source.bytesRead} bytes were read.`,
            ...capture.skipped.map((skip) => `${skip.stat}: ${skip.count}`),
          ];
    return {
      ok: false,
      problem: {
        kind: 'nothing-recognised',
        title: `nothing recognised in ${source.name}`,
        facts,
        next: 'relock import --help',
      },
    };
  }
  return { ok: true, capture };
}
