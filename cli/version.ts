// The version of relock, read from package.json.
import { readFileSync } from 'node:fs';

/** As in package.json; the file lies one folder up in the sources and two up in dist. */
export function version(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      const { name, version: number } = JSON.parse(text) as { name?: string; version?: string };
      if (name === 'relock' && number !== undefined) return number;
    } catch {
      // Not there: try the next place.
    }
  }
  return '0.0.0';
}
