// Paths of the PCI core, each written once: which locks and flags it takes in which version, as lines of a litmus body.
import type { Version } from './versions.js';

/**
 * What one task does. Flags that tasks share: `bound` a driver is bound to the PF, `on` its VFs are enabled, `vf` the VF
 * is on the list of its bus, `pf` so is the PF, `dead` the PF is marked dead. A flag `found_TASK` is a task's own.
 */
export interface Path {
  readonly task: string;
  readonly function: string;
  readonly body: readonly string[];
}

/** One line of a body, with the function that does it behind. */
export function step(op: string, site: string): string {
  return `${op}  # ${site}`;
}

/** Lines under a guard; a line that has one already stays as it is. */
export function when(guard: string, lines: readonly string[]): string[] {
  return lines.map((line) => (/^(when|unless) /.test(line) ? line : `${guard}: ${line}`));
}

/** Lines that only some versions have. */
export function only(wanted: boolean, lines: readonly string[]): readonly string[] {
  return wanted ? lines : [];
}

/**
 * Removes the VF if it is still there: look it up, unbind its driver, take it off the list. The look-up and the removal
 * are one act only under `pci_rescan_remove_lock` (drivers/pci/iov.c pci_iov_remove_virtfn(), drivers/pci/remove.c).
 * `release`: what follows with the last reference to it.
 */
export function removeVf(task: string, finder: string, release: readonly string[] = []): string[] {
  const found = `found_${task}`;
  return [
    step(`when vf: set ${found}`, finder),
    ...when(`when ${found}`, [
      step('lock V', 'device_release_driver_internal'),
      step('unlock V', 'device_release_driver_internal'),
      step('require vf', 'pci_destroy_dev'),
      step('clear vf', 'pci_destroy_dev'),
      ...release,
    ]),
    step(`clear ${found}`, finder),
  ];
}

/** sriov_del_vfs(), called with the device lock of the PF held. `on` stays: who called it clears it behind its locks. */
export function delVfs(task: string, version: Version, release: readonly string[] = []): string[] {
  return [
    ...only(version.lockInVfs, [step('when on: lock R', 'sriov_del_vfs')]),
    ...removeVf(task, 'pci_iov_remove_virtfn', release),
    ...only(version.lockInVfs, [step('when on: unlock R', 'sriov_del_vfs')]),
  ];
}

/** The driver's .remove, which disables SR-IOV, with the device lock of the PF held. Nothing happens if none is bound. */
function driverRemove(task: string, version: Version): string[] {
  return [
    ...delVfs(task, version),
    step('clear on', 'sriov_disable'),
    step('clear bound', '__device_release_driver'),
  ];
}

function releaseDriver(task: string, version: Version): string[] {
  return [
    step('lock D', 'device_release_driver_internal'),
    ...driverRemove(task, version),
    step('unlock D', 'device_release_driver_internal'),
  ];
}

/** Stops and removes the PF with `pci_rescan_remove_lock` held; one that is gone is not removed again. */
export function stopAndRemovePf(task: string, version: Version): string[] {
  return when('when pf', [
    step('lock D', 'device_release_driver_internal'),
    ...driverRemove(task, version),
    step('unlock D', 'device_release_driver_internal'),
    // Store callbacks of the PF's attributes have to end first (fs/kernfs/dir.c kernfs_drain()).
    step('lock K', 'kernfs_drain'),
    step('unlock K', 'kernfs_drain'),
    step('set dead', 'device_del'),
    step('clear pf', 'pci_destroy_dev'),
  ]);
}

/** remove_store(): echo 1 > .../PF/remove. `watched`: that no driver is bound any more when the device is stopped. */
export function removeStore(version: Version, watched = false): Path {
  const task = 'remover';
  return {
    task,
    function: 'remove_store',
    body: [
      ...only(version.killFirst, [
        step('lock D', 'remove_store'),
        step('set dead', 'kill_device'),
        step('unlock D', 'remove_store'),
      ]),
      ...only(version.releaseFirst, releaseDriver(task, version)),
      step('lock R', 'pci_stop_and_remove_bus_device_locked'),
      ...stopAndRemovePf(task, version).flatMap((line, index) =>
        watched && index === 0 ? [line, step('when pf: require !bound', 'pci_stop_dev')] : [line],
      ),
      step('unlock R', 'pci_stop_and_remove_bus_device_locked'),
    ],
  };
}

/** remove_store() on the bridge above the PF: pci_stop_bus_device() goes depth first, VFs before their PF. */
export function removeBridge(version: Version): Path {
  const task = 'remover';
  const release = [
    step('lock U', 'device_release_driver_internal'),
    step('unlock U', 'device_release_driver_internal'),
  ];
  return {
    task,
    function: 'remove_store',
    body: [
      ...only(version.killFirst, [step('lock U', 'remove_store'), step('unlock U', 'remove_store')]),
      ...only(version.releaseFirst, release),
      step('lock R', 'pci_stop_and_remove_bus_device_locked'),
      ...removeVf(task, 'pci_stop_bus_device'),
      ...stopAndRemovePf(task, version),
      ...release,
      step('unlock R', 'pci_stop_and_remove_bus_device_locked'),
    ],
  };
}

