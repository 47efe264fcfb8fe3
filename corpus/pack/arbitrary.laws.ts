// Arbitrary captures for property tests: every field at its extremes, ids within their tables.
import fc from 'fast-check';
import { BASES, CAPTURE_VERSION, type Capture, type Note } from '../schema/capture.js';
import { CONTEXTS, EVENT_KINDS, type EventColumns, KNOWN_BY, NO_TIME } from '../schema/event.js';
import type { CaptureId } from '../schema/ids.js';
import { LOCK_KINDS, LOCK_MODES } from '../schema/lock.js';
import { type LockRef, REPORT_KINDS, type Report } from '../schema/report.js';

/** Records with the ordinary prototype, as real captures have. */
const record = ((model: Record<string, fc.Arbitrary<unknown>>, constraints?: object) =>
  fc.record(model, { ...constraints, noNullPrototype: true })) as typeof fc.record;

export const anyName = fc.oneof(
  fc.constantFrom('&dev->mutex', 'kn->active#4', '(work_completion)(&x->work)', 'pci_rescan_remove_lock'),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((d) => d.join(''));

/** Addresses as logs print them: 16 digits, up to the last one of the address space. */
const anyAddress = fc.oneof(
  fc.constant('ffffffffffffffff'),
  fc.constant('0000000000000000'),
  hex(16),
  hex(8),
);
const anyPid = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const anyLine = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 40 }));
const anyCount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

const anyLockRef: fc.Arbitrary<LockRef> = record(
  {
    lock: anyName,
    usage: maybe(anyName),
    address: maybe(anyAddress),
    site: maybe(anyName),
    wait: maybe(anyName),
  },
  { requiredKeys: ['lock', 'usage', 'address', 'site'] },
);

