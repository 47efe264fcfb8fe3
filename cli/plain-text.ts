// Keeps what strangers put into names (escape sequences, control characters) from reaching a terminal or a file.

/** Control characters but tab and newline, C1 ones and DEL included. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** The sequences that relock itself writes, on a terminal only: bold on, all off, home and clear. */
const OWN = /(\u001b\[(?:1m|0m|H\u001b\[2J))/;

function shown(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
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
