// Tests of recordings that tell of one lock twice: by a call of a lock function without address, and by a lock event in it.
import { describe, expect, it } from 'vitest';
import { EVENT_KINDS } from '../../corpus/schema/event.js';
import { importSource } from '../import.js';
import { sourceOf } from '../source.js';

const line = (text: string, i: number): string =>
  `     pci-remover-408   [000]   340.30${String(1000 + i)}: ${text}`;
const entry = (text: string): string => `funcgraph_entry:                   |  ${text}`;
const exit = (depth: number): string => `funcgraph_exit:       + 35.453 us  |  ${' '.repeat(2 * depth)}}`;

const REPORT = [
  'cpus=1',
  ...[
    entry('remove_store() {'),
    entry('  device_release_driver_internal() {'),
    entry('    mutex_lock_nested() {'),
    'lock_acquire:         0x28291e8 &dev->mutex',
    exit(2),
    entry('    mutex_unlock() {'),
    'lock_release:         0x28291e8 &dev->mutex',
    exit(2),
    exit(1),
    exit(0),
  ].map(line),
  '',
].join('\n');

describe('a lock event inside the call of a lock function', () => {
  it('is the one account of that lock, with the call chain as its place', async () => {
    const imported = await importSource(sourceOf('x.report.txt', Buffer.from(REPORT)));
    if (!imported.ok) throw new Error(imported.problem.title);
    const { locks, classes, sites, events, episodes } = imported.capture;
    expect(locks.map((lock) => [classes[lock.class]!.name, lock.address !== null])).toEqual([
      ['&dev->mutex', true],
    ]);
    expect(episodes.map((episode) => episode.basis)).toEqual(['recorded']);
    const kinds = [...events.kind].map((kind, i) => [EVENT_KINDS[kind], sites[events.site[i]!]?.at]);
    expect(kinds).toEqual([
      ['request', 'device_release_driver_internal'],
      ['acquire', 'device_release_driver_internal'],
      ['release', 'device_release_driver_internal'],
    ]);
  });
});
