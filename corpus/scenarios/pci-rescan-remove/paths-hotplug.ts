// Paths of hot-unplug: pciehp's thread, zPCI's availability events, and the reset that pciehp meets.
import { type Path, removeVf, step, stopAndRemovePf } from './paths.js';
import type { Version } from './versions.js';

/**
 * pciehp_ist(): hot-unplug of the slot, VFs before their PF. `dropsReset`: reset_lock is dropped around each removal
 * (Lukas Wunner, "PCI: pciehp: Fix AB-BA deadlock between reset_lock and device_lock").
 */
export function pciehpUnplug(version: Version, dropsReset = true): Path {
  const task = 'irq-pciehp';
  const around = (lines: readonly string[]): string[] =>
    dropsReset
      ? [
          step('unlock H', 'pciehp_unconfigure_device'),
          ...lines,
          step('lock H read', 'pciehp_unconfigure_device'),
        ]
      : [...lines];
  return {
    task,
    function: 'pciehp_ist',
    body: [
      step('lock H read', 'pciehp_ist'),
      step('lock R', 'pciehp_unconfigure_device'),
      ...around(removeVf(task, 'pci_stop_and_remove_bus_device')),
      ...around(stopAndRemovePf(task, version)),
      step('unlock R', 'pciehp_unconfigure_device'),
      step('unlock H', 'pciehp_ist'),
    ],
  };
}

/** Reset of the PF through its slot: the device lock first, then reset_lock for writing. */
export function resetStore(): Path {
  return {
    task: 'resetter',
    function: 'reset_store',
    body: [
      step('lock D', 'pci_dev_lock'),
      step('lock H', 'pciehp_reset_slot'),
      step('unlock H', 'pciehp_reset_slot'),
      step('unlock D', 'pci_dev_unlock'),
    ],
  };
}

/** zPCI: availability events 0x0304 for the VF, then for its PF, in the channel-report thread. */
export function zpciUnplug(version: Version, functions: 'vf' | 'vf-and-pf' = 'vf-and-pf'): Path {
  const task = 'kmcheck';
  const event = (state: string, removal: readonly string[]): string[] => [
    step('lock C', 'crw_collect_info'),
    step('lock Z', 'get_zdev_by_fid'),
    step('unlock Z', 'get_zdev_by_fid'),
    step(`lock ${state}`, '__zpci_event_availability'),
    step('lock R', 'pci_stop_and_remove_bus_device_locked'),
    ...removal,
    step('unlock R', 'pci_stop_and_remove_bus_device_locked'),
    step(`unlock ${state}`, '__zpci_event_availability'),
    step('unlock C', 'crw_collect_info'),
  ];
  return {
    task,
    function: 'zpci_event_availability',
    body: [
      ...event('Sv', removeVf(task, 'pci_stop_and_remove_bus_device')),
      ...(functions === 'vf' ? [] : event('S', stopAndRemovePf(task, version))),
    ],
  };
}
