// From a path to a capture, and from a capture into the database, with its programs.

import { encodeCapture } from '../corpus/pack/pack.js';
import type { Capture } from '../corpus/schema/capture.js';
import type { Problem } from '../corpus/schema/forms.js';
import type { LoweredProgram } from '../corpus/schema/program.js';
import type { Store } from '../corpus/store/store.js';
import { canonicalProgram, programId } from '../corpus/text/program-id.js';
import { lowerCapture } from '../engine/lower/lower.js';
import { archiveMembers, isTar } from '../importers/archive/tar.js';
import { CaptureBuilder } from '../importers/builder.js';
import { importSource } from '../importers/import.js';
import { IMPORTERS, sniff } from '../importers/registry.js';
import { openSource, type Source } from '../importers/source.js';
import { EXIT, type ExitCode, nearest, Trouble, usage } from './trouble.js';

export type Ingested =
  | { readonly ok: true; readonly capture: Capture }
  | { readonly ok: false; readonly problem: Problem; readonly code: ExitCode };

/** Reads one file, or stdin for `-`. Never throws for what is in the file. Of an archive it says that it is one. */
export async function ingest(path: string, format: string | null): Promise<Ingested> {
  for await (const handled of eachSource(path, (source) => ingestSource(source, format))) {
    if (handled.what === 'trouble') return { ok: false, problem: handled.problem, code: handled.code };
    if (handled.what === 'done' && !handled.isMember) return handled.done;
    break;
  }
  const problem = {
    title: 'THIS IS AN ARCHIVE',
    facts: ['One log is wanted here. `import` reads every file in an archive.'],
    next: `relock import ${path}`,
  };
  return { ok: false, problem, code: EXIT.trouble };
}

/** Reads an open source to its end. */
export async function ingestSource(source: Source, format: string | null): Promise<Ingested> {
  const done = await importSource(source, format === null ? {} : { format });
  if (done.ok) return done;
  const { kind, title, facts, next } = done.problem;
  const code = kind === 'nothing-recognised' ? EXIT.nothing : EXIT.trouble;
  return { ok: false, problem: { title: headline(title, source.name), facts, next: nextFor(next) }, code };
}

/** What was made of a source: of the named file, or of a member of the archive that it is. */
export type Handled<T> =
  | { readonly what: 'done'; readonly file: string; readonly isMember: boolean; readonly done: T }
  | { readonly what: 'trouble'; readonly problem: Problem; readonly code: ExitCode }
  /** Comes last, of an archive of which something was not read: the counters of that. */
  | { readonly what: 'archive'; readonly capture: Capture };

/** Opens, hands over, closes; an archive is walked. What cannot be opened or read is told as a problem. */
export async function* eachSource<T>(
  path: string,
  work: (source: Source) => Promise<T>,
): AsyncGenerator<Handled<T>> {
  const opened = await openSource(path, process.stdin);
  if (!opened.ok) {
    const { title, facts, next } = opened.problem;
    const problem = { title: headline(title, path), facts, next: nextFor(next) };
    yield { what: 'trouble', problem, code: EXIT.trouble };
    return;
  }
  const { source } = opened;
  try {
    if (isTar(await source.headBytes())) yield* throughArchive(source, work);
    else yield { what: 'done', file: path, isMember: false, done: await work(source) };
  } catch (error) {
    // The system's word on a file that vanished, or a disk that fails, while it is read.
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const problem = {
      title: 'I COULD NOT READ THE FILE TO ITS END',
      facts: [error.message],
      next: `ls -l ${path}`,
    };
    yield { what: 'trouble', problem, code: EXIT.trouble };
  } finally {
    await source.close();
  }
}

async function* throughArchive<T>(
  archive: Source,
  work: (source: Source) => Promise<T>,
): AsyncGenerator<Handled<T>> {
  const builder = new CaptureBuilder();
  for await (const member of archiveMembers(archive, builder))
    yield { what: 'done', file: member.name, isMember: true, done: await work(member) };
  const about = { id: await archive.sha256(), file: archive.name, bytes: archive.bytesRead };
  if (archive.damage.cutShort !== null) builder.skips.count('stream_cut_short', null);
  const capture = builder.finish({ ...about, format: 'tar', provenance: 'byte' });
  if (capture.skipped.length > 0) yield { what: 'archive', capture };
}

/** True if the source carries litmus texts: then `check` compares them with what they expect. */
export async function isLitmus(source: Source, format: string | null): Promise<boolean> {
  return format === null ? sniff(await source.head())?.id === 'litmus' : format === 'litmus';
}

/** Throws Trouble for a format that nobody reads. */
export function knownFormat(format: string | null): string | null {
  const ids = IMPORTERS.map((importer) => importer.id);
  if (format === null || ids.includes(format)) return format;
  throw usage(
    `There is no format "${format}": I read ${ids.join(', ')}.`,
    `relock import --format ${nearest(format, ids) ?? ids[0] ?? ''} FILE`,
  );
}

export interface Kept {
  readonly already: boolean;
  readonly programs: number;
  /** What a person should know about episodes of which no program could be made. */
  readonly notes: readonly string[];
}

/** Stores a capture and its programs in one transaction. */
export function keep(store: Store, capture: Capture, at: string, importMs?: number): Kept {
  const lowered = lowerCapture(capture);
  const already = store.atomically(() => {
    const outcome = store.addCapture(capture, encodeCapture(capture), at, importMs);
    store.putPrograms(
      lowered.programs.map((program) => ({
        id: programId(program.program),
        litmus: canonicalProgram(program.program),
        capture: capture.id,
        lowered: program satisfies LoweredProgram,
      })),
    );
    return outcome === 'already';
  });
  const notes = lowered.notLowered.map(
    ({ episode, reason }) =>
      `no program of ${capture.episodes[episode]?.origin ?? 'an episode'} ${episode}: ${reason}`,
  );
  return { already, programs: lowered.programs.length, notes };
}

/** Titles are in capitals and do not repeat the file, which stands beside them. */
function headline(title: string, path: string): string {
  const bare = title
    .replace(path, '')
    .replace(/\s+(in|of|from)?\s*$/, '')
    .trim();
  return (bare === 'cannot read' ? 'I cannot read this file' : bare).toUpperCase();
}

function nextFor(next: string): string {
  return next === 'relock import --help' ? 'relock import -h' : next;
}

/** For callers that want one file or nothing. */
export function orTrouble(ingested: Ingested, path: string): Capture {
  if (ingested.ok) return ingested.capture;
  throw new Trouble(ingested.problem, path, ingested.code);
}
