// The zPCI scenarios: cases (A), (B), (C) of Benjamin Block's series before and after it, the ring of three, error events.
import { made } from './case.js';
import type { Scenario } from './compose.js';
import { numvfsStore, type Path, removeStore } from './paths.js';
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

const [V0, V2, V9, V11, V14B] = (['V0', 'V2', 'V9', 'V11', 'V14B'] as const).map(versionOf) as [
  Version,
  Version,
  Version,
  Version,
  Version,
];

const SERIES_S390 =
  'said in 5c06d6cf37dfc8ff6e8de35fdef4cd5652cdb8b9.1776868550.git.bblock@linux.ibm.com [T]';
const FIRST_S390 =
  'said in a2740ba8e0a0c4d0035a2d320170d2f3a245ed46.1772815642.git.bblock@linux.ibm.com, the first version of that patch [T]';

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
export const S390: readonly Scenario[] = [
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
