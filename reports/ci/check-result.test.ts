// Checked files as KTAP and JUnit: each outcome, names that would be directives or markup, and nothing at all.
import { describe, expect, it } from 'vitest';
import type { CheckFileForm } from '../../corpus/schema/forms.js';
import { HOSTILE } from '../hostile.laws.js';
import { crwExample } from '../samples.laws.js';
import { type CheckResult, checkJunit, checkKtap } from './check-result.js';

const form: CheckFileForm = {
  file: 'dmesg.txt',
  format: 'kernel-log',
  verdict: 'deadlock',
  complete: true,
  expected: null,
  ok: null,
  schedules: 1,
  states: 1,
  witnesses: [crwExample().witness],
};
const results: readonly CheckResult[] = [
  { file: 'fine.txt', result: 'pass', why: '', form: { ...form, witnesses: [] } },
  { file: 'bad#1.txt', result: 'fail', why: 'deadlock: 1 not triaged', form },
  { file: 'known.txt', result: 'known', why: 'known 1f93a2c reported', form: null },
  { file: 'empty.txt', result: 'skip', why: 'NOTHING RECOGNISED', form: null },
  { file: 'lost.txt', result: 'error', why: 'I CANNOT READ THIS FILE', form: null },
];

describe('checked files', () => {
  it('as KTAP', () => {
    expect(checkKtap(results)).toBe(`KTAP version 1
1..5
ok 1 fine.txt
# 1f93a2c open lock inversion: pci_rescan_remove_lock <-> zpci_add_remove_lock
# deadlock: 1 not triaged
not ok 2 bad\\#1.txt
not ok 3 known.txt # XFAIL known 1f93a2c reported
ok 4 empty.txt # SKIP NOTHING RECOGNISED
# I CANNOT READ THIS FILE
not ok 5 lost.txt
`);
    expect(checkKtap([])).toBe('KTAP version 1\n1..0 # SKIP nothing to test\n');
  });

  it('as JUnit', () => {
    const text = checkJunit(results);
    expect(text).toContain('tests="5" failures="1" errors="1" skipped="2"');
    expect(text.match(/<testcase /g)).toHaveLength(5);
    expect(text.match(/<\/testcase>/g)).toHaveLength(5);
  });

  it('hostile names make no line, no directive and no tag', () => {
    for (const name of HOSTILE) {
      const list: CheckResult[] = [{ file: name, result: 'fail', why: name, form: null }];
      expect(
        checkKtap(list)
          .split('\n')
          .filter((line) => /^(not )?ok /.test(line)),
      ).toHaveLength(1);
      expect(checkKtap([{ file: `${name} # SKIP`, result: 'fail', why: '', form: null }])).toMatch(
        /\\# SKIP\n$/,
      );
      expect(checkJunit(list).match(/<\/?[a-z]+/g)).toEqual(
        checkJunit([{ ...list[0], file: 'x', why: 'x' } as CheckResult]).match(/<\/?[a-z]+/g),
      );
    }
  });
});
