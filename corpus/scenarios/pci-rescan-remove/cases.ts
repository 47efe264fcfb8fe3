// Further scenarios of the series beside the rows of the matrix: races, windows, recursion, depth, zPCI, pciehp, kernfs.
import type { Scenario } from './compose.js';
import {
  bindStore,
  deviceRescanStore,
  driverDetach,
  numvfsStore,
  type Path,
  pciehpUnplug,
  removeStore,
  removeStoreActive,
  resetStore,
  step,
  unbindStore,
  zpciUnplug,
} from './paths.js';
import {
  recoverStore,
  releaseVf,
  releaseVfWithBus,
  zdevPutWithBus,
  zpciError,
  zpciPlugged,
  zpciReserved,
  zpciScan,
} from './paths-s390.js';
import { type Version, versionOf } from './versions.js';

const UP = ['bound', 'on', 'vf', 'pf'];
const [V0, V1, V2, V9, V10, V11, V14B] = (['V0', 'V1', 'V2', 'V9', 'V10', 'V11', 'V14B'] as const).map(
  versionOf,
) as [Version, Version, Version, Version, Version, Version, Version];

const REVERT = 'said in 20251216-revert_sriov_lock-v3-{1,2}-dac4925a7621@linux.ibm.com [T]';
const SERIES_S390 =
  'said in 5c06d6cf37dfc8ff6e8de35fdef4cd5652cdb8b9.1776868550.git.bblock@linux.ibm.com [T]';
const FIRST_S390 =
  'said in a2740ba8e0a0c4d0035a2d320170d2f3a245ed46.1772815642.git.bblock@linux.ibm.com, the first version of that patch [T]';

