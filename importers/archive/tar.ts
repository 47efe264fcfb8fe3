// Walks tar archives, packed or not and inside each other: each file in them is a source of its own, nothing is extracted.
import { type Extract, extract, type Header } from 'tar-stream';
import type { CaptureBuilder } from '../builder.js';
import { type ByteBudget, type Source, sourceOf } from '../source.js';

/** How much of an archive is read: a sosreport has some ten thousand members and some gigabytes. */
export interface ArchiveLimits {
  /** Files in all, those of inner archives included. */
  readonly members: number;
  /** Bytes of one member as it stands in the archive. */
  readonly memberBytes: number;
  /** Bytes that all members unpack to. */
  readonly bytes: number;
  /** Archives inside archives: `debugfs.tar` inside a DBGINFO file is one. */
  readonly depth: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  members: 100_000,
  memberBytes: 4 * 2 ** 30,
  bytes: 16 * 2 ** 30,
  depth: 4,
};

const BLOCK = 512;
const MAGIC = 257;
const CHECKSUM = 148;

/** True if the bytes begin a tar archive of any age: its magic word, or, before POSIX, a right checksum of the first header. */
export function isTar(head: Uint8Array): boolean {
  if (head.length < BLOCK || head[0] === 0) return false;
  const field = Buffer.from(head.subarray(CHECKSUM, CHECKSUM + 8)).toString('latin1');
  const said = /^ *([0-7]{1,7})[ \0]*$/.exec(field)?.[1];
  if (said === undefined) return false;
  if (Buffer.from(head.subarray(MAGIC, MAGIC + 5)).toString('latin1') === 'ustar') return true;
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK; i++) if (i < CHECKSUM || i >= CHECKSUM + 8) sum += head[i] ?? 0;
  return sum === Number.parseInt(said, 8);
}

/** The name of a member as a label: no root, no `.` and `..`, nothing that a path could be led astray by. */
export function memberName(name: string): string {
  const parts = name.split(/[/\\]+/).filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.join('/').slice(0, 1_000) || 'unnamed';
}

type What = 'file' | 'folder' | 'link' | 'special';

function whatIs(header: Header): What {
  // The library's null is a type that it does not know, such as the parts of GNU's sparse files.
  const type: Header['type'] | null = header.type;
  if (type === null) return 'special';
  switch (type) {
    case 'file':
    case 'contiguous-file':
      return header.name.endsWith('/') ? 'folder' : 'file';
    case 'directory':
      return 'folder';
    case 'link':
    case 'symlink':
      return 'link';
    case 'character-device':
    case 'block-device':
    case 'fifo':
      return 'special';
    default: {
      const never: never = type;
      throw new Error(`tar: unknown type of member ${String(never)}`);
    }
  }
}

/** Hands the bytes of an archive to the library, as fast as it takes them. */
async function feed(engine: Extract, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let wake: (() => void) | null = null;
  const ready = (): void => wake?.();
  engine.on('drain', ready);
  engine.on('close', ready);
  for await (const chunk of chunks) {
    if (engine.destroying) return;
    const room = new Promise<void>((resolve) => {
      wake = resolve;
    });
    if (!engine.write(chunk)) await room;
  }
  engine.end(null);
}

/** The bytes of a member: what the library streams, which is buffers. */
async function* bytesOf(entry: Entry): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
}

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

/** The walk through one archive and those inside it. */
class Walk {
  readonly #budget: ByteBudget;
  #members = 0;

  constructor(
    readonly builder: CaptureBuilder,
    readonly limits: ArchiveLimits,
  ) {
    this.#budget = { left: limits.bytes };
  }

  async *through(archive: Source, depth: number): AsyncGenerator<Source> {
    const { skips } = this.builder;
    const engine = extract();
    // A stream without a listener throws its errors at the process; they come out of the iteration too.
    engine.on('error', () => {});
    const feeding = feed(engine, archive.bytes());
    const entries = engine[Symbol.asyncIterator]();
    try {
      for (;;) {
        let next: IteratorResult<Entry>;
        try {
          next = await entries.next();
        } catch {
          // tar-stream gives up at a header that is none, and at an end inside a member.
          skips.count('archive_damaged', null);
          return;
        }
        if (next.done === true) return;
        if (this.#isOver()) {
          skips.count('archive_too_large', null);
          return;
        }
        yield* this.#entry(archive, next.value, depth);
      }
    } finally {
      engine.destroy();
      await feeding;
    }
  }

  #isOver(): boolean {
    return this.#members >= this.limits.members || this.#budget.left <= 0;
  }

  async *#entry(archive: Source, entry: Entry, depth: number): AsyncGenerator<Source> {
    const { skips } = this.builder;
    const { header } = entry;
    const what = whatIs(header);
    this.builder.count(what);
    if (what === 'link') skips.count('archive_link_ignored', null);
    if (what === 'special') skips.count('archive_special_ignored', null);
    const isTooLarge = what === 'file' && header.size > this.limits.memberBytes;
    if (isTooLarge) skips.count('archive_member_too_large', null);
    if (what !== 'file' || isTooLarge) {
      entry.resume();
      return;
    }
    this.#members++;
    const member = sourceOf(`${archive.name}!${memberName(header.name)}`, bytesOf(entry), this.#budget);
    if (!isTar(await member.headBytes())) {
      yield member;
    } else if (depth >= this.limits.depth) skips.count('archive_too_deep', null);
    else yield* this.through(member, depth + 1);
    // The walk goes on behind the member, whoever read how much of it.
    await member.sha256();
  }
}

/**
 * The files in an archive as sources named `archive!member`, in order; each has to be read before the next is asked for. Folders, links
 * and devices are counted in `builder`, with everything that was not read.
 */
export function archiveMembers(
  archive: Source,
  builder: CaptureBuilder,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): AsyncGenerator<Source> {
  return new Walk(builder, limits).through(archive, 1);
}
