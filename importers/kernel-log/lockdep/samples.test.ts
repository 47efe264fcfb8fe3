// The samples of lockdep reports: each gives the facts of its header, whatever mail clients and other CPUs do to it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../corpus/schema/report.js';
import { lockdepReports } from './recogniser.js';
import { factLines, factsOf, parseSample, readReports } from './sample-facts.laws.js';

const FOLDER = join(import.meta.dirname, '../../testdata/lockdep');
const SAMPLES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .map((name) => ({ name, ...parseSample(readFileSync(join(FOLDER, name), 'utf8')) }));
/** Samples that no mail client has had its hands on yet. */
const WHOLE = SAMPLES.filter(({ name }) => !/mail|headless/.test(name));

const read = (log: string): readonly Report[] => readReports(log, [lockdepReports]);
const only = (log: string): Report => {
  const reports = read(log);
  expect(reports).toHaveLength(1);
  return reports[0]!;
};
/** Facts that a changed layout must not change. */
const lasting = (report: Report): string[] => factLines(report).filter((line) => !line.startsWith('title: '));

describe('samples', () => {
  it.each(SAMPLES)('$name', ({ facts, log }) => {
    expect(factsOf(read(log))).toBe(facts);
  });

  it('cover every kind of lockdep report', () => {
    const kinds = new Set(SAMPLES.flatMap(({ log }) => read(log).map((report) => report.kind)));
    expect([...kinds].sort()).toEqual([
      'bad-unlock-balance',
      'circular',
      'held-lock-freed',
      'inconsistent-state',
      'invalid-wait-context',
      'irq-inversion',
      'irq-order',
      'lock-held-at-exit',
      'nested-lock-not-taken',
      'other-lock',
      'recursive',
    ]);
  });
});

const isPrefix = <T>(part: readonly T[], whole: readonly T[], same: (a: T, b: T) => boolean): boolean =>
  part.length <= whole.length && part.every((item, i) => same(item, whole[i]!));
const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** True if nothing in `part` contradicts `whole`: every list is a beginning of the other's. */
function agrees(part: Report, whole: Report): boolean {
  const frames = (a: readonly string[], b: readonly string[]) => isPrefix(a, b, equal);
  return (
    (part.task === null || (part.task === whole.task && part.pid === whole.pid)) &&
    (part.wants === null || part.wants.lock === whole.wants?.lock) &&
    isPrefix(part.holds, whole.holds, equal) &&
    isPrefix(
      part.chain,
      whole.chain,
      (a, b) => equal({ ...a, frames: 0 }, { ...b, frames: 0 }) && frames(a.frames, b.frames),
    ) &&
    isPrefix(part.scenario, whole.scenario, equal) &&
    isPrefix(part.held, whole.held, (a, b) => a.task === b.task && isPrefix(a.locks, b.locks, equal)) &&
    frames(part.backtrace ?? [], whole.backtrace ?? []) &&
    Object.entries(part.facts ?? {}).every(([name, value]) => value === null || value === whole.facts?.[name])
  );
}

