// The rows of the matrix: which paths meet, what the account of the mails says of each version, and what is expected.
import {
  bindStore,
  driverLoad,
  numvfsStore,
  type Path,
  removeBridge,
  removeStore,
  rescanStore,
  unbindStore,
} from './paths.js';
import { pciehpUnplug, zpciUnplug } from './paths-hotplug.js';
import { releaseVf, zpciReserved } from './paths-s390.js';
import type { Version, VersionTag } from './versions.js';

/** How an end is called in the matrix. */
export const CELL_WORDS = ['none', 'self', 'AB-BA', 'race', 'window'] as const;
export type CellWord = (typeof CELL_WORDS)[number];

/** What is claimed of one row in one version. */
export interface Cell {
  /** What is expected: empty for none. */
  readonly words: readonly CellWord[];
  /** As the account of the thread has it, with its mark: [T] said or shown there, [A] derived from it, [S] by search. */
  readonly says: string;
  /** Where the search finds another end than the account says: why. */
  readonly differs?: string;
}

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly paths: (version: Version) => readonly Path[];
  /** Flags set at the start. */
  readonly set: readonly string[];
  /** Tasks that may run into themselves, in one version or another. */
  readonly alone: readonly string[];
  /** The two tasks of the AB-BA and of the race. */
  readonly pair: readonly [string, string] | null;
  readonly cells: Readonly<Record<VersionTag, Cell>>;
  /** A further program of this row and version, whose end is called `window`. */
  readonly window?: {
    readonly versions: readonly VersionTag[];
    readonly paths: (v: Version) => readonly Path[];
  };
  readonly source: string;
}

/** VFs are on, a driver is bound, everything is in its list. */
const UP = ['bound', 'on', 'vf', 'pf'];

const none = (says: string): Cell => ({ words: [], says });
const cell = (says: string, ...words: CellWord[]): Cell => ({ words, says });

const WALKS_VFS =
  'the account has no race here; the search finds it: pci_stop_bus_device() on the bridge removes the VFs first, under ' +
  'R alone, and sriov_del_vfs() removes them under D alone, as in row 4 V0';

const UNPLUG_UNBIND: Readonly<Record<VersionTag, Cell>> = {
  V0: cell('race: double VF removal [T]', 'race'),
  V1: cell('AB-BA [A]; the unplug alone: self, as row 1 [T]', 'self', 'AB-BA'),
  V2: cell('race, as V0 [A]', 'race'),
  V9: cell('AB-BA, known limitation [T]', 'AB-BA'),
  V10: cell('AB-BA, known limitation [T]', 'AB-BA'),
  V11: cell('AB-BA, known limitation [T]', 'AB-BA'),
  V14B: cell('AB-BA: Block orders R against A and B, not against D [A]', 'AB-BA'),
};
const UNPLUG_NUMVFS: Readonly<Record<VersionTag, Cell>> = {
  V0: cell('race [T]', 'race'),
  V1: cell('AB-BA [A]; the unplug alone: self, as row 1 [T]', 'self', 'AB-BA'),
  V2: cell('AB-BA [A]', 'AB-BA'),
  V9: cell('AB-BA [A]', 'AB-BA'),
  V10: cell('AB-BA [A]', 'AB-BA'),
  V11: cell('AB-BA [A]', 'AB-BA'),
  V14B: cell('AB-BA [A]', 'AB-BA'),
};
const UNPLUG_REMOVE: Readonly<Record<VersionTag, Cell>> = {
  V0: none('none'),
  V1: cell('self [T]', 'self'),
  V2: none('none'),
  V9: none('none'),
  V10: cell('AB-BA, new: remove_store now does D before R [A]', 'AB-BA'),
  V11: cell('AB-BA, as V10 [A]', 'AB-BA'),
  V14B: cell('AB-BA, as V10 [A]', 'AB-BA'),
};

