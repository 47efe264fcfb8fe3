// Small captures, programs and witnesses for the store's tests, made from a number so that they are reproducible.
import { createHash } from 'node:crypto';
import { CAPTURE_VERSION, type Capture } from '../schema/capture.js';
import { CONTEXTS, EVENT_KINDS, type EventKind, KNOWN_BY, NO_TIME } from '../schema/event.js';
import type { CaptureId, ProgramId, Signature, WitnessId } from '../schema/ids.js';
import type { LoweredProgram, Op, OpAction } from '../schema/program.js';
import type { Report } from '../schema/report.js';
import type { Witness } from '../schema/witness.js';
import { canonicalProgram } from '../text/program-id.js';
import type { StoredProgram } from './store.js';

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The n-th second after the start of 2026, as `Date.toISOString` writes it. */
export function at(n: number): string {
  return new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
}

/** A dump that happened: task 0 holds A and wants B, task 1 holds B (for 40 ns once before) and wants A. */
export function captureNo(n: number): Capture {
  const rows: [EventKind, number, number, bigint][] = [
    ['request', 1, 1, 50n],
    ['acquire', 1, 1, 60n],
    ['release', 1, 1, 100n],
    ['acquire', 0, 0, NO_TIME],
    ['acquire', 1, 1, NO_TIME],
    ['request', 0, 1, NO_TIME],
    ['request', 1, 0, NO_TIME],
    ['gap', 0, -1, NO_TIME],
  ];
  const report: Report = {
    kind: 'hung-task',
    line: 7,
    task: 'bash',
    pid: 1933,
    wants: { lock: '&dev->mutex', usage: null, address: 'ffff888100000001', site: 'sriov_numvfs_store' },
    holds: [{ lock: 'pci_rescan_remove_lock', usage: null, address: null, site: 'remove_store' }],
    chain: [],
    scenario: [],
    held: [],
    blocked: [],
    title: `INFO: task bash:1933 blocked for more than ${n} seconds.`,
  };
  return {
    version: CAPTURE_VERSION,
    id: hashOf(`capture ${n}`) as CaptureId,
    file: `dmesg-${n}.txt`,
    bytes: 4096 + n,
    format: 'kernel-log',
    arch: 's390x',
    kernel: '7.0.0-rc3',
    platform: ['s390'],
    provenance: 'line',
    byEvent: { 'hung-task': 1 },
    reports: [report],
    skipped: [
      { stat: 'report_cut_off', severity: 'data-loss', count: 3, first_line: 9, advice: 'log_buf_len=4M' },
      { stat: 'stack_unreadable', severity: 'info', count: 1, first_line: null, advice: 'none' },
    ],
    strings: ['remove_store', 'sriov_numvfs_store'],
    tasks: [
      { name: 'remover', pid: 1, function: 'remove_store', named: true, runs: 'task' },
      { name: 'setter', pid: 2, function: 'sriov_numvfs_store', named: true, runs: 'task' },
    ],
    classes: [
      { name: 'pci_rescan_remove_lock', kind: 'mutex', single: true },
      { name: '&dev->mutex', kind: 'mutex', single: false },
    ],
    locks: [
      { class: 0, address: null },
      { class: 1, address: 'ffff888100000001' },
    ],
    sites: [{ at: 'remove_store', frames: [0] }],
    episodes: [
      {
        origin: 'hung-task',
        report: 0,
        alsoReports: [],
        basis: 'observed',
        happened: true,
        assumes: [],
        ruledOut: [],
      },
    ],
    events: {
      kind: Uint8Array.from(rows, ([kind]) => EVENT_KINDS.indexOf(kind)),
      task: Uint32Array.from(rows, ([, task]) => task),
      lock: Int32Array.from(rows, ([, , lock]) => lock),
      mode: new Uint8Array(rows.length),
      site: new Int32Array(rows.length),
      peer: new Int32Array(rows.length).fill(-1),
      cpu: new Int32Array(rows.length).fill(-1),
      context: new Uint8Array(rows.length).fill(CONTEXTS.indexOf('task')),
      known: new Uint8Array(rows.length).fill(KNOWN_BY.indexOf('reported')),
      disabled: new Uint8Array(rows.length),
      episode: new Uint32Array(rows.length),
      timeNs: BigInt64Array.from(rows, ([, , , time]) => time),
      where: Float64Array.from(rows, (_, i) => i + 1),
    },
    programs: [],
  };
}

