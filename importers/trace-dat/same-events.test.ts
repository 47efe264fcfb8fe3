// The same run read from trace.dat and from `trace-cmd report` of it must give the same lock events.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { CONTEXTS, EVENT_KINDS, KNOWN_BY } from '../../corpus/schema/event.js';
import { LOCK_MODES } from '../../corpus/schema/lock.js';
import { importSource } from '../import.js';
import { sourceOf } from '../source.js';

const shared = join(import.meta.dirname, '../../../shared');
const here = existsSync(join(shared, 'captures'));
if (!here)
  console.warn('SKIPPED: no ../shared/captures: trace.dat is not compared with the reports beside it');
const installed = spawnSync('trace-cmd', ['--version']).error === undefined;
if (!installed)
  console.warn('SKIPPED: trace-cmd is not installed: trace.dat is not compared with its reports');

/** What two formats of one recording are compared by. */
interface Compared {
  /** Interrupt context and state; a report without `-l` does not have them. */
  readonly context: boolean;
  /** Digits of a second that the report shows. */
  readonly nsPerTick: bigint;
  readonly only?: ReadonlySet<string>;
  /** False where the report prints addresses for the callers of probes. */
  readonly sites?: boolean;
}

function rows(capture: Capture, { context, nsPerTick, only, sites: withSites = true }: Compared): string[] {
  const { events, tasks, locks, classes, sites, strings } = capture;
  const task = (id: number): string => {
    const it = tasks[id];
    // `trace-cmd report -l` cuts task names to eight characters.
    const name = context && it?.runs === 'task' ? it.name.slice(0, 8) : it?.name;
    return it === undefined ? '-' : `${name}:${it.pid}:${it.runs}:${it.function}`;
  };
  const lines: string[] = [];
  for (let i = 0; i < events.kind.length; i++) {
    const kind = EVENT_KINDS[events.kind[i] ?? 0] ?? '';
    if (only !== undefined && !only.has(kind)) continue;
    const lock = locks[events.lock[i] ?? -1];
    const of = classes[lock?.class ?? -1];
    const site = sites[events.site[i] ?? -1];
    lines.push(
      [
        kind,
        task(events.task[i] ?? -1),
        // Where nothing but the interrupt context tells a spinlock from a mutex, a report without it cannot.
        lock === undefined ? '-' : `${context ? of?.kind : ''} ${of?.name} ${lock.address}`,
        LOCK_MODES[events.mode[i] ?? 0],
        task(events.peer[i] ?? -1),
        events.cpu[i],
        KNOWN_BY[events.known[i] ?? 0],
        `episode ${events.episode[i]}`,
        // printed rounded to the nearest
        String(((events.timeNs[i] ?? 0n) + nsPerTick / 2n) / nsPerTick),
        site === undefined || !withSites
          ? '-'
          : `${site.at} ${site.frames.map((frame) => strings[frame]).join('<')}`,
        ...(context ? [CONTEXTS[events.context[i] ?? 0], events.disabled[i]] : []),
      ].join(' | '),
    );
  }
  return lines;
}

async function capture(bytes: Uint8Array): Promise<Capture> {
  const imported = await importSource(sourceOf('x', bytes));
  if (!imported.ok) throw new Error(imported.problem.title);
  return imported.capture;
}

const archs = ['x86_64', 's390x'];
const files = here
  ? archs.flatMap((arch) =>
      readdirSync(join(shared, 'captures', arch))
        .filter((name) => name.endsWith('.dat'))
        .map((name) => `captures/${arch}/${name}`),
    )
  : [];
const LOCKS = new Set(['request', 'acquire', 'try-acquire', 'release', 'refuse']);

describe.runIf(here)('trace.dat and the report beside it', () => {
  it.each(files.filter((name) => existsSync(join(shared, name.replace(/dat$/, 'report.txt')))))(
    '%s',
    async (name) => {
      const compared: Compared = {
        context: false,
        nsPerTick: name.includes('counter') ? 1n : 1000n,
        only: LOCKS,
      };
      const fromDat = await capture(readFileSync(join(shared, name)));
      const fromText = await capture(readFileSync(join(shared, name.replace(/dat$/, 'report.txt'))));
      expect(fromText.format).toBe('ftrace');
      const expected = rows(fromText, compared);
      expect(expected.length).toBeGreaterThan(0);
      expect(rows(fromDat, compared)).toEqual(expected);
    },
  );
});

/**
 * Where the report itself says something else than the file: the counter clock is printed as seconds; a leaf call of
 * function_graph is one line with one time; an irq-off flag of the file that the report does not print; the order of
 * records of equal time.
 */
const REPORT_DIFFERS = [
  'x86_64/pci-nvme-locks.dat',
  'zoo-clock-counter.dat',
  's390x/pci-zpci-funcgraph.dat',
  'amd64-6.1-clock-counter.dat',
  'amd64-6.12-lockdep-irq-wq.dat',
];

describe.runIf(here && installed)('trace.dat and `trace-cmd report -l -t` of it', () => {
  const samples = here
    ? readdirSync(join(shared, 'formats-samples/trace-dat'))
        .filter((name) => /\.dat(\.gz)?$/.test(name))
        .map((name) => `formats-samples/trace-dat/${name}`)
    : [];
  const compared = [
    ...files,
    ...samples.filter((name) => /\.dat$/.test(name) && !/zlib|latency|graph/.test(name)),
  ].filter((name) => !REPORT_DIFFERS.some((known) => name.endsWith(known)));
  it.each(compared)('%s', async (name) => {
    const packed = readFileSync(join(shared, name));
    const bytes = name.endsWith('.gz') ? gunzipSync(packed) : packed;
    const report = spawnSync('trace-cmd', ['report', '-l', '-t', join(shared, name)], {
      maxBuffer: 1 << 29,
    });
    const how: Compared = { context: true, nsPerTick: 1n, sites: !name.includes('kprobe') };
    const expected = rows(await capture(report.stdout), how);
    const got = rows(await capture(bytes), how);
    const at = got.findIndex((row, i) => row !== expected[i]);
    if (at !== -1) expect(got.slice(at, at + 5)).toEqual(expected.slice(at, at + 5));
    expect(got.length).toBe(expected.length);
  });
});
