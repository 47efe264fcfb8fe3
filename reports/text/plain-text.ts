// Keeps what strangers put into names (escape sequences, control characters) from reaching a terminal, a file or a page.

/** Control characters but tab and newline, C1 ones and DEL included, and those that turn the direction of text. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** The sequences that relock itself writes, on a terminal only: bold on, all off, home and clear. */
const OWN = /(\u001b\[(?:1m|0m|H\u001b\[2J))/;

function shown(character: string): string {
  const code = character.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
}

/** The text with every control character written out as `\x1b`. `terminal`: relock's own sequences stay. */
export function plainText(text: string, terminal = false): string {
  if (text.search(CONTROL) === -1) return text;
  if (!terminal) return text.replace(CONTROL, shown);
  return text
    .split(OWN)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(CONTROL, shown)))
    .join('');
}

/** As `plainText`, with tabs and newlines written out too: for names that must stay on their line. */
export function plainName(text: string): string {
  return plainText(text).replace(/[\t\n]/g, shown);
}
