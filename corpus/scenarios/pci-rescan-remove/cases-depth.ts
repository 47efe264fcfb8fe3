// The depth rule of the reentrant rescan lock: owner and count, and what happens to releases that do not fit.
import { made } from './case.js';
import type { Scenario } from './compose.js';
import { type Path, step } from './paths.js';
import { versionOf } from './versions.js';

const V14B = versionOf('V14B');

const take = (lock: string, site = 'pci_lock_rescan_remove'): string => step(`lock ${lock}`, site);
const give = (lock: string, site = 'pci_unlock_rescan_remove'): string => step(`unlock ${lock}`, site);
const D = 'device_lock';
const path = (task: string, ...body: string[]): Path => ({ task, function: task, body });
const DEPTH =
  'The depth rule of the reentrant rescan lock (owner and count; v12 to v14, 2/2 hunk of probe.c):';
/** Nobody else may be inside. */
const inside = [
  step('require !inside', 'critical section'),
  step('set inside', 'critical section'),
  step('clear inside', 'critical section'),
];
const depth = (name: string, what: string, paths: readonly Path[], expect: readonly string[]): Scenario =>
  made(name, [`${DEPTH} ${what}`], V14B, paths, expect, { set: [] });
export const DEPTHS: readonly Scenario[] = [
  depth(
    'depth-counts',
    'the first release of two leaves the owner inside.',
    [
      path('owner', take('R'), take('R'), give('R'), ...inside, give('R')),
      path('other', take('R'), ...inside, give('R')),
    ],
    [],
  ),
  depth(
    'depth-not-counted',
    'what would happen if the first release freed it: the other gets in between.',
    [path('owner', take('R'), give('R'), ...inside), path('other', take('R'), ...inside, give('R'))],
    ['violated other', 'violated owner'],
  ),
  depth(
    'depth-wrong-order',
    'releases in the wrong order, R given back before D, are no deadlock by themselves.',
    [
      path('owner', take('R'), take('D', D), give('R'), give('D', 'device_unlock')),
      path('other', take('R'), take('D', D), give('D', 'device_unlock'), give('R')),
    ],
    [],
  ),
  depth(
    'depth-wrong-order-inner',
    'the inner R is given back behind D: for the count it does not matter which of its takings a release undoes.',
    [
      path('owner', take('R'), take('D', D), take('R'), give('D', 'device_unlock'), give('R'), give('R')),
      path('other', take('R'), take('D', D), give('D', 'device_unlock'), give('R')),
    ],
    [],
  ),
  depth(
    'depth-stranger',
    'a release by somebody who is not the owner is a violation (WARN_ON).',
    [path('owner', take('R'), give('R')), path('stranger', give('R'))],
    ['violated stranger'],
  ),
  depth(
    'depth-one-too-many',
    'one release more than takings is a violation (WARN_ON).',
    [path('owner', take('R'), take('R'), give('R'), give('R'), give('R'))],
    ['violated owner'],
  ),
  depth(
    'depth-one-too-few',
    'one release less than takings leaves the lock held for ever: the next one hangs, and there is no cycle.',
    [path('owner', take('R'), take('R'), give('R')), path('other', take('R'), give('R'))],
    ['stranded other'],
  ),
];
