// Patch text: the committed patches read, each form reads as what it says, and what is wrong is told with its line.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePatch } from './patch.js';

const FOLDER = new URL('../patches/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.patch'));

function edits(...lines: string[]) {
  const parsed = parsePatch(['patch 1 p', ...lines].join('\n'));
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.patch.edits.map(({ text: _, line: __, ...edit }) => edit);
}

function problems(text: string): string[] {
  const parsed = parsePatch(text);
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
}

describe('patch text', () => {
  it('is what corpus/patches holds, one for each version of the series', () => {
    expect(files.sort()).toEqual(
      ['block-v4', 'v0', 'v1', 'v10', 'v11', 'v14', 'v2', 'v9'].map((name) => `${name}.patch`),
    );
    for (const file of files) {
      const parsed = parsePatch(readFileSync(new URL(file, FOLDER), 'utf8'));
      expect(parsed.ok, file).toBe(true);
      if (parsed.ok) expect(`${parsed.patch.name}.patch`).toBe(file);
    }
  });

  it('reads every form', () => {
    expect(edits('rule &dev->mutex reentrant unfair')).toEqual([
      { do: 'rule', class: '&dev->mutex', rules: ['reentrant', 'unfair'] },
    ]);
    expect(edits('take R around f, g|h and i() in k  # why')).toEqual([
      { do: 'take', class: 'R', around: [['f'], ['g', 'h'], ['i']], inside: ['k'] },
    ]);
    expect(edits('take R around f')).toEqual([{ do: 'take', class: 'R', around: [['f']], inside: null }]);
    expect(edits('drop R in f,g')).toEqual([{ do: 'drop', class: 'R', inside: [['f'], ['g']] }]);
    expect(edits('call g before R in f')).toEqual([{ do: 'call', call: ['g'], class: 'R', inside: ['f'] }]);
    expect(edits('flag b set', 'clear b in f', 'set b in f before R', 'guard f, g unless b')).toEqual([
      { do: 'flag', flag: 'b', value: false, inside: ['f'], before: null },
      { do: 'flag', flag: 'b', value: true, inside: ['f'], before: 'R' },
      { do: 'guard', functions: [['f'], ['g']], flag: 'b', value: false },
    ]);
    const flags = parsePatch('patch 1 p\nflag a\nflag b of C set\nflag c of lock taken in f|g\n');
    expect(flags.ok && flags.patch.flags).toEqual([
      { name: 'a', of: null, takenIn: null, set: false },
      { name: 'b', of: 'C', takenIn: null, set: true },
      { name: 'c', of: null, takenIn: ['f', 'g'], set: false },
    ]);
  });

  it('tells what is wrong, and where', () => {
    expect(problems('')).toEqual(['1: a patch begins with: patch 1 NAME']);
    expect(problems('rule R fair')).toEqual(['1: a patch begins with: patch 1 NAME']);
    expect(problems('patch 1 p\n\ntake R round f')).toEqual([
      '3: it is written as: take CLASS around FUNCTION[, FUNCTION...] [in FUNCTION]',
    ]);
    expect(problems('patch 1 p\nrule R reentrant no-reentrant')[0]).toContain('contradict');
    expect(problems('patch 1 p\nrule R often')[0]).toContain('"often" is no rule');
    expect(problems('patch 1 p\nguard f when x')[0]).toContain('there is no flag x');
    expect(problems('patch 1 p\nflag x\nflag x')[0]).toBe('3: the flag x is there already');
    expect(problems('patch 1 p\nmove R')[0]).toContain('"move" is no edit');
  });

  it('never throws, whatever it is given', () => {
    const word = fc.constantFrom(
      'patch',
      '1',
      'p',
      'take',
      'R',
      'around',
      'in',
      'f|',
      ',',
      'when',
      'flag',
      'of',
      '#',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(word, fc.string()), { maxLength: 30 }),
        fc.constantFrom(' ', '\n'),
        (words, by) => {
          const parsed = parsePatch(words.join(by));
          expect(parsed.ok || parsed.problems.length > 0).toBe(true);
        },
      ),
    );
  });
});
