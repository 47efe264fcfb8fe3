// Lines of the user's own log around the steps of a witness, if the file still lies where it was imported and is the same.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { LogExcerpt } from '../reports/explain.js';

/** Larger files are not read for a page. */
const MOST_BYTES = 16 << 20;
/** Lines shown before and behind each one of interest, and at most in all. */
const AROUND = 2;
const MOST_LINES = 80;
const WIDEST = 400;

/** Null unless the sha256 of the file is one of `ids`: what stands there now may be another log by the same name. */
export function logExcerpt(
  file: string,
  lines: readonly number[],
  ids: ReadonlySet<string>,
): LogExcerpt | null {
  let bytes: Buffer;
  try {
    const stat = statSync(file);
    if (!stat.isFile() || stat.size > MOST_BYTES) return null;
    bytes = readFileSync(file);
  } catch {
    return null;
  }
  if (!ids.has(createHash('sha256').update(bytes).digest('hex'))) return null;
  const all = bytes.toString('utf8').split(/\r?\n/);
  const wanted = new Set(
    lines.flatMap((line) => Array.from({ length: 2 * AROUND + 1 }, (_, i) => line - AROUND + i)),
  );
  const shown = [...wanted]
    .filter((line) => line >= 1 && line <= all.length)
    .sort((a, b) => a - b)
    .slice(0, MOST_LINES)
    .map((line) => ({ line, text: (all[line - 1] ?? '').slice(0, WIDEST) }));
  return shown.length === 0 ? null : { file, lines: shown };
}