export const ROWS: readonly Row[] = [
  {
    id: '1',
    title: 'remove_store(PF) alone, VFs on',
    paths: (v) => [removeStore(v)],
    set: UP,
    alone: ['remover'],
    pair: null,
    cells: {
      V0: none('none'),
      V1: cell('self: R inside R [T]', 'self'),
      V2: none('none'),
      V9: none('none'),
      V10: none('none'),
      V11: none('none'),
      V14B: none('none'),
    },
    source: '20251216-revert_sriov_lock-v3-1-dac4925a7621@linux.ibm.com',
  },
  {
    id: '2',
    title: 'remove_store(PF) || unbind_store(PF)',
    paths: (v) => [removeStore(v), unbindStore(v)],
    set: UP,
    alone: ['remover'],
    pair: ['remover', 'unbinder'],
    cells: {
      V0: none('none, both under D [A]'),
      V1: cell('AB-BA [A]; the remover alone: self, as row 1 [T]', 'self', 'AB-BA'),
      V2: none('none (but VF removal is not serialised with hotplug: row 4) [T]'),
      V9: cell('AB-BA [T]', 'AB-BA'),
      V10: cell('fixed; rebind window [T]', 'window'),
      V11: none('fixed [T]'),
      V14B: none('fixed [T]'),
    },
    window: {
      versions: ['V10', 'V11', 'V14B'],
      paths: (v) => [removeStore(v, true), unbindStore(v), bindStore(v)],
    },
    source:
      'Guenter Roeck, 0ca9e675-478c-411d-be32-e2d81439288f@roeck-us.net; Benjamin Block, ' +
      '20260317090149.GA3835708@chlorum.ategam.org',
  },
  {
    id: '3',
    title: 'remove_store(PF) || sriov_numvfs_store(PF)',
    paths: (v) => [removeStore(v), numvfsStore(v)],
    set: UP,
    alone: ['remover'],
    pair: ['remover', 'setter'],
    cells: {
      V0: none('none, both under D [A]'),
      V1: cell('AB-BA [A]; the remover alone: self, as row 1 [T]', 'self', 'AB-BA'),
      V2: cell("AB-BA, Guenter Roeck's report [T]", 'AB-BA'),
      V9: cell('AB-BA [A]', 'AB-BA'),
      V10: none('fixed [T]'),
      V11: none('fixed [T]'),
      V14B: none('fixed [T]'),
    },
    source:
      'Guenter Roeck, 0ca9e675-478c-411d-be32-e2d81439288f@roeck-us.net; comment in the hunk of v10 2/2',
  },
  {
    id: '4',
    title: 'hot-unplug of the PF (pciehp) || unbind_store(PF)',
    paths: (v) => [pciehpUnplug(v), unbindStore(v)],
    set: UP,
    alone: ['irq-pciehp'],
    pair: ['irq-pciehp', 'unbinder'],
    cells: UNPLUG_UNBIND,
    source: 'covers of v10 to v14 ("known limitation"); 20251216-revert_sriov_lock-v3-2 for the race',
  },
  {
    id: '4z',
    title: 'hot-unplug of the PF (zPCI event) || unbind_store(PF)',
    paths: (v) => [zpciUnplug(v), unbindStore(v)],
    set: UP,
    alone: ['kmcheck'],
    pair: ['kmcheck', 'unbinder'],
    cells: UNPLUG_UNBIND,
    source: 'covers of v10 to v14 ("known limitation"); arch/s390/pci/pci_event.c at 0261aef4b15e',
  },
  {
    id: '5',
    title: 'hot-unplug of the PF (pciehp) || sriov_numvfs_store(PF)',
    paths: (v) => [pciehpUnplug(v), numvfsStore(v)],
    set: UP,
    alone: ['irq-pciehp'],
    pair: ['irq-pciehp', 'setter'],
    cells: UNPLUG_NUMVFS,
    source: '20251216-revert_sriov_lock-v3-2-dac4925a7621@linux.ibm.com for the race',
  },
  {
    id: '5z',
    title: 'hot-unplug of the PF (zPCI event) || sriov_numvfs_store(PF)',
    paths: (v) => [zpciUnplug(v), numvfsStore(v)],
    set: UP,
    alone: ['kmcheck'],
    pair: ['kmcheck', 'setter'],
    cells: UNPLUG_NUMVFS,
    source: '20251216-revert_sriov_lock-v3-2-dac4925a7621@linux.ibm.com for the race',
  },
  {
    id: '6',
    title: 'hot-unplug of the PF (pciehp) || remove_store(PF), VFs on',
    paths: (v) => [pciehpUnplug(v), removeStore(v)],
    set: UP,
    alone: ['irq-pciehp', 'remover'],
    pair: ['irq-pciehp', 'remover'],
    cells: UNPLUG_REMOVE,
    source: 'derived; 20260326083534.23602-3-ionut.nechita@windriver.com for the order of remove_store',
  },
  {
    id: '6z',
    title: 'hot-unplug of the PF (zPCI event) || remove_store(PF), VFs on',
    paths: (v) => [zpciUnplug(v), removeStore(v)],
    set: UP,
    alone: ['kmcheck', 'remover'],
    pair: ['kmcheck', 'remover'],
    cells: UNPLUG_REMOVE,
    source: 'derived; 20260326083534.23602-3-ionut.nechita@windriver.com for the order of remove_store',
  },
  {
    id: '7',
    title: 'remove_store(bridge above PF) || unbind_store(PF)',
    paths: (v) => [removeBridge(v), unbindStore(v)],
    set: UP,
    alone: ['remover'],
    pair: ['remover', 'unbinder'],
    cells: {
      V0: { ...cell('none', 'race'), differs: WALKS_VFS },
      V1: cell('AB-BA [A]; the remover alone: self, as row 1 [T]', 'self', 'AB-BA'),
      V2: { ...cell('none', 'race'), differs: WALKS_VFS },
      V9: cell('AB-BA [A]', 'AB-BA'),
      V10: cell('AB-BA left: "This is correct, but it is a pre-existing issue" [T]', 'AB-BA'),
      V11: cell('AB-BA left, as V10 [T]', 'AB-BA'),
      V14B: cell('AB-BA left, as V10 [A]', 'AB-BA'),
    },
    source:
      '20260319202755.16081-1-ionut.nechita@windriver.com; Benjamin Block calls it a false positive on 22 May 2026, ' +
      'which holds for the device written to, not for its children',
  },
  {
    id: '7b',
    title: 'remove_store(bridge above PF) || sriov_numvfs_store(PF)',
    paths: (v) => [removeBridge(v), numvfsStore(v)],
    set: UP,
    alone: ['remover'],
    pair: ['remover', 'setter'],
    cells: {
      V0: { ...cell('none', 'race'), differs: WALKS_VFS },
      V1: cell('AB-BA [A]; the remover alone: self, as row 1 [T]', 'self', 'AB-BA'),
      V2: cell('AB-BA [A]', 'AB-BA'),
      V9: cell('AB-BA [A]', 'AB-BA'),
      V10: cell('AB-BA [A]', 'AB-BA'),
      V11: cell('AB-BA [A]', 'AB-BA'),
      V14B: cell('AB-BA [A]', 'AB-BA'),
    },
    source: 'derived from row 7',
  },
  {
    id: '8',
    title: 'rescan_store finding the PF as new || driver load probing it (enables VFs)',
    paths: (v) => [rescanStore(v), driverLoad(v)],
    set: [],
    alone: ['rescanner'],
    pair: ['rescanner', 'loader'],
    cells: {
      V0: none('none'),
      V1: cell('AB-BA / self [A]', 'self', 'AB-BA'),
      V2: none('none'),
      V9: cell('AB-BA [A]', 'AB-BA'),
      V10: cell('AB-BA [A]', 'AB-BA'),
      V11: cell('AB-BA [A]', 'AB-BA'),
      V14B: cell('AB-BA [A]', 'AB-BA'),
    },
    source: 'derived',
  },
  {
    id: '9',
    title: 'zPCI event (A before R) || sriov_numvfs_store(PF) (R before A)',
    paths: (v) => [zpciReserved(v), numvfsStore(v, releaseVf(v))],
    set: UP,
    alone: ['setter'],
    pair: ['kmcheck', 'setter'],
    cells: {
      V0: none('none: R is not taken by numvfs [A]'),
      V1: cell('AB-BA [A]; the setter alone: R, A, R again [T]', 'self', 'AB-BA'),
      V2: cell('AB-BA [T]; the setter alone: R, A, R again [T]', 'self', 'AB-BA'),
      V9: cell('AB-BA [T]', 'AB-BA'),
      V10: cell('AB-BA [A]', 'AB-BA'),
      V11: cell("AB-BA until Block's v4 [A]", 'AB-BA'),
      V14B: none("none with Block's v4 [T]"),
    },
    source: '5c06d6cf37dfc8ff6e8de35fdef4cd5652cdb8b9.1776868550.git.bblock@linux.ibm.com',
  },
];
