// Binary files that others write and relock does not read, each with the command that makes of it what relock reads.

/** A file of another tool: what it is, and what to do with it. */
export interface ForeignFile {
  readonly what: string;
  readonly facts: readonly string[];
  /** The command, for the file of that name. */
  readonly next: (file: string) => string;
}

interface Magic extends ForeignFile {
  /** The first bytes, as latin1. */
  readonly magic: readonly string[];
}

const FOREIGN: readonly Magic[] = [
  {
    // tools/perf/Documentation/perf.data-file-format.txt; the second as the other byte order writes it.
    magic: ['PERFILE2', '2ELIFREP', 'PERFFILE'],
    what: 'perf.data, the binary recording of perf',
    facts: ['relock reads the text that perf makes of it, on the machine or with the perf that recorded it.'],
    next: (file) => `perf script --ns --show-lost-events -i ${file} > run.txt`,
  },
  {
    // CTF 1.8, 7.1 and 7.2 (diamon.org/ctf): a packet of a stream, a packet of metadata, plain metadata.
    magic: ['\xc1\xfc\x1f\xc1', '\xc1\x1f\xfc\xc1', '\x57\x1d\xd1\x75', '\x75\xd1\x1d\x57', '/* CTF 1.8'],
    what: 'a part of a CTF trace, as LTTng records it',
    facts: ['relock reads the text that babeltrace2 makes of the folder in which its file `metadata` lies.'],
    next: (file) => `babeltrace2 ${/^(.*)\/[^/]*$/.exec(file)?.[1] ?? '.'} > run.txt 2>&1`,
  },
  {
    // makedumpfile and diskdump (makedumpfile's diskdump_mod.h, kdump's flattened form).
    magic: ['KDUMP   ', 'DISKDUMP', 'makedumpfile\0'],
    what: 'a dump of a kernel',
    facts: ['relock reads what crash(8) prints of it: stacks of blocked tasks, mutexes, and the kernel log.'],
    next: (file) => `echo 'log; foreach UN bt' | crash -s vmlinux ${file} > crash.txt`,
  },
  {
    magic: ['PK\x03\x04', 'PK\x05\x06'],
    what: 'a zip archive',
    facts: ['relock walks tar archives; of a zip archive it reads the files that were taken out.'],
    next: (file) => `unzip -d files ${file} && relock import files`,
  },
  {
    magic: ['LPKSHHRH'],
    what: 'a binary journal of systemd',
    facts: ['relock reads the text that journalctl makes of it.'],
    next: (file) => `journalctl -k --file ${file} > journal.txt`,
  },
  {
    magic: ['BZh'],
    what: 'packed with bzip2',
    facts: ['relock unpacks gzip, xz and zstd by itself.'],
    next: (file) => `bunzip2 -c ${file} | relock import -`,
  },
];

/** What a file that no importer knows is by its first bytes, or null. */
export function foreignFile(head: Uint8Array): ForeignFile | null {
  const start = Buffer.from(head.subarray(0, 16)).toString('latin1');
  return FOREIGN.find(({ magic }) => magic.some((bytes) => start.startsWith(bytes))) ?? null;
}
