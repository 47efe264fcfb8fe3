// Tests of files that other tools write: each is told by its first bytes, and the next command names the file.
import { describe, expect, it } from 'vitest';
import { foreignFile } from './foreign-files.js';
import { importSource } from './import.js';
import { sourceOf } from './source.js';

const HEADS: readonly (readonly [string, string])[] = [
  ['PERFILE2\x68\0\0\0', 'perf script --ns --show-lost-events -i d/f > run.txt'],
  ['2ELIFREP\0\0\0\x68', 'perf script --ns --show-lost-events -i d/f > run.txt'],
  ['\xc1\x1f\xfc\xc1\0\0\0\0', 'babeltrace2 d > run.txt 2>&1'],
  ['/* CTF 1.8 */\ntrace {', 'babeltrace2 d > run.txt 2>&1'],
  ['KDUMP   \x06\0\0\0', "echo 'log; foreach UN bt' | crash -s vmlinux d/f > crash.txt"],
  ['PK\x03\x04\x14\0', 'unzip -d files d/f && relock import files'],
  ['LPKSHHRH\0\0\0\0', 'journalctl -k --file d/f > journal.txt'],
  ['BZh91AY', 'bunzip2 -c d/f | relock import -'],
];

describe('files of other tools', () => {
  it.each(HEADS)('%j is refused with the command that helps', async (head, next) => {
    const bytes = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(4000, 0x80)]);
    const imported = await importSource(sourceOf('d/f', [bytes]));
    expect(imported.ok ? null : imported.problem.next).toBe(next);
  });

  it('are not what relock reads, and not text', () => {
    for (const head of ['', '\x17\x08\x44tracing6', 'PK', '# tracer: nop\n', '[    1.000000] x', '/* CTF'])
      expect([head, foreignFile(Buffer.from(head, 'latin1'))]).toEqual([head, null]);
  });
});
