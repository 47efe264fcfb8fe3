// Tests of the lock files of /proc: numbered samples, what chains tell of trylocks, and files of real kernels.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerCapture } from '../../engine/lower/lower.js';
import { captureOf, sampleTests } from '../testdata/sample-laws.laws.js';
import { cyclesOf, edgesOf, type LockChain, stepsOf } from './chain-orders.js';

const SHARED = join(import.meta.dirname, '../../../shared');
const CHAINS = readFileSync(join(import.meta.dirname, '../testdata/proc/01-lockdep-chains.txt'), 'utf8');

sampleTests('proc');

describe('lock chains', () => {
  it('show the order of a class that lockdep does not validate, both ways round, with its caveat', async () => {
    const capture = await captureOf(CHAINS);
    const episode = capture.episodes.find((one) => one.origin === 'lock chains');
    expect(episode?.basis).toBe('aliased');
    expect(episode?.assumes).toEqual([
      'the tasks mean the same `&dev->mutex`: the chains compare classes, not objects',
      expect.stringContaining('lockdep does not validate this class'),
    ]);
    const { programs } = lowerCapture(capture);
    expect(programs.map((lowered) => lowered.basis)).toEqual(['aliased']);
    expect(programs[0]?.program.locks.map((lock) => lock.class).sort()).toEqual([
      '&dev->mutex',
      'pci_rescan_remove_lock',
    ]);
  });

  it('take a member whose prefix is no chain for a trylock, which closes no cycle', async () => {
    // &x->mutex then &x->try_lock stands in a chain, but none ends in that: with it there would be a second cycle.
    const [steps] = [stepsOf([chain([0, 1, 2]), chain([1, 0]), chain([1]), chain([0]), chain([2])])];
    expect(steps[0]).toEqual(['blocking', 'try', 'blocking']);
    const ordered = await captureOf(
      `${CHAINS}irq_context: 0\n[00000000a11c0005] &x->mutex\n[00000000a11c0004] &x->try_lock\n\n`,
    );
    expect(ordered.episodes.filter((one) => one.origin === 'lock chains').length).toBe(2);
  });

  it('that follow one total order have no cycle; every cycle found is one', () => {
    const anyChains = fc.array(fc.uniqueArray(fc.nat(6), { minLength: 1, maxLength: 4 }), { maxLength: 12 });
    fc.assert(
      fc.property(anyChains, (lists) => {
        const all = lists.map(chain);
        const waits = Array.from({ length: 7 }, () => true);
        const edges = edgesOf(all, stepsOf(all), waits);
        for (const cycle of cyclesOf(edges, 7))
          cycle.forEach((held, i) => {
            expect(edges.has(held * 7 + cycle[(i + 1) % cycle.length]!)).toBe(true);
          });
        const sorted = lists.map((list) => chain([...list].sort((a, b) => a - b)));
        expect(cyclesOf(edgesOf(sorted, stepsOf(sorted), waits), 7)).toEqual([]);
      }),
    );
  });
});

function chain(classes: readonly number[]): LockChain {
  return { context: 'task', classes, lines: classes.map((_, i) => i + 1) };
}

describe.skipIf(!existsSync(SHARED))('files of real kernels (../shared)', () => {
  const log = 'formats-samples/log/amd64-6.12-lockdep-';
  it.each([
    [`${log}lockdep.txt`, /^[0-9a-f]+ FD:/gm, 'class'],
    [`${log}lockdep.txt`, /^ -> \[/gm, 'dependency'],
    [`${log}lock_stat.txt`, /^ *\S.*: +\d+ +\d+ +[\d.]+ /gm, 'class'],
    ['captures/x86_64/zoo-lockdep.txt', /^[0-9a-f]+ FD:/gm, 'class'],
    ['captures/s390x/zoo-lockdep.txt', /^ -> \[/gm, 'dependency'],
    ['captures/s390x/zoo-lock_stat.txt', /^ *\S.*: +\d+ +\d+ +[\d.]+ /gm, 'class'],
  ])('%s: as many as grep counts', async (name, pattern, event) => {
    const text = readFileSync(join(SHARED, name), 'utf8');
    const capture = await captureOf(text);
    expect(capture.byEvent[event]).toBe(text.match(pattern)?.length);
  });

  it('chains of a stock kernel take &dev->mutex inside and outside one of its locks', async () => {
    const text = readFileSync(join(SHARED, `${log}lockdep_chains.txt`), 'utf8');
    const capture = await captureOf(text);
    // The file is cut at 200,000 bytes: the chain at the cut is told and left out.
    expect(capture.byEvent['chain']).toBe(text.match(/^irq_context/gm)!.length - 1);
    expect(capture.skipped.map((skip) => skip.stat)).toEqual(['chain_line_unreadable']);
    const { programs } = lowerCapture(capture);
    expect(programs.length).toBeGreaterThan(0);
    for (const { program, basis } of programs) {
      expect(basis).toBe('aliased');
      expect(program.locks.map((lock) => lock.class)).toContain('&dev->mutex');
    }
  });
});
if (!existsSync(SHARED)) console.warn('proc: ../shared is missing, files of real kernels were not read');