export const anyReport: fc.Arbitrary<Report> = record(
  {
    kind: fc.constantFrom(...REPORT_KINDS),
    line: anyLine,
    task: maybe(anyName),
    pid: maybe(anyPid),
    wants: maybe(anyLockRef),
    holds: fc.array(anyLockRef, { maxLength: 3 }),
    chain: fc.array(
      record({
        index: fc.nat(9),
        lock: anyName,
        usage: maybe(anyName),
        frames: fc.array(anyName, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
    scenario: fc.array(record({ cpu: fc.nat(3), action: anyName, lock: maybe(anyName) }), {
      maxLength: 3,
    }),
    held: fc.array(record({ task: anyName, pid: anyPid, locks: fc.array(anyLockRef, { maxLength: 2 }) }), {
      maxLength: 2,
    }),
    blocked: fc.array(
      record({
        task: anyName,
        pid: anyPid,
        seconds: maybe(fc.nat()),
        state: maybe(fc.constantFrom('D', 'S', 'R')),
        frames: fc.array(anyName, { maxLength: 3 }),
      }),
      { maxLength: 2 },
    ),
    title: anyName,
    endLine: anyLine,
    facts: fc
      .dictionary(
        fc.constantFrom('count', 'usage', 'context', 'depth'),
        fc.oneof(anyName, fc.integer(), fc.boolean(), fc.constant(null)),
      )
      .map((facts) => ({ ...facts })),
    problems: fc.array(fc.constantFrom('no-scenario', 'chain-incomplete'), { maxLength: 2 }),
  },
  {
    requiredKeys: [
      'kind',
      'line',
      'task',
      'pid',
      'wants',
      'holds',
      'chain',
      'scenario',
      'held',
      'blocked',
      'title',
    ],
  },
);

const anyTime = fc.oneof(
  fc.constant(NO_TIME),
  fc.constant(2n ** 63n - 1n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
/** File offsets are exact to 2^53; the column as such keeps every double. */
const anyWhere = fc.oneof(anyCount, fc.double({ noNaN: true, noDefaultInfinity: true }));
const anyCpu = fc.integer({ min: -1, max: 2 ** 31 - 1 });

function anyEvents(
  tasks: number,
  locks: number,
  sites: number,
  episodes: number,
): fc.Arbitrary<EventColumns> {
  if (tasks === 0 || episodes === 0) return fc.constant(columnsOf([]));
  const row = record({
    kind: fc.nat(EVENT_KINDS.length - 1),
    task: fc.nat(tasks - 1),
    lock: fc.integer({ min: -1, max: locks - 1 }),
    mode: fc.nat(LOCK_MODES.length - 1),
    site: fc.integer({ min: -1, max: sites - 1 }),
    peer: fc.integer({ min: -1, max: tasks - 1 }),
    cpu: anyCpu,
    context: fc.nat(CONTEXTS.length - 1),
    known: fc.nat(KNOWN_BY.length - 1),
    disabled: fc.nat(7),
    episode: fc.nat(episodes - 1),
    timeNs: anyTime,
    where: anyWhere,
  });
  return fc.array(row, { maxLength: 40 }).map(columnsOf);
}

interface RawRow {
  readonly kind: number;
  readonly task: number;
  readonly lock: number;
  readonly mode: number;
  readonly site: number;
  readonly peer: number;
  readonly cpu: number;
  readonly context: number;
  readonly known: number;
  readonly disabled: number;
  readonly episode: number;
  readonly timeNs: bigint;
  readonly where: number;
}

function columnsOf(rows: readonly RawRow[]): EventColumns {
  return {
    kind: Uint8Array.from(rows, (row) => row.kind),
    task: Uint32Array.from(rows, (row) => row.task),
    lock: Int32Array.from(rows, (row) => row.lock),
    mode: Uint8Array.from(rows, (row) => row.mode),
    site: Int32Array.from(rows, (row) => row.site),
    peer: Int32Array.from(rows, (row) => row.peer),
    cpu: Int32Array.from(rows, (row) => row.cpu),
    context: Uint8Array.from(rows, (row) => row.context),
    known: Uint8Array.from(rows, (row) => row.known),
    disabled: Uint8Array.from(rows, (row) => row.disabled),
    episode: Uint32Array.from(rows, (row) => row.episode),
    timeNs: BigInt64Array.from(rows, (row) => row.timeNs),
    where: Float64Array.from(rows, (row) => row.where),
  };
}

const short = { maxLength: 4 } as const;

const anyNote: fc.Arbitrary<Note> = record({
  what: fc.constantFrom('s390dbf', 'contention'),
  where: anyCount,
  timeUs: maybe(anyCount),
  clock: fc.constantFrom('boot' as const, 'utc' as const, null),
  cpu: maybe(fc.nat(400)),
  text: anyName,
  facts: record({ caller: maybe(anyName), level: maybe(fc.nat(6)) }),
});

const captureWithoutNotes: fc.Arbitrary<Capture> = record({
  strings: fc.array(anyName, short),
  tasks: fc.array(
    record({
      name: anyName,
      pid: maybe(anyPid),
      function: maybe(anyName),
      named: fc.boolean(),
      runs: fc.constantFrom('task' as const, 'softirq' as const, 'hardirq' as const),
    }),
    short,
  ),
  classes: fc.array(
    fc.oneof(
      record({ name: anyName, kind: fc.constantFrom(...LOCK_KINDS), single: fc.boolean() }),
      record({
        name: anyName,
        kind: fc.constant('mutex' as const),
        single: fc.constant(true),
        variable: fc.constant(true as const),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
  episodes: fc.array(
    record({
      origin: anyName,
      report: fc.constant(null),
      alsoReports: fc.constant([]),
      basis: fc.constantFrom(...BASES),
      happened: fc.boolean(),
      assumes: fc.array(anyName, short),
      ruledOut: fc.array(anyName, short),
    }),
    short,
  ),
}).chain(({ strings, tasks, classes, episodes }) =>
  record({
    locks: fc.array(record({ class: fc.nat(classes.length - 1), address: maybe(anyAddress) }), short),
    sites: fc.array(
      record({
        at: anyName,
        frames: strings.length === 0 ? fc.constant([]) : fc.array(fc.nat(strings.length - 1), short),
      }),
      short,
    ),
  }).chain(({ locks, sites }) =>
    record({
      version: fc.constant(CAPTURE_VERSION),
      id: hex(64).map((id) => id as CaptureId),
      file: anyName,
      bytes: anyCount,
      format: fc.constantFrom('kernel-log', 'scenario'),
      arch: maybe(fc.constantFrom('s390x', 'x86_64')),
      kernel: maybe(fc.constant('7.0.0-rc3')),
      platform: fc.subarray(['intel-xe', 'nvidia', 's390']),
      provenance: fc.constantFrom('line' as const, 'byte' as const),
      byEvent: fc.dictionary(anyName, anyCount).map((counts) => Object.fromEntries(Object.entries(counts))),
      reports: fc.array(anyReport, { maxLength: 3 }),
      skipped: fc.uniqueArray(
        record({
          stat: fc.constantFrom('report_cut_off', 'lockdep_off', 'invalid_utf8'),
          severity: fc.constantFrom(
            'info' as const,
            'notice' as const,
            'data-loss' as const,
            'error' as const,
          ),
          count: fc.integer({ min: 1, max: 1000 }),
          first_line: maybe(anyLine),
          advice: anyName,
        }),
        { maxLength: 3, selector: (skip) => skip.stat },
      ),
      strings: fc.constant(strings),
      tasks: fc.constant(tasks),
      classes: fc.constant(classes),
      locks: fc.constant(locks),
      sites: fc.constant(sites),
      episodes: fc.constant(episodes),
      events: anyEvents(tasks.length, locks.length, sites.length, episodes.length),
      programs: fc.constant([]),
    }),
  ),
);

/** A capture without programs of its own (litmus programs have laws of their own in corpus/text). */
export const anyCapture: fc.Arbitrary<Capture> = fc.oneof(
  captureWithoutNotes,
  fc.tuple(captureWithoutNotes, fc.array(anyNote, short)).map(([capture, notes]) => ({ ...capture, notes })),
);
