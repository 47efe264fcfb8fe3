// What must hold for any bytes that relock is handed: the laws that the self-fuzzing checks after every input.
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { packColumns } from '../corpus/pack/columns.js';
import { decodeCapture, encodeCapture } from '../corpus/pack/pack.js';
import type { Capture } from '../corpus/schema/capture.js';
import type { PatchEdit, PatchFlag } from '../corpus/schema/patch.js';
import { canonicalJson } from '../corpus/text/json.js';
import { captureDocument } from '../corpus/text/json-capture.js';
import { parseLitmusFiles, printLitmus } from '../corpus/text/litmus.js';
import { parsePatch } from '../corpus/text/patch.js';
import { lowerCapture } from '../engine/lower/lower.js';
import { compile } from '../engine/model/compile.js';
import { ARCHIVE_LIMITS, archiveMembers } from '../importers/archive/tar.js';
import { CaptureBuilder } from '../importers/builder.js';
import { type Imported, importSource } from '../importers/import.js';
import { sourceOf } from '../importers/source.js';

/** Milliseconds of the processor that one input may take: a start-up share, and a share for each byte. */
const MS_EACH = 4000;
const MS_PER_BYTE = 0.5;
/** Events that a capture may have beyond one for each byte of input: an edge of a printed chain makes several. */
const EVENTS_EACH = 4096;

/** Throws what a law says that does not hold, with the law's name in front. */
function law(name: string, holds: boolean, facts: string): void {
  if (!holds) throw new Error(`${name}: ${facts}`);
}

/** `importers`: every importer, and the choice among them (`format` null). Returns the capture, or null where nothing was read. */
export async function checkImport(format: string | null, bytes: Uint8Array): Promise<Capture | null> {
  const read = (): Promise<Imported> =>
    importSource(sourceOf('input', bytes), format === null ? {} : { format });
  const limit = MS_EACH + MS_PER_BYTE * bytes.length;
  const began = performance.now();
  const imported = await read();
  // The clock costs nothing to ask, but other processes stretch it: what is late by it is measured by the processor's time.
  if (performance.now() - began >= limit) {
    const before = process.cpuUsage();
    await read();
    const { user, system } = process.cpuUsage(before);
    const took = (user + system) / 1000;
    law('bounded time', took < limit, `${took} ms for ${bytes.length} bytes`);
  }
  if (!imported.ok) {
    law(
      'told',
      imported.problem.title !== '' && imported.problem.next !== '',
      JSON.stringify(imported.problem),
    );
    return null;
  }
  const { capture } = imported;
  checkCapture(capture, bytes.length);
  return capture;
}

/** Captures that have obeyed every law, by their content. Two of three mutants change nothing that is read. */
const obeyed = new Set<string>();
const MOST_OBEYED = 1 << 18;

/** The content of a capture: everything but of which bytes it was read. */
function contentOf(capture: Capture): string {
  const content = { ...capture, id: '', bytes: 0, events: packColumns(capture.events) };
  return createHash('sha1').update(serialize(content)).digest('base64');
}

/** The laws of a capture that came of `size` bytes (after decompression more may have been read: then pass null). */
export function checkCapture(capture: Capture, size: number | null): void {
  const n = capture.events.kind.length;
  if (size !== null) law('bounded events', n <= EVENTS_EACH + 64 * size, `${n} events of ${size} bytes`);
  const content = contentOf(capture);
  if (obeyed.has(content)) return;
  checkContent(capture);
  if (obeyed.size === MOST_OBEYED) obeyed.clear();
  obeyed.add(content);
}

