// The limits that every page of a witness tells stand in docs/limits.md as well.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LIMITS } from './limits.js';

it('docs/limits.md says what the pages say', () => {
  const page = readFileSync(new URL('../docs/limits.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
  expect(LIMITS.length).toBeGreaterThan(3);
  for (const sentence of LIMITS) expect(page).toContain(sentence);
});