function made(
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

const RACE = ['violated kmcheck', 'violated rmmod'];
const doubleRemoval = (version: Version, expect: readonly string[]): Scenario =>
  made(
    `race-event-vs-rmmod.${version.tag.toLowerCase()}`,
    [
      "The race that the series began with: a zPCI event removes a VF while its PF's driver is unloaded.",
      `${version.tag}: ${version.title}`,
      REVERT,
    ],
    version,
    [zpciUnplug(version, 'vf'), driverDetach(version)],
    expect,
  );
const doubleRemovalNumvfs = (version: Version, expect: readonly string[]): Scenario =>
  made(
    `race-event-vs-numvfs.${version.tag.toLowerCase()}`,
    [
      'The same race through sysfs: a zPCI event removes a VF while sriov_numvfs is written.',
      `${version.tag}: ${version.title}`,
      REVERT,
    ],
    version,
    [zpciUnplug(version, 'vf'), numvfsStore(version)],
    expect,
  );

const window = (version: Version, expect: readonly string[]): Scenario =>
  made(
    `window-rebind-vfs.${version.tag.toLowerCase()}`,
    [
      'The window of v10 in full: a driver that binds in between and enables VFs brings the AB-BA back.',
      `${version.tag}: ${version.title}`,
      'said in the answer of Benjamin Block of 24 Mar 2026 that proposes kill_device() [T]; the AB-BA by search [S]',
    ],
    version,
    [removeStore(version, true), bindStore(version, true)],
    expect,
  );

/** V1, where only the rule of the lock is changed. */
const cured = { rules: ['reentrant'] };
const recursion: readonly Scenario[] = [
  made(
    'self-deadlock.v1',
    ['V1: remove_store() takes the rescan lock twice when VFs are on.', REVERT],
    V1,
    [removeStore(V1)],
    ['deadlock remover'],
  ),
  made(
    'self-deadlock.v1-reentrant',
    ['V1 with nothing changed but the rule of the lock: reentrancy cures the self-deadlock.', REVERT],
    V1,
    [removeStore(V1)],
    [],
    cured,
  ),
  made(
    'self-and-abba.v1',
    ['V1 beside unbind_store(): the self-deadlock, and an AB-BA.', REVERT],
    V1,
    [removeStore(V1), unbindStore(V1)],
    ['deadlock remover', 'deadlock remover unbinder'],
  ),
  made(
    'self-and-abba.v1-reentrant',
    [
      'V1 with nothing changed but the rule of the lock: reentrancy cures the self-deadlock and leaves the AB-BA.',
    ],
    V1,
    [removeStore(V1), unbindStore(V1)],
    ['deadlock remover unbinder'],
    cured,
  ),
];

const take = (lock: string, site = 'pci_lock_rescan_remove'): string => step(`lock ${lock}`, site);
const give = (lock: string, site = 'pci_unlock_rescan_remove'): string => step(`unlock ${lock}`, site);
const D = 'device_lock';
const path = (task: string, ...body: string[]): Path => ({ task, function: task, body });
const DEPTH =
  'The depth rule of the reentrant rescan lock (owner and count; v12 to v14, 2/2 hunk of probe.c):';
const inside = (task: string): string[] => [
  step('require !inside', 'critical section'),
  step('set inside', 'critical section'),
  step('clear inside', 'critical section'),
  ...(task === '' ? [] : []),
];
const depth = (name: string, what: string, paths: readonly Path[], expect: readonly string[]): Scenario =>
  made(name, [`${DEPTH} ${what}`], V14B, paths, expect, { set: [] });
const DEPTHS: readonly Scenario[] = [
  depth(
    'depth-counts',
    'the first release of two leaves the owner inside.',
    [
      path('owner', take('R'), take('R'), give('R'), ...inside('owner'), give('R')),
      path('other', take('R'), ...inside('other'), give('R')),
    ],
    [],
  ),
  depth(
    'depth-not-counted',
    'what would happen if the first release freed it: the other gets in between.',
    [
      path('owner', take('R'), give('R'), ...inside('owner')),
      path('other', take('R'), ...inside('other'), give('R')),
    ],
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

const s390 = (
  name: string,
  what: string,
  version: Version,
  paths: readonly Path[],
  expect: readonly string[],
  said = SERIES_S390,
): Scenario => made(name, [what, `${version.tag}: ${version.title}`, said], version, paths, expect);
const A = '(A) An event drops the last reference to a function while sriov_numvfs is written.';
const B = '(B) A plugged function whose bus is dropped again, while sriov_numvfs is written.';
const C =
  '(C) The VF is the last function of its bus: even without R for the resources, R comes behind A and B.';
const SCAN =
  'Three threads: a scan keeps zbus_list_lock, a recovery releases VFs under R, a put drops a bus under A.';
const S390: readonly Scenario[] = [
  s390(
    's390-a.before',
    A,
    V9,
    [zpciReserved(V9), numvfsStore(V9, releaseVf(V9))],
    ['deadlock kmcheck setter'],
  ),
  s390('s390-a.after', A, V14B, [zpciReserved(V14B), numvfsStore(V14B, releaseVf(V14B))], []),
  s390(
    's390-b.before',
    B,
    V9,
    [zpciPlugged(V9), numvfsStore(V9, releaseVf(V9))],
    ['deadlock kmcheck setter'],
  ),
  s390('s390-b.after', B, V14B, [zpciPlugged(V14B), numvfsStore(V14B, releaseVf(V14B))], []),
  s390(
    's390-b-recursion.before',
    '(B) of the first version: the thread that writes sriov_numvfs alone, with a plain lock: R, A, R.',
    V2,
    [numvfsStore(V2, releaseVf(V2))],
    ['deadlock setter'],
    FIRST_S390,
  ),
  s390(
    's390-b-recursion.after',
    '(B) of the first version: the same with the reentrant lock.',
    V9,
    [numvfsStore(V9, releaseVf(V9))],
    [],
    FIRST_S390,
  ),
  s390('s390-c.before', C, V2, [numvfsStore(V2, releaseVfWithBus(V2))], ['deadlock setter'], FIRST_S390),
  s390(
    's390-c-event.before',
    `${C} "(C) offers the same risk as (A)": beside an event.`,
    V9,
    [zpciPlugged(V9), numvfsStore(V9, releaseVfWithBus(V9))],
    ['deadlock kmcheck setter'],
    FIRST_S390,
  ),
  s390('s390-c.after', C, V14B, [numvfsStore(V14B, releaseVfWithBus(V14B))], [], FIRST_S390),
  s390(
    's390-c-event.after',
    `${C} Beside an event.`,
    V14B,
    [zpciPlugged(V14B), numvfsStore(V14B, releaseVfWithBus(V14B))],
    [],
    FIRST_S390,
  ),
  s390(
    's390-scan.before',
    SCAN,
    V0,
    [zpciScan(true), recoverStore(), zdevPutWithBus()],
    ['deadlock kmcheck putter recoverer'],
    'said in 4cb92fa76382 "s390/pci: Fix cyclic dead-lock in zpci_zdev_put() and zpci_scan_devices()" [T]',
  ),
  s390(
    's390-scan.after',
    `${SCAN} Mended: the scan does not keep it.`,
    V0,
    [zpciScan(false), recoverStore(), zdevPutWithBus()],
    [],
    'said in 4cb92fa76382 "s390/pci: Fix cyclic dead-lock in zpci_zdev_put() and zpci_scan_devices()" [T]',
  ),
  s390(
    's390-error-vs-recover',
    'An error event takes D behind the state lock, recover_store R behind it: one gate, no cycle.',
    V11,
    [zpciError(), recoverStore()],
    [],
    'derived from arch/s390/pci/pci_event.c and pci_sysfs.c [A]',
  ),
  s390(
    's390-error-vs-remove',
    'An error event (S, D) beside remove_store (D, R; then R, D): no cycle, as the event takes no R.',
    V11,
    [zpciError(), removeStore(V11)],
    [],
    'derived from arch/s390/pci/pci_event.c [A]',
  ),
];

const RESET =
  'pciehp hot-unplug (reset_lock, then device_lock) beside a reset of the PF (device_lock, then reset_lock).';
const WUNNER =
  'said in Lukas Wunner, "PCI: pciehp: Fix AB-BA deadlock between reset_lock and device_lock" [T]';
const PCIEHP: readonly Scenario[] = [
  made(
    'pciehp-reset-lock.before',
    [RESET, 'Before: reset_lock is kept while drivers are unbound.', WUNNER],
    V0,
    [pciehpUnplug(V0, false), resetStore()],
    ['deadlock irq-pciehp resetter'],
  ),
  made(
    'pciehp-reset-lock.after',
    [RESET, 'After: reset_lock is dropped around each removal.', WUNNER],
    V0,
    [pciehpUnplug(V0, true), resetStore()],
    [],
  ),
];

const KERNFS = 'kernfs active references against pci_rescan_remove_lock:';
const KERNFS_SOURCE = 'fs/kernfs/dir.c kernfs_drain(), kernfs_remove_self(); derived [A]';
const ACTIVE: readonly Scenario[] = [
  made(
    'kernfs-device-rescan',
    [
      `${KERNFS} a write to PF/rescan holds its attribute and wants R; a removal holds R and drains it.`,
      KERNFS_SOURCE,
    ],
    V11,
    [pciehpUnplug(V11), deviceRescanStore()],
    ['deadlock irq-pciehp rescanner'],
  ),
  made(
    'kernfs-remove.before',
    [`${KERNFS} a remove_store() that kept the active reference to its own attribute.`, KERNFS_SOURCE],
    V2,
    [pciehpUnplug(V2), removeStoreActive(V2, false)],
    ['deadlock irq-pciehp remover', 'deadlock remover'],
  ),
  made(
    'kernfs-remove.after',
    [`${KERNFS} device_remove_file_self() gives it up first.`, KERNFS_SOURCE],
    V2,
    [pciehpUnplug(V2), removeStoreActive(V2, true)],
    [],
  ),
  made(
    'kernfs-recover.before',
    [`${KERNFS} a recover_store() that kept the active reference to its own attribute.`, KERNFS_SOURCE],
    V2,
    [zpciUnplug(V2), recoverStore(false)],
    ['deadlock kmcheck recoverer'],
  ),
  made(
    'kernfs-recover.after',
    [`${KERNFS} sysfs_break_active_protection() gives it up first.`, KERNFS_SOURCE],
    V2,
    [zpciUnplug(V2), recoverStore(true)],
    [],
  ),
];

/** Everything beside the rows, in no particular order. */
export const CASES: readonly Scenario[] = [
  doubleRemoval(V0, RACE),
  doubleRemoval(V1, []),
  doubleRemoval(V2, RACE),
  doubleRemoval(V9, []),
  doubleRemovalNumvfs(V0, ['violated kmcheck', 'violated setter']),
  doubleRemovalNumvfs(V2, []),
  window(V10, ['deadlock binder remover', 'violated remover']),
  window(V11, []),
  ...recursion,
  ...DEPTHS,
  ...S390,
  ...PCIEHP,
  ...ACTIVE,
];
