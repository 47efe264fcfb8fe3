// End-to-end tests: archives on the command line of import and check, named, in folders, and on standard input.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Bench } from './spawned.laws.js';

const TESTDATA = join(import.meta.dirname, '../importers/testdata/archive');
const bench = new Bench();
afterAll(() => bench.remove());
const read = (name: string) => readFileSync(join(TESTDATA, name));

interface Listed {
  readonly file: string;
  readonly format: string;
  readonly skipped: readonly { readonly stat: string }[];
}

describe('archives', () => {
  it('are imported member by member, and nothing of them is written beside the database', () => {
    bench.write('in/report.tar.xz', read('01-sosreport.tar.xz'));
    bench.write('in/tricks.tar', read('03-path-tricks.tar'));
    const before = readdirSync(bench.folder);
    const { code, stdout } = bench.relock(['import', '--json', '--db', 'a.db', 'in']);
    expect(code).toBe(0);
    const listed = (JSON.parse(stdout) as { captures: Listed[] }).captures;
    expect(listed.map(({ file, format }) => [file, format])).toEqual([
      ['in/report.tar.xz!sosreport-host-2026-01-05/sos_commands/kernel/dmesg', 'kernel-log'],
      ['in/report.tar.xz!sosreport-host-2026-01-05/var/log/messages.1.gz', 'kernel-log'],
      ['in/report.tar.xz', 'tar'],
      ['in/tricks.tar!etc/passwd', 'kernel-log'],
      ['in/tricks.tar', 'tar'],
    ]);
    expect(listed[4]?.skipped.map(({ stat }) => stat)).toEqual([
      'archive_link_ignored',
      'archive_special_ignored',
    ]);
    expect(
      readdirSync(bench.folder).filter((name) => !before.includes(name) && !name.startsWith('a.db')),
    ).toEqual([]);
    expect(existsSync(bench.path('in/etc'))).toBe(false);
  });

  it('are checked member by member, on standard input too', () => {
    const { code, stdout } = bench.relock(['check', '--json', '-'], read('02-dbginfo.tgz'));
    expect(code).toBe(1);
    const { files } = JSON.parse(stdout) as { files: { file: string; verdict: string }[] };
    expect(files.map(({ file, verdict }) => [file, verdict])).toEqual([
      ['-!DBGINFO-host/dmesg.out', 'deadlock'],
    ]);
  });

  it('without anything about locks are nothing to test', () => {
    const empty = bench.write('empty.tar', Buffer.concat([read('03-path-tricks.tar').subarray(8_192)]));
    for (const command of ['import', 'check'])
      expect(bench.relock([command, '--db', 'b.db', empty]).code).toBe(4);
  });
});
