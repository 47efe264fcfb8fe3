// The versions of the rescan/remove series: what each of them changes, as features that the paths ask about.

export const VERSION_TAGS = ['V0', 'V1', 'V2', 'V9', 'V10', 'V11', 'V14B'] as const;
export type VersionTag = (typeof VERSION_TAGS)[number];

/** What a version does, feature by feature. */
export interface Version {
  readonly tag: VersionTag;
  readonly title: string;
  /** `pci_lock_rescan_remove()` counts how often its owner took it. */
  readonly reentrant: boolean;
  /** `pci_rescan_remove_lock` is taken inside sriov_add_vfs() and sriov_del_vfs(). */
  readonly lockInVfs: boolean;
  /** `pci_rescan_remove_lock` is taken in sriov_numvfs_store() around ->sriov_configure(). */
  readonly lockInNumvfs: boolean;
  /** remove_store() calls device_release_driver() before it takes `pci_rescan_remove_lock`. */
  readonly releaseFirst: boolean;
  /** remove_store() marks the device dead before that, so that nothing can bind any more. */
  readonly killFirst: boolean;
  /** zPCI takes `pci_rescan_remove_lock` before `zpci_add_remove_lock` and `zbus_list_lock` in every chain. */
  readonly blockOrder: boolean;
  /** Message-Id or commit. */
  readonly source: string;
}

const BEFORE: Omit<Version, 'tag' | 'title' | 'source'> = {
  reentrant: false,
  lockInVfs: false,
  lockInNumvfs: false,
  releaseFirst: false,
  killFirst: false,
  blockOrder: false,
};

export const VERSIONS: readonly Version[] = [
  { ...BEFORE, tag: 'V0', title: 'before 05703271c3cd', source: 'drivers/pci/iov.c before 05703271c3cd' },
  {
    ...BEFORE,
    tag: 'V1',
    title: '05703271c3cd: plain lock inside sriov_add_vfs() and sriov_del_vfs()',
    lockInVfs: true,
    source: '20251216-revert_sriov_lock-v3-1-dac4925a7621@linux.ibm.com',
  },
  {
    ...BEFORE,
    tag: 'V2',
    title: 'revert, and a5338e365c45: plain lock in sriov_numvfs_store()',
    lockInNumvfs: true,
    source: '20251216-revert_sriov_lock-v3-2-dac4925a7621@linux.ibm.com',
  },
  {
    ...BEFORE,
    tag: 'V9',
    title: 'v9: the lock is reentrant, inside sriov_add_vfs() and sriov_del_vfs()',
    reentrant: true,
    lockInVfs: true,
    source: '20260310074303.17480-1-ionut.nechita@windriver.com',
  },
  {
    ...BEFORE,
    tag: 'V10',
    title: 'v10: as v9; remove_store() releases the driver before it locks',
    reentrant: true,
    lockInVfs: true,
    releaseFirst: true,
    source: '20260318210316.61975-1-ionut.nechita@windriver.com',
  },
  {
    ...BEFORE,
    tag: 'V11',
    title: 'v11 to v14: as v10, with kill_device() before it',
    reentrant: true,
    lockInVfs: true,
    releaseFirst: true,
    killFirst: true,
    source: '20260326083534.23602-3-ionut.nechita@windriver.com',
  },
  {
    ...BEFORE,
    tag: 'V14B',
    title: "v14 with Benjamin Block's v4 3/3 on top",
    reentrant: true,
    lockInVfs: true,
    releaseFirst: true,
    killFirst: true,
    blockOrder: true,
    source: '5c06d6cf37dfc8ff6e8de35fdef4cd5652cdb8b9.1776868550.git.bblock@linux.ibm.com',
  },
];

/** The version of a tag. Throws for a tag that is not in the list: our own bug. */
export function versionOf(tag: VersionTag): Version {
  const found = VERSIONS.find((version) => version.tag === tag);
  if (found === undefined) throw new Error(`there is no version ${tag}`);
  return found;
}