function op(action: OpAction, site: string | null, line: number | null): Op {
  return { ...action, guard: null, site, frames: [], line };
}

/** Two tasks that take the same two locks, each in its own order. */
export function programNo(n: number, capture: CaptureId): StoredProgram {
  const lowered: LoweredProgram = {
    program: {
      name: `program-${n}`,
      locks: [
        { id: 'A', kind: 'mutex', units: 1, class: 'pci_rescan_remove_lock', rules: [] },
        { id: 'B', kind: 'mutex', units: 1, class: '&dev->mutex', rules: [] },
      ],
      flags: [],
      tasks: [
        {
          name: 'remover',
          function: 'remove_store',
          cpu: null,
          irq: null,
          after: null,
          body: [
            op({ do: 'lock', lock: 'A', mode: 'exclusive', attempt: false }, 'remove_store', 3),
            op({ do: 'lock', lock: 'B', mode: 'exclusive', attempt: false }, 'device_release_driver', 4),
            op({ do: 'unlock', lock: 'B' }, null, null),
            op({ do: 'unlock', lock: 'A' }, null, null),
          ],
        },
        {
          name: 'setter',
          function: null,
          cpu: null,
          irq: null,
          after: null,
          body: [
            op({ do: 'lock', lock: 'B', mode: 'exclusive', attempt: false }, 'sriov_numvfs_store', 8),
            op({ do: 'lock', lock: 'A', mode: 'exclusive', attempt: false }, 'sriov_numvfs_store', 9),
          ],
        },
      ],
    },
    episode: n,
    basis: 'observed',
    happened: true,
    observedSchedule: [0, 1],
    assumes: ['both tasks may run at once'],
    ruledOut: [],
    bystanders: [],
    expect: null,
    genome: null,
  };
  const litmus = canonicalProgram(lowered.program);
  return { id: hashOf(litmus) as ProgramId, litmus, capture, lowered };
}

export interface WitnessMake {
  /** Which bug. */
  readonly bug: number;
  /** Which variant of its litmus text. */
  readonly variant: number;
  readonly grade?: Witness['grade'];
  readonly basis?: Witness['basis'];
  readonly steps?: number;
  readonly captures?: readonly CaptureId[];
}

export function witnessOf(make: WitnessMake): Witness {
  const litmus = `litmus 1 bug-${make.bug}-${make.variant}\nlock A mutex lock_${make.bug}\n  lock A # site_${make.bug}\n`;
  const hold = (lock: string) => ({
    lock,
    class: lock === 'A' ? `lock_${make.bug}` : '&dev->mutex',
    mode: 'exclusive' as const,
    site: `site_${make.bug}`,
  });
  return {
    id: hashOf(litmus).slice(0, 12) as WitnessId,
    signature: hashOf(`signature ${make.bug}`).slice(0, 12) as Signature,
    kind: 'inversion',
    basis: make.basis ?? 'recorded',
    grade: make.grade ?? 'minimal',
    tasks: [
      { name: 'remover', holds: [hold('A')], wants: hold('B') },
      { name: 'setter', holds: [hold('B')], wants: hold('A') },
    ],
    cycle: ['&dev->mutex', `lock_${make.bug}`],
    preemptions: 1,
    steps: make.steps ?? 4,
    captures: make.captures ?? [],
    assumes: [],
    model: 'kernel/2',
    litmus,
    state: 'open',
  };
}