describe('laws of all samples', () => {
  // A symboliser's line for an inlined function counts until the real one comes.
  it.each(WHOLE.filter(({ name }) => !name.includes('symbolised')))(
    '$name cut at any line contradicts nothing',
    ({ log }) => {
      const whole = only(log);
      const lines = log.split('\n');
      for (let n = 1; n < lines.length; n++) {
        for (const part of read(lines.slice(0, n).join('\n'))) {
          expect(part.kind, `cut at ${n}`).toBe(whole.kind);
          expect(agrees(part, whole), `cut at ${n}: ${factLines(part).join(' | ')}`).toBe(true);
        }
      }
    },
  );

  it.each(SAMPLES)('$name with messages of other CPUs between its lines says the same', ({ log }) => {
    const lines = log.split('\n');
    const stamp = /^(?:<\d> ?)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])?/;
    const strange = lines.flatMap((line, i) => {
      const at = stamp.exec(line)?.[0];
      return at === undefined || i % 3 !== 0
        ? [line]
        : [line, `${at} usb 1-${i}: new high-speed USB device number ${i}`];
    });
    expect(lasting(only(strange.join('\n')))).toEqual(lasting(only(log)));
  });

  // In a wrapped chain, a name with blanks in it (`((wq_completion)"%s-%s" dev, (name))`) cannot be told from two names.
  const chainsThatWrap = WHOLE.filter(
    ({ log }) => !/^\S* ?\[[^\]]*\]\s+\(wq_completion\)a "b" .* -->/m.test(log),
  );

  it.each(chainsThatWrap)('$name wrapped at 72 columns says the same', ({ log }) => {
    const wrapped = log.split('\n').flatMap((line) => {
      const parts: string[] = [];
      let rest = line;
      while (rest.length > 72) {
        const at = rest.lastIndexOf(' ', 72);
        if (at <= 0 || rest.slice(0, at).trim() === '' || /^(?:\S* ?\[[^\]]*\])*\s*$/.test(rest.slice(0, at)))
          break;
        parts.push(rest.slice(0, at));
        rest = rest.slice(at + 1);
      }
      return [...parts, rest];
    });
    expect(lasting(only(wrapped.join('\n')))).toEqual(lasting(only(log)));
  });

  it.each(SAMPLES)('$name quoted in mails says the same', ({ log }) => {
    for (const mark of ['> ', '> > ', '>> ', '>']) {
      const quoted = log
        .split('\n')
        .map((line) => `${mark}${line}`)
        .join('\n');
      expect(lasting(only(quoted)), mark).toEqual(lasting(only(log)));
    }
  });

  it.each(SAMPLES)('$name with CRLF says the same', ({ log }) => {
    expect(lasting(only(log.replaceAll('\n', '\r\n')))).toEqual(lasting(only(log)));
  });

  it('two reports one behind the other are two', () => {
    for (const [a, b] of [
      [WHOLE[0]!, WHOLE[7]!],
      [WHOLE[7]!, WHOLE[0]!],
      [WHOLE[4]!, WHOLE[4]!],
    ] as const) {
      const both = read(`${a.log.trimEnd()}\n${b.log}`);
      expect(both.map(lasting)).toEqual([lasting(only(a.log)), lasting(only(b.log))]);
    }
  });

  it('lines of a megabyte inside a report are no trouble', () => {
    const { log } = WHOLE[0]!;
    const lines = log.split('\n');
    for (const word of ['a/1 is ', '((', '{+.', ' ', '-> ', '\\', 'lock(', '? '])
      for (const at of [4, 12, 30, 60]) {
        const long = word.repeat(1_000_000 / word.length);
        expect(lasting(only(lines.toSpliced(at, 0, long).join('\n')))).toEqual(lasting(only(log)));
      }
  });

  it('never throws, whatever is done to the lines', () => {
    const lines = SAMPLES.flatMap(({ log }) => log.split('\n'));
    const damage = fc.oneof(
      fc.constant((line: string) => line),
      fc.nat(100).map((n) => (line: string) => line.slice(n)),
      fc.nat(100).map((n) => (line: string) => line.slice(0, n)),
      fc.nat(40).map((n) => (line: string) => `${line.slice(0, n)}\n${line.slice(n)}`),
    );
    const mess = fc.array(fc.tuple(fc.nat(lines.length - 1), damage), { maxLength: 120 });
    fc.assert(
      fc.property(mess, (picks) => {
        const log = picks.map(([i, change]) => change(lines[i]!)).join('\n');
        for (const report of read(log)) {
          expect(report.endLine).toBeGreaterThanOrEqual(report.line);
          for (const link of report.chain) expect(link.lock).not.toBe('');
          for (const step of report.scenario) expect(step.cpu).toBeLessThan(2);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is no report', () => {
  it.each([
    'The kernel prints "WARNING: possible circular locking dependency detected" here.',
    'WARNING: possible circular locking dependency detected',
    "This constellation triggers 'BUG: Invalid wait context'\nwith CONFIG_PROVE_RAW_LOCK_NESTING=y .",
    '+\tpr_warn("[ BUG: Invalid wait context ]\\n");\n+\tpr_warn("%s/%d is trying to lock:\\n", curr->comm, pid);',
    'foo/1 is trying to acquire the lock that bar holds',
    'the task is trying to acquire lock: see below',
  ])('%j', (text) => {
    expect(read(text)).toEqual([]);
  });
});
