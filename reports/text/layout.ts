// Plain-text layout: wrapping at a width without ever cutting a word, and labelled paragraphs.

/** Columns of everything that may be mailed (submitting-patches). */
export const MAIL_WIDTH = 75;

/**
 * Lines of at most `width` columns. The first starts with `first`, the others with `rest`. A word longer than the
 * room that is left stands on a line of its own, whole: symbol names are never cut.
 */
export function wrap(text: string, first: string, rest: string, width = MAIL_WIDTH): string[] {
  const lines: string[] = [];
  let line = first;
  let blank = true;
  for (const word of text.split(/\s+/).filter((w) => w !== '')) {
    if (!blank && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      blank = true;
    }
    line += blank ? word : ` ${word}`;
    blank = false;
  }
  if (!blank) lines.push(line);
  return lines;
}

/** A paragraph behind a label: `From      dmesg.txt, lines 7-16`, with the text hanging at column `indent`. */
export function labelled(label: string, text: string, indent = 10, width = MAIL_WIDTH): string[] {
  return wrap(text, `${label.padEnd(indent - 1)} `, ' '.repeat(indent), width);
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}

/** `1 task`, `2 tasks`, `1 240 events`: a count with its noun; thin groups of three digits as on the screens. */
export function count(n: number, noun: string): string {
  return `${grouped(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** 1234567 as `1 234 567`. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/** The start of an id that is enough to name it on a screen, as git does. */
export function shortId(id: string): string {
  return id.slice(0, 7);
}

/** The name of a file without its folders: paths are nobody's business in a mail. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Ends every line with a newline and drops trailing blanks. */
export function page(lines: readonly string[]): string {
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