/** The laws that hang on nothing but what a capture says. */
function checkContent(capture: Capture): void {
  const { events } = capture;
  for (let i = 0; i < events.kind.length; i++) {
    law('provenance', events.where[i]! >= 0, `event ${i} stands at ${events.where[i]}`);
    law('known task', events.task[i]! < capture.tasks.length, `event ${i}: task ${events.task[i]}`);
    law('known lock', events.lock[i]! < capture.locks.length, `event ${i}: lock ${events.lock[i]}`);
    law('known site', events.site[i]! < capture.sites.length, `event ${i}: site ${events.site[i]}`);
    law('known episode', events.episode[i]! < capture.episodes.length, `event ${i}: ${events.episode[i]}`);
  }
  for (const skip of capture.skipped) {
    law('counted', Number.isInteger(skip.count) && skip.count > 0, `${skip.stat} ${skip.count}`);
    law('remedy', skip.advice.trim() !== '', skip.stat);
  }
  for (const [name, count] of Object.entries(capture.byEvent))
    law('counted by event', Number.isInteger(count) && count > 0, `${name} ${count}`);
  const packed = decodeCapture(encodeCapture(capture));
  law('pack is read back', packed.ok, packed.ok ? '' : JSON.stringify(packed));
  if (packed.ok) {
    const before = canonicalJson(captureDocument(capture));
    const after = canonicalJson(captureDocument(packed.capture));
    law('unpacking undoes packing', before === after, `${before.length} and ${after.length} characters`);
  }
  for (const { program, expect } of lowerCapture(capture).programs) {
    compile(program);
    const text = printLitmus({ program, genome: null, expect });
    const again = parseLitmusFiles(text);
    law(
      'a program is read back',
      again.length === 1 && again[0]!.ok,
      `\n${JSON.stringify(again)} of\n${text}`,
    );
  }
}

/** The litmus reader: what it accepts it prints as text that says the same. */
export function checkLitmus(text: string): void {
  for (const file of parseLitmusFiles(text)) {
    if (!file.ok) {
      law('told', file.problems.length > 0, 'refused without a reason');
      continue;
    }
    const printed = printLitmus(file.value);
    const again = parseLitmusFiles(printed);
    law('printed text is read', again.length === 1 && again[0]!.ok === true, `\n${printed}`);
    if (again[0]?.ok === true)
      law('printing is stable', printLitmus(again[0].value) === printed, `\n${printed}`);
    compile(file.value.program);
  }
}

/** The pack reader: refuses by name, or hands out a capture that obeys the laws. */
export function checkPack(bytes: Uint8Array): void {
  const decoded = decodeCapture(bytes);
  if (decoded.ok) checkCapture(decoded.capture, null);
}

/** An archive: each member is a source of its own under a name that leads nowhere, and what it gives obeys the laws. */
export async function checkArchive(bytes: Uint8Array): Promise<void> {
  const builder = new CaptureBuilder();
  const archive = sourceOf('input', bytes);
  // As much as an archive of this size may unpack to without being a bomb (docs/limits.md).
  const limits = { ...ARCHIVE_LIMITS, bytes: 64 << 20 };
  for await (const member of archiveMembers(archive, builder, limits)) {
    const parts = member.name.split('!').slice(1).join('!').split('/');
    law('a name leads nowhere', !parts.includes('..') && parts[0] !== '', member.name);
    const imported = await importSource(member);
    if (imported.ok) checkCapture(imported.capture, null);
    else law('told', imported.problem.title !== '' && imported.problem.next !== '', member.name);
  }
  const id = await archive.sha256();
  const about = { id, file: 'input', bytes: archive.bytesRead, format: 'tar', provenance: 'byte' } as const;
  checkCapture(builder.finish(about), null);
}

function flagLine({ name, of, takenIn, set }: PatchFlag): string {
  const middle =
    of === null ? (takenIn === null ? '' : ` of lock taken in ${takenIn.join('|')}`) : ` of ${of}`;
  return `flag ${name}${middle}${set ? ' set' : ''}`;
}

/** The patch reader: refuses with lines and reasons, or reads edits whose texts say the same again when they stand alone. */
export function checkPatch(text: string): void {
  const read = parsePatch(text);
  const lines = text.split('\n').length;
  if (!read.ok) {
    law('told', read.problems.length > 0, 'refused without a reason');
    for (const { line, message } of read.problems)
      law('told where', line >= 1 && line <= lines && message !== '', `line ${line}: ${message}`);
    return;
  }
  const { name, flags, edits } = read.patch;
  const written = [`patch 1 ${name}`, ...flags.map(flagLine), ...edits.map((edit) => edit.text)].join('\n');
  const again = parsePatch(written);
  const bare = (all: readonly PatchEdit[]): string =>
    canonicalJson(all.map((edit) => ({ ...edit, line: 0 })));
  law(
    'a patch is read back',
    again.ok &&
      canonicalJson(again.patch.flags) === canonicalJson(flags) &&
      bare(again.patch.edits) === bare(edits),
    `\n${written}`,
  );
}
