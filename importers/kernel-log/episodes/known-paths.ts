// Paths of the kernel whose locks are known from its source: what a function wants where it blocks, and holds while it calls on.

/** A row of the table: `function` on a call chain says something about one lock. */
export interface KnownPath {
  readonly function: RegExp;
  /** For holders: the frame that `function` called must match; null for any. */
  readonly calling: RegExp | null;
  readonly lock: string;
  /** For waiters: locks that the same function took before this one and still holds. */
  readonly behind?: readonly string[];
  /** Kernel file and function where this can be read, or the note that says so. */
  readonly source: string;
}

const R = 'pci_rescan_remove_lock';
const D = '&dev->mutex';
const S = '&zdev->state_lock';

/** What a task waits for whose innermost frame outside the lock primitives is `function`. */
export const WANTS: readonly KnownPath[] = [
  {
    function: /^pci_lock_rescan_remove$/,
    calling: null,
    lock: R,
    source: 'drivers/pci/probe.c pci_lock_rescan_remove()',
  },
  {
    function: /^pci_stop_and_remove_bus_device_locked$/,
    calling: null,
    lock: R,
    source: 'drivers/pci/remove.c, pci_lock_rescan_remove() as a tail call',
  },
  {
    function: /^(bus_|dev_)?rescan_store$/,
    calling: null,
    lock: R,
    source: 'drivers/pci/pci-sysfs.c rescan_store()',
  },
  {
    function: /^pciehp_(un)?configure_device$/,
    calling: null,
    lock: R,
    source: 'drivers/pci/hotplug/pciehp_pci.c',
  },
  {
    function: /^acpiphp_(enable|disable)_slot$|^acpiphp_check_host_bridge$|^hotplug_event$/,
    calling: null,
    lock: R,
    source: 'drivers/pci/hotplug/acpiphp_glue.c',
  },
  {
    function: /^sriov_(add|del)_vfs$|^sriov_(en|dis)able$/,
    calling: null,
    lock: R,
    source: 'drivers/pci/iov.c since 05703271c3cd: R inside sriov_add_vfs() and sriov_del_vfs()',
  },
  {
    function: /^sriov_numvfs_store$/,
    calling: null,
    lock: R,
    behind: [D],
    source: 'drivers/pci/iov.c since a5338e365c45: R around ->sriov_configure(), behind device_lock()',
  },
  {
    function: /^sriov_numvfs_store$/,
    calling: null,
    lock: D,
    source: 'drivers/pci/iov.c sriov_numvfs_store(): device_lock() comes first',
  },
  {
    function: /^zpci_(cleanup_bus_resources|bus_release|bus_scan_device|bus_scan_bus|iov_remove_virtfn)$/,
    calling: null,
    lock: R,
    source: 'arch/s390/pci/pci.c, pci_bus.c, pci_iov.c',
  },
  {
    function: /^zpci_bus_(scan_busses|get|alloc|release)$/,
    calling: null,
    lock: 'zbus_list_lock',
    source: 'arch/s390/pci/pci_bus.c',
  },
  {
    function: /^recover_store$/,
    calling: null,
    lock: R,
    behind: [S],
    source: 'arch/s390/pci/pci_sysfs.c recover_store()',
  },
  {
    function: /^recover_store$|^__zpci_event_(error|availability)$|^(en|dis)able_slot$/,
    calling: null,
    lock: S,
    source: 'arch/s390/pci/pci_sysfs.c, pci_event.c, drivers/pci/hotplug/s390_pci_hpc.c',
  },
  {
    function: /^zpci_event_attempt_error_recovery$/,
    calling: null,
    lock: D,
    source: 'arch/s390/pci/pci_event.c zpci_event_attempt_error_recovery(): device_lock()',
  },
  { function: /^pci_host_probe$/, calling: null, lock: R, source: 'drivers/pci/probe.c pci_host_probe()' },
  {
    function: /^zpci_zdev_put$|^zpci_add_device$/,
    calling: null,
    lock: 'zpci_add_remove_lock',
    source: 'arch/s390/pci/pci.c',
  },
  {
    function:
      /^device_release_driver_internal$|^device_release_driver$|^device_driver_detach$|^__device_driver_lock$/,
    calling: null,
    lock: D,
    source: 'drivers/base/dd.c device_release_driver_internal()',
  },
  {
    function: /^__driver_attach(_async_helper)?$|^__device_attach$|^device_driver_attach$|^device_lock$/,
    calling: null,
    lock: D,
    source: 'drivers/base/dd.c',
  },
  {
    function: /^pci_dev_lock$|^pci_dev_trylock$|^pci_reset_function$|^pci_bus_lock$|^pci_slot_lock$/,
    calling: null,
    lock: D,
    source: 'drivers/pci/pci.c pci_dev_lock()',
  },
  { function: /^device_shutdown$/, calling: null, lock: D, source: 'drivers/base/core.c device_shutdown()' },
  {
    function: /^rtnl_lock(_killable|_interruptible)?$/,
    calling: null,
    lock: 'rtnl_mutex',
    source: 'net/core/rtnetlink.c rtnl_lock()',
  },
  {
    function: /^acpi_scan_lock_acquire$/,
    calling: null,
    lock: 'acpi_scan_lock',
    source: 'drivers/acpi/scan.c',
  },
];

