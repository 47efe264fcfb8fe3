// Cuts the lines of a hand-drawn table into cells and says which column each stands in.
import { type Cell, parseCell } from './cells.js';
import { type ColumnHead, expandTabs } from './heads.js';

/** One cell with its place. */
export interface PlacedCell {
  readonly column: number;
  /** Blanks before it, counted from the beginning of its column. */
  readonly indent: number;
  readonly cell: Cell;
  /** 1-based line. */
  readonly line: number;
}

interface Piece {
  readonly at: number;
  readonly text: string;
}

/** Pieces of a line: between drawn bars, or between two and more blanks. */
function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  for (const match of text.matchAll(/\S(?:.*?\S)??(?= {2,}|$)/g))
    out.push({ at: match.index, text: match[0] });
  return out;
}

/** Column whose head stands nearest to the left, with some slack for what is drawn a little before its head. */
function columnAt(heads: readonly ColumnHead[], at: number): number {
  let column = 0;
  for (let k = 1; k < heads.length; k++) {
    const before = heads[k - 1]?.at ?? 0;
    const here = heads[k]?.at ?? 0;
    if (at >= here - Math.max(2, Math.floor((here - before) / 4))) column = k;
  }
  return column;
}

function splitByBars(text: string): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  for (const part of text.split(/[|\u2502]/)) {
    const blanks = part.length - part.trimStart().length;
    out.push({ at: at + blanks, text: part.trim() });
    at += part.length + 1;
  }
  return out;
}

/** The cells of one line below heads. Null if some part of it is none: the table is over there. */
export function placeCells(
  raw: string,
  heads: readonly ColumnHead[],
  barred: boolean,
  line: number,
): readonly PlacedCell[] | null {
  const text = expandTabs(raw).trimEnd();
  const cells: PlacedCell[] = [];
  const add = (column: number, at: number, words: string): boolean => {
    const cell = parseCell(words);
    if (cell === null) return false;
    if (cell.is !== 'skip') cells.push({ column, indent: at, cell, line });
    return true;
  };
  if (barred && /[|\u2502]/.test(text)) {
    const parts = splitByBars(text).slice(0, heads.length);
    return parts.every((part, column) => add(column, part.at, part.text)) ? cells : null;
  }
  const merged: { column: number; at: number; text: string }[] = [];
  for (const piece of pieces(text)) {
    const column = columnAt(heads, piece.at);
    const last = merged.at(-1);
    if (last !== undefined && last.column === column) last.text += ` ${piece.text}`;
    else merged.push({ column, at: piece.at, text: piece.text });
  }
  return merged.every((piece) => add(piece.column, piece.at, piece.text)) ? cells : null;
}
