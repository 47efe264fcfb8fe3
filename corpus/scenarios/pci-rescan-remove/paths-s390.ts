// Paths of zPCI that release functions and buses: `zpci_add_remove_lock` and `zbus_list_lock` against the rescan lock.
import { only, type Path, step } from './paths.js';
import type { Version } from './versions.js';

/** Last reference to a function: the list lock inside, the resources outside of it (arch/s390/pci/pci.c). */
export function zdevPut(version: Version): string[] {
  return [
    step('lock A', 'zpci_zdev_put'),
    step('lock Z', 'zpci_zdev_put'),
    step('unlock Z', 'zpci_release_device'),
    ...only(!version.blockOrder, [step('lock R', 'zpci_cleanup_bus_resources')]),
    ...only(!version.blockOrder, [step('unlock R', 'zpci_cleanup_bus_resources')]),
    step('unlock A', 'zpci_zdev_put'),
  ];
}

/** Last reference to a bus: the root bus is removed under the rescan lock (arch/s390/pci/pci_bus.c zpci_bus_release()). */
function busPut(version: Version): string[] {
  return [
    step('lock B', 'zpci_bus_put'),
    step('unlock B', 'zpci_bus_release'),
    ...only(!version.blockOrder, [step('lock R', 'zpci_bus_release')]),
    ...only(!version.blockOrder, [step('unlock R', 'zpci_bus_release')]),
  ];
}

/** pcibios_release_device() at the end of a VF's removal. */
export function releaseVf(version: Version): string[] {
  return [
    ...only(version.blockOrder, [step('lock R', 'pcibios_release_device')]),
    ...zdevPut(version),
    ...only(version.blockOrder, [step('unlock R', 'pcibios_release_device')]),
  ];
}

/** As releaseVf, if R were not taken for the resources any more, and the bus goes with its last function: case (C). */
export function releaseVfWithBus(version: Version): string[] {
  return [
    ...only(version.blockOrder, [step('lock R', 'pcibios_release_device')]),
    step('lock A', 'zpci_zdev_put'),
    step('lock Z', 'zpci_zdev_put'),
    step('unlock Z', 'zpci_release_device'),
    ...busPut(version),
    step('unlock A', 'zpci_zdev_put'),
    ...only(version.blockOrder, [step('unlock R', 'pcibios_release_device')]),
  ];
}

function event(body: readonly string[]): Path {
  return {
    task: 'kmcheck',
    function: 'zpci_event_availability',
    body: [step('lock C', 'crw_collect_info'), ...body, step('unlock C', 'crw_collect_info')],
  };
}

/** 0x0308, a function of its own goes to Reserved: its last reference is dropped in the event. */
export function zpciReserved(version: Version): Path {
  return event([
    step('lock Z', 'get_zdev_by_fid'),
    step('unlock Z', 'get_zdev_by_fid'),
    step('lock Sv', '__zpci_event_availability'),
    ...only(version.blockOrder, [step('lock R', '__zpci_event_availability')]),
    ...zdevPut(version),
    ...only(version.blockOrder, [step('unlock R', '__zpci_event_availability')]),
    step('unlock Sv', '__zpci_event_availability'),
  ]);
}

/** 0x0301/0x0302, a function is plugged and its bus cannot be made after all: the bus is dropped again. */
export function zpciPlugged(version: Version): Path {
  return event([
    ...only(version.blockOrder, [step('lock R', '__zpci_event_availability')]),
    step('lock A', 'zpci_add_device'),
    ...busPut(version),
    step('unlock A', 'zpci_add_device'),
    ...only(version.blockOrder, [step('unlock R', '__zpci_event_availability')]),
  ]);
}

/** 0x0306: all buses are scanned. `keeps`: zbus_list_lock is held over each scan, as before 4cb92fa76382. */
export function zpciScan(keeps: boolean): Path {
  const scan = [step('lock R', 'zpci_bus_scan_bus'), step('unlock R', 'zpci_bus_scan_bus')];
  return event([
    step('lock B', 'zpci_bus_scan_busses'),
    ...(keeps ? scan : []),
    step('unlock B', 'zpci_bus_scan_busses'),
    ...(keeps ? [] : scan),
  ]);
}

/**
 * recover_store(): state lock, rescan lock; VFs that are removed on the way are released under both. `breaksActive`: it
 * gives up the active reference to its own attribute first, since the removal waits for all of them.
 */
export function recoverStore(breaksActive = true): Path {
  return {
    task: 'recoverer',
    function: 'recover_store',
    body: [
      step('lock K read', 'kernfs_fop_write_iter'),
      ...only(breaksActive, [step('unlock K', 'sysfs_break_active_protection')]),
      step('lock S', 'recover_store'),
      step('lock R', 'recover_store'),
      step('lock A', 'zpci_zdev_put'),
      step('unlock A', 'zpci_zdev_put'),
      step('unlock R', 'recover_store'),
      step('unlock S', 'recover_store'),
      ...only(!breaksActive, [step('unlock K', 'kernfs_fop_write_iter')]),
    ],
  };
}

/** The last function of a bus is dropped by somebody else: the bus goes with it. */
export function zdevPutWithBus(): Path {
  return {
    task: 'putter',
    function: 'zpci_zdev_put',
    body: [
      step('lock A', 'zpci_zdev_put'),
      step('lock B', 'zpci_bus_put'),
      step('unlock B', 'zpci_bus_release'),
      step('unlock A', 'zpci_zdev_put'),
    ],
  };
}

/** A zPCI error event: the function's device lock under its state lock (zpci_event_attempt_error_recovery()). */
export function zpciError(): Path {
  return event([
    step('lock S', '__zpci_event_error'),
    step('lock D', 'zpci_event_attempt_error_recovery'),
    step('unlock D', 'zpci_event_attempt_error_recovery'),
    step('unlock S', '__zpci_event_error'),
  ]);
}