/** What a task holds that has `function` on its chain with a call out of it that matches. */
export const HOLDS: readonly KnownPath[] = [
  {
    function: /^pci_stop_and_remove_bus_device_locked$/,
    calling: /^pci_stop|^pci_remove|^pci_destroy/,
    lock: R,
    source: 'drivers/pci/remove.c pci_stop_and_remove_bus_device_locked()',
  },
  {
    function: /^(bus_|dev_)?rescan_store$/,
    calling: /^pci_/,
    lock: R,
    source: 'drivers/pci/pci-sysfs.c rescan_store()',
  },
  {
    function: /^pciehp_(un)?configure_device$/,
    calling: /^pci_(stop|scan|hp_add|bus_|walk|configure|assign)/,
    lock: R,
    source: 'drivers/pci/hotplug/pciehp_pci.c',
  },
  {
    function: /^acpiphp_(enable|disable)_slot$|^acpiphp_check_host_bridge$|^hotplug_event$/,
    calling: /slot|^acpiphp|^enable|^disable/,
    lock: R,
    source: 'drivers/pci/hotplug/acpiphp_glue.c',
  },
  {
    function: /^recover_store$/,
    calling: /^_do_recover$|^pci_|^zpci_/,
    lock: S,
    source: 'arch/s390/pci/pci_sysfs.c recover_store()',
  },
  {
    function: /^recover_store$/,
    calling: /^_do_recover$|^pci_stop|^pci_rescan/,
    lock: R,
    source: 'arch/s390/pci/pci_sysfs.c recover_store()',
  },
  {
    function: /^__zpci_event_(error|availability)$|^(en|dis)able_slot$/,
    calling: /^zpci_|^pci_stop_and_remove_bus_device_locked$/,
    lock: S,
    source: 'arch/s390/pci/pci_event.c, drivers/pci/hotplug/s390_pci_hpc.c',
  },
  {
    function: /^zpci_event_attempt_error_recovery$/,
    calling: /^zpci_event_|_(err_detected|error_detected|resume|slot_reset|mmio_enabled)$/,
    lock: D,
    source: 'arch/s390/pci/pci_event.c zpci_event_attempt_error_recovery()',
  },
  {
    function: /^zpci_add_device$/,
    calling: /^zpci_bus/,
    lock: 'zpci_add_remove_lock',
    source: 'arch/s390/pci/pci.c zpci_add_device()',
  },
  {
    function: /^crw_collect_info$/,
    calling: /^chsc_process_crw$|^css_|^.*_process_crw$/,
    lock: 'crw_handler_mutex',
    source: 'drivers/s390/cio/crw.c crw_collect_info()',
  },
  {
    function: /^zpci_zdev_put$/,
    calling: /^zpci_release_device$|^zpci_bus|^zpci_cleanup/,
    lock: 'zpci_add_remove_lock',
    source: 'arch/s390/pci/pci.c zpci_zdev_put()',
  },
  {
    function: /^device_release_driver_internal$/,
    calling: /./,
    lock: D,
    source: 'drivers/base/dd.c device_release_driver_internal()',
  },
  {
    function: /^__driver_attach(_async_helper)?$|^__device_attach$|^device_driver_attach$/,
    calling: /probe_device|really_probe|bus_for_each_drv/,
    lock: D,
    source: 'drivers/base/dd.c',
  },
  {
    function: /^sriov_numvfs_store$/,
    calling: /./,
    lock: D,
    source: 'drivers/pci/iov.c sriov_numvfs_store()',
  },
  {
    function: /^pci_reset_function$|^reset_store$/,
    calling: /^(pci_dev_(save_and_disable|restore)|__pci_reset_function_locked|pci_reset)/,
    lock: D,
    source: 'drivers/pci/pci.c pci_reset_function()',
  },
  {
    function: /^rtnetlink_rcv_msg$|^dev_ioctl$/,
    calling: /^rtnl_|^dev_ifsioc/,
    lock: 'rtnl_mutex',
    source: 'net/core/rtnetlink.c rtnetlink_rcv_msg()',
  },
];

/** One reading of a stack: the locks that its functions hold, and the one that it waits for. */
export interface PathReading {
  /** Outermost first, as they were taken. */
  readonly holds: readonly { readonly lock: string; readonly site: string; readonly source: string }[];
  readonly wants: { readonly lock: string; readonly site: string; readonly source: string };
}

/**
 * All readings of a blocked task's chain (`outside` = frames outside the lock primitives, innermost first): one for
 * each lock that its innermost function may be waiting for. Empty if the table does not know that function.
 */
export function readPath(outside: readonly string[]): PathReading[] {
  const site = outside[0];
  if (site === undefined) return [];
  const held: { lock: string; site: string; source: string }[] = [];
  for (let i = outside.length - 1; i > 0; i--) {
    const rows = HOLDS.filter(
      (path) =>
        path.function.test(outside[i]!) && (path.calling === null || path.calling.test(outside[i - 1]!)),
    );
    for (const { lock, source } of rows) held.push({ lock, site: outside[i]!, source });
  }
  return WANTS.filter((path) => path.function.test(site)).map((path) => {
    const behind = (path.behind ?? []).map((lock) => ({ lock, site, source: path.source }));
    return { holds: [...held, ...behind], wants: { lock: path.lock, site, source: path.source } };
  });
}
