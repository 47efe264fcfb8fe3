// Pieces of HTML and SVG: a tagged template in which every interpolated text is escaped, and shown without control characters.
import { html as escaping, raw } from 'hono/html';
import { plainText } from '../text/plain-text.js';

/** Markup that is already escaped. Only `html` and `trusted` make it. */
export interface Html {
  readonly isEscaped: true;
}

export type HtmlValue = Html | string | number | null | false | readonly HtmlValue[];

/** Strings are escaped, pieces of Html stand as they are, lists are joined, null and false are nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  // Without promises among the values hono answers at once.
  return escaping(strings, ...values.map(prepared)) as unknown as Html;
}

/** Markup of our own that must not be escaped: a style sheet, a script. Never a text from outside. */
export function trusted(markup: string): Html {
  return raw(markup) as unknown as Html;
}

function prepared(value: HtmlValue): unknown {
  if (typeof value === 'string') return plainText(value);
  if (value === null || value === false) return '';
  return Array.isArray(value) ? value.map(prepared) : value;
}
