// Further scenarios of the series beside the rows of the matrix: races, windows, recursion, depth, zPCI, pciehp, kernfs.
import { made } from './case.js';
import { DEPTHS } from './cases-depth.js';
import { S390 } from './cases-s390.js';
import type { Scenario } from './compose.js';
import {
  bindStore,
  deviceRescanStore,
  driverDetach,
  numvfsStore,
  removeStore,
  removeStoreActive,
  unbindStore,
} from './paths.js';
import { pciehpUnplug, resetStore, zpciUnplug } from './paths-hotplug.js';
import { recoverStore } from './paths-s390.js';
import { type Version, versionOf } from './versions.js';

const [V0, V1, V2, V9, V10, V11] = (['V0', 'V1', 'V2', 'V9', 'V10', 'V11'] as const).map(versionOf) as [
  Version,
  Version,
  Version,
  Version,
  Version,
  Version,
];

const REVERT = 'said in 20251216-revert_sriov_lock-v3-{1,2}-dac4925a7621@linux.ibm.com [T]';

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
