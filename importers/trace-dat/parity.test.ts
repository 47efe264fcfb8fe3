// Compares the records read of every sample in ../shared with trace-cmd's report of it and with the file's own CPUSTAT.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { importSource } from '../import.js';
import { openSource } from '../source.js';
import { reportCounts } from './report-counts.laws.js';

const shared = fileURLToPath(new URL('../../../shared', import.meta.url));
const samples = join(shared, 'formats-samples/trace-dat');
const here = existsSync(samples);
if (!here)
  console.warn('SKIPPED: no ../shared/formats-samples: trace.dat samples are not compared with trace-cmd');

async function countsOf(path: string): Promise<Readonly<Record<string, number>>> {
  const opened = await openSource(path);
  if (!opened.ok) throw new Error(opened.problem.title);
  const imported = await importSource(opened.source);
  await opened.source.close();
  if (!imported.ok) throw new Error(imported.problem.title);
  expect(imported.capture.format).toBe('trace-dat');
  return imported.capture.byEvent;
}

interface Sidecar {
  readonly file: string;
  readonly oracle: { readonly lines_per_event: Readonly<Record<string, number>> };
  readonly walk: { readonly records_per_event: Readonly<Record<string, number>> };
  readonly report_differs_from_walk: Readonly<Record<string, readonly [number, number]>>;
}

/** Counts without the `instance/` before a name, which is not part of it. */
function withoutInstances(counts: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [key, count] of Object.entries(counts)) {
    const name = key.slice(key.lastIndexOf('/') + 1);
    sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

describe.runIf(here)('samples with sidecars', () => {
  const files = here ? readdirSync(samples).filter((name) => name.endsWith('.json')) : [];
  it.each(files)('%s', async (name) => {
    const sidecar = JSON.parse(readFileSync(join(samples, name), 'utf8')) as Sidecar;
    const counts = await countsOf(join(samples, sidecar.file));
    const expected = withoutInstances(sidecar.walk.records_per_event);
    expect(counts).toEqual(expected);
    // And the report itself, but for what the sidecar says trace-cmd gets wrong.
    const report = withoutInstances(sidecar.oracle.lines_per_event);
    for (const [event, [lines]] of Object.entries(sidecar.report_differs_from_walk)) {
      expect(report[event] ?? 0).toBe(lines);
      delete report[event];
    }
    expect(counts).toMatchObject(report);
  });
});

describe.runIf(here)('captures with a report', () => {
  const captures = here
    ? ['x86_64', 's390x'].flatMap((arch) => {
        const folder = join(shared, 'captures', arch);
        return readdirSync(folder)
          .filter(
            (name) => name.endsWith('.dat') && existsSync(join(folder, name.replace(/dat$/, 'report.txt'))),
          )
          .map((name) => join(folder, name));
      })
    : [];
  it('are there', () => expect(captures.length).toBeGreaterThan(10));
  it.each(captures.map((path) => [path.slice(shared.length + 1), path]))('%s', async (_name, path) => {
    const report = reportCounts(readFileSync(path.replace(/dat$/, 'report.txt'), 'utf8'));
    expect(await countsOf(path)).toEqual(report);
  });
});

describe.runIf(here)('the reports of the samples', () => {
  it('are counted as their sidecars say', () => {
    const text = gunzipSync(readFileSync(join(samples, 'amd64-6.12-lockdep-lost.report.txt.gz'))).toString();
    const sidecar = JSON.parse(
      readFileSync(join(samples, 'amd64-6.12-lockdep-lost.json'), 'utf8'),
    ) as Sidecar;
    expect(reportCounts(text)).toEqual(sidecar.oracle.lines_per_event);
  });
});
