// Assets: the style sheets and browser scripts that stand beside this file, read once; nothing is ever fetched.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The folder holds the same files in the sources and in the build. */
const FOLDER = new URL('./assets/', import.meta.url);

export const ASSETS = ['page.css', 'picture.css', 'witness.js', 'explorer.js'] as const;
export type Asset = (typeof ASSETS)[number];

const read = new Map<Asset, string>();

/** The text of an asset. */
export function asset(name: Asset): string {
  const known = read.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(name, FOLDER), 'utf8');
  read.set(name, text);
  return text;
}

/** `'sha256-...'`: how a content security policy names an inline style or script. */
export function policyHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
