// Small words of the command line: durations, spelling help, CSV, tables.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csv } from '../reports/text/csv.js';
import { formatDuration, parseDuration, shortCount } from '../reports/text/durations.js';
import { problemLines } from './session.js';
import { drawn } from './tabular.js';
import { nearest } from './trouble.js';

describe('durations', () => {
  it('reads what users type', () => {
    expect(parseDuration('90s')).toBe(90);
    expect(parseDuration('1h30m')).toBe(5400);
    expect(parseDuration('8h')).toBe(28_800);
    expect(parseDuration('0.5s')).toBe(0.5);
    for (const bad of ['', 'x', '5 m', 'h', '-3s', '5mm']) expect(parseDuration(bad), bad).toBeNull();
  });
  it('reads back what it writes, never shorter than it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seconds) => {
        const back = parseDuration(formatDuration(seconds)) as number;
        expect(back).toBeGreaterThan(seconds - 60);
        expect(back).toBeLessThanOrEqual(seconds);
      }),
    );
  });
  it('shortens counts', () => {
    expect([999, 11_400, 91_442_018].map(shortCount)).toEqual(['999', '11.4k', '91.4M']);
  });
});

describe('nearest', () => {
  it('finds the likely spelling and nothing else', () => {
    expect(nearest('imprt', ['import', 'export'])).toBe('import');
    expect(nearest('zzzzzz', ['import', 'export'])).toBeNull();
  });
});

describe('tables', () => {
  it('quotes CSV fields that need it', () => {
    expect(
      csv(
        ['a', 'b'],
        [
          ['x,y', null],
          ['say "hi"', 3],
        ],
      ),
    ).toBe('a,b\n"x,y",\n"say ""hi""",3\n');
  });
  it('draws without escape codes, in ASCII where asked', () => {
    const text = drawn(['lock'], [['&dev->mutex']], false);
    expect(text).toContain('| &dev->mutex |');
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe('trouble', () => {
  it('stands in 75 columns, what it is about at the right', () => {
    const lines = problemLines({ title: 'TITLE', facts: ['word '.repeat(40)], next: 'relock ls' }, 'x.log');
    expect(lines[0]).toHaveLength(75);
    expect(lines[0]).toMatch(/^TITLE +x\.log$/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(75);
    expect(lines.at(-1)).toBe('    relock ls');
  });
});
