// What two runs of one campaign must have in common, and programs on which that says something; for the tests.
import { decodeCheckpoint } from '../corpus/pack/checkpoint.js';
import { openStore } from '../corpus/store/open.js';
import type { CampaignState } from '../engine/campaign/state.js';
import type { Bench } from './spawned.laws.js';

/** Signatures that `storeTangles` holds at least. */
export const TANGLED = 6;

/**
 * Stores logs and programs with several signatures: some are found by replay, some by search or prediction; and one
 * program that nobody searches to its end, so that a campaign always goes on to fuzz.
 */
export function storeTangles(bench: Bench, db: string): void {
  const logs = [
    'x86_64-abba-splat.log',
    'x86_64-irq-inversion-splat.log',
    'x86_64-sriov-numvfs-vs-remove-hung.log',
    'x86_64-remove-recursive-hung.log',
  ].map((sample) => bench.sample(sample));
  bench.write('odd.litmus', oddLitmus());
  const { code, stderr } = bench.relock(['import', ...logs, 'odd.litmus', '--db', db, '-q']);
  if (code !== 0) throw new Error(`set-up failed: ${stderr}`);
}

/**
 * Ten tasks that take pairs of ten locks, more states than anybody searches. Three of them are at odds with the others
 * about a pair each, so that there is something to find late.
 */
export function oddLitmus(): string {
  const ids = 'ABCDEFGHIJ'.split('');
  const odd = new Map([
    [2, 'BA'],
    [5, 'EC'],
    [8, 'IH'],
  ]);
  const pair = (a: string, b: string): string[] => [
    `  lock ${a}`,
    `  lock ${b}`,
    `  unlock ${b}`,
    `  unlock ${a}`,
  ];
  const sections = (task: number): string[] => [
    ...ids.flatMap((_, i) => {
      const at = (i + task) % 9;
      return pair(ids[at] ?? 'A', ids[at + 1] ?? 'B');
    }),
    ...(odd.has(task) ? pair(odd.get(task)?.[0] ?? 'A', odd.get(task)?.[1] ?? 'B') : []),
  ];
  return [
    'litmus 1 odd',
    ...ids.map((id) => `lock ${id} mutex`),
    ...ids.flatMap((_, t) => [`task t${t}`, ...sections(t)]),
    '',
  ].join('\n');
}

/** All that a campaign knows, but how long it took and what time of the day it was. */
export interface CampaignEssence {
  readonly signatures: readonly string[];
  readonly state: unknown;
}

export function outcomeOf(path: string, name: string): CampaignEssence {
  const opened = openStore(path, { mode: 'read' });
  if (!opened.ok) throw new Error(opened.problem.title);
  try {
    const stored = opened.store.campaign(name);
    if (stored === null) throw new Error(`there is no campaign ${name}`);
    const decoded = decodeCheckpoint(stored.state);
    if (!decoded.ok) throw new Error(decoded.problem.title);
    const { ms: _, claims, witnesses, ...state } = decoded.value as CampaignState;
    const timeless = {
      ...state,
      claims: claims.map(({ foundAt: _foundAt, ...claim }) => claim),
      witnesses: witnesses.map(({ found_at: _found, ...witness }) => witness),
    };
    return {
      signatures: opened.store
        .witnesses()
        .map((w) => w.signature)
        .sort(),
      state: timeless,
    };
  } finally {
    opened.store.close();
  }
}
