// Canonical JSON: object keys in code-unit order, so that equal values are equal texts.

/**
 * JSON text of a value with sorted keys. Members that are undefined are left out, as JSON.stringify does.
 *
 * @param indent spaces per level; 0 (the default) puts everything on one line.
 * @throws on what JSON cannot say: bigint, function, symbol, NaN and infinities, and undefined outside an object.
 */
export function canonicalJson(value: unknown, indent = 0): string {
  return write(value, indent === 0 ? '' : '\n', ' '.repeat(indent), indent === 0 ? ':' : ': ');
}

function write(value: unknown, newline: string, step: string, colon: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error(`canonicalJson: ${value} is not a JSON number`);
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') throw new Error(`canonicalJson: a ${typeof value} is not JSON`);
  const inner = newline === '' ? '' : newline + step;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const items = value.map((item) => inner + write(item, inner, step, colon));
    return `[${items.join(',')}${newline}]`;
  }
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member: unknown = (value as Readonly<Record<string, unknown>>)[key];
    if (member === undefined) continue;
    members.push(`${inner}${JSON.stringify(key)}${colon}${write(member, inner, step, colon)}`);
  }
  return members.length === 0 ? '{}' : `{${members.join(',')}${newline}}`;
}
