// Litmus mail: finds the lines of litmus texts in a mail, free of quoting, scissors, signatures and odd blanks.

export interface TextLine {
  /** 1-based line of the whole. */
  readonly line: number;
  /** Without quoting, comment kept, blanks at both ends removed. */
  readonly text: string;
}

const HEADER = /^litmus\s+\d+(?:\s|$)/;
/** As `git mailinfo --scissors` has them: dashes, blanks and a mark, perhaps with words behind. */
const SCISSORS = /^[-\s]*(?:8<|>8|%<|>%|\u2702)/;
const QUOTING = /^(?:\s*>)+ ?/;
const ODD_BLANKS = /[\t\u00a0\u2007\u202f]/g;
const INVISIBLE = /[\u200b\u2060\ufeff]/g;

/** The lines of each litmus text, from its `litmus` line to the next text, scissors, fence, signature or the end. */
export function findTexts(text: string): TextLine[][] {
  const texts: TextLine[][] = [];
  let open: TextLine[] | null = null;
  text.split(/\r\n|\n|\r/).forEach((raw, index) => {
    const plain = raw.replace(INVISIBLE, '').replace(ODD_BLANKS, ' ');
    // A line that is nothing but `>8 ----` is scissors, not a quoted `8 ----`.
    const unquoted = /^\s*>8\s*-/.test(plain) ? plain : plain.replace(QUOTING, '');
    const line = unquoted.trim();
    if (HEADER.test(line)) {
      open = [];
      texts.push(open);
    } else if (SCISSORS.test(line) || line === '--' || line.startsWith('```')) {
      open = null;
    }
    if (open !== null && line !== '') open.push({ line: index + 1, text: line });
  });
  return texts;
}

/** Splits off the comment: it starts at a `#` at the start of the line or behind a blank (`kn->active#4` has none). */
export function splitComment(text: string): { readonly body: string; readonly comment: string } {
  const at = /(?:^|\s)#/.exec(text);
  if (at === null) return { body: text.trim(), comment: '' };
  return { body: text.slice(0, at.index).trim(), comment: text.slice(at.index + at[0].length).trim() };
}
