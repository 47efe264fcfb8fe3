// One scenario beside the rows of the matrix: what all of them have in common.
import type { Scenario } from './compose.js';
import type { Path } from './paths.js';
import type { Version } from './versions.js';

/** VFs are on, a driver is bound, everything is in its list. */
export const UP = ['bound', 'on', 'vf', 'pf'];

/** A scenario in which everything is up at the start, unless `change` says otherwise. */
export function made(
  name: string,
  about: readonly string[],
  version: Version,
  paths: readonly Path[],
  expect: readonly string[],
  change: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    about: [...about, 'Generated; the paths stand beside this file.'],
    paths,
    set: UP,
    rules: version.reentrant ? ['reentrant'] : [],
    expect,
    ...change,
  };
}