/** unbind_store(): echo BDF > .../driver/unbind; driver_detach() (rmmod) takes the same locks. */
export function unbindStore(version: Version): Path {
  return { task: 'unbinder', function: 'unbind_store', body: releaseDriver('unbinder', version) };
}

/** driver_detach(): rmmod of the PF's driver. */
export function driverDetach(version: Version): Path {
  return { task: 'rmmod', function: 'driver_detach', body: releaseDriver('rmmod', version) };
}

/** bind_store(), or the driver core on its own: binds unless the device is dead. `enables`: its probe turns VFs on. */
export function bindStore(version: Version, enables = false): Path {
  const task = 'binder';
  const bind = `bind_${task}`;
  return {
    task,
    function: 'bind_store',
    body: [
      step('lock D', 'device_driver_attach'),
      step(`unless bound: set ${bind}`, 'really_probe'),
      step(`when dead: clear ${bind}`, 'really_probe'),
      ...when(`when ${bind}`, [
        ...(enables ? addVfs(version) : []),
        step('set bound', 'really_probe'),
        step(`clear ${bind}`, 'really_probe'),
      ]),
      step('unlock D', 'device_driver_attach'),
    ],
  };
}

/** sriov_add_vfs(), with the device lock of the PF held. */
function addVfs(version: Version): string[] {
  return [
    ...only(version.lockInVfs, [step('lock R', 'sriov_add_vfs')]),
    step('set vf', 'pci_iov_add_virtfn'),
    step('set on', 'sriov_enable'),
    ...only(version.lockInVfs, [step('unlock R', 'sriov_add_vfs')]),
  ];
}

/** sriov_numvfs_store(): echo 0 > .../PF/sriov_numvfs. It does nothing where no VFs are on. */
export function numvfsStore(version: Version, release: readonly string[] = []): Path {
  return {
    task: 'setter',
    function: 'sriov_numvfs_store',
    body: [
      step('lock K read', 'kernfs_fop_write_iter'),
      step('lock D', 'sriov_numvfs_store'),
      ...only(version.lockInNumvfs, [step('when on: lock R', 'sriov_numvfs_store')]),
      ...delVfs('setter', version, release),
      ...only(version.lockInNumvfs, [step('when on: unlock R', 'sriov_numvfs_store')]),
      step('clear on', 'sriov_disable'),
      step('unlock D', 'sriov_numvfs_store'),
      step('unlock K', 'kernfs_fop_write_iter'),
    ],
  };
}

/** rescan_store() of the bus, which finds the PF as new and probes it. */
export function rescanStore(version: Version): Path {
  const task = 'rescanner';
  return {
    task,
    function: 'rescan_store',
    body: [
      step('lock R', 'rescan_store'),
      step('set pf', 'pci_device_add'),
      step('lock D', '__device_attach'),
      ...probe(task, version),
      step('unlock D', '__device_attach'),
      step('unlock R', 'rescan_store'),
    ],
  };
}

/** Loading the driver: it probes the PF as soon as that is on the bus. */
export function driverLoad(version: Version): Path {
  const task = 'loader';
  const sees = `found_${task}`;
  return {
    task,
    function: 'driver_attach',
    body: [
      step(`when pf: set ${sees}`, 'bus_for_each_dev'),
      step(`when ${sees}: lock D`, '__driver_attach'),
      step(`when ${sees}: set bind_${task}`, '__driver_attach'),
      ...probe(task, version, false),
      step(`when ${sees}: unlock D`, '__driver_attach'),
    ],
  };
}

/** A probe that enables VFs, unless a driver is bound already. `ask`: nobody has decided yet that it shall run. */
function probe(task: string, version: Version, ask = true): string[] {
  const bind = `bind_${task}`;
  return [
    ...only(ask, [step(`set ${bind}`, 'really_probe')]),
    step(`when bound: clear ${bind}`, 'really_probe'),
    ...when(`when ${bind}`, [...addVfs(version), step('set bound', 'really_probe')]),
    step(`clear ${bind}`, 'really_probe'),
  ];
}

/** rescan_store() of one device: its attribute goes with the device, and it needs the rescan lock (dev_rescan_store()). */
export function deviceRescanStore(): Path {
  return {
    task: 'rescanner',
    function: 'dev_rescan_store',
    body: [
      step('lock K read', 'kernfs_fop_write_iter'),
      step('lock R', 'dev_rescan_store'),
      step('unlock R', 'dev_rescan_store'),
      step('unlock K', 'kernfs_fop_write_iter'),
    ],
  };
}

/**
 * remove_store() with the active reference to its own attribute: device_remove_file_self() gives that up before it
 * locks. `removesSelf` false: as a store would be that did not.
 */
export function removeStoreActive(version: Version, removesSelf: boolean): Path {
  const path = removeStore(version);
  const end = removesSelf ? [] : [step('unlock K', 'kernfs_fop_write_iter')];
  return {
    ...path,
    body: [
      step('lock K read', 'kernfs_fop_write_iter'),
      ...only(removesSelf, [step('unlock K', 'device_remove_file_self')]),
      ...path.body,
      ...end,
    ],
  };
}
