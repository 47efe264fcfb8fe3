// Tests of the walk through archives: numbered samples, hostile names, limits, bombs, and damage anywhere.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Header, pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { CaptureBuilder } from '../builder.js';
import { importSource } from '../import.js';
import { SKIPS } from '../skips.js';
import { type Source, sourceOf } from '../source.js';
import { ARCHIVE_LIMITS, type ArchiveLimits, archiveMembers, isTar, memberName } from './tar.js';

const FOLDER = join(import.meta.dirname, '../testdata/archive');
const LOG = readFileSync(join(import.meta.dirname, '../testdata/kernel-log/01-x86-sriov-vs-remove-hung.log'));
const archives = readdirSync(FOLDER).filter((name) => !name.endsWith('.json'));

interface Walked {
  readonly members: Readonly<Record<string, string | null>>;
  readonly captures: readonly Capture[];
  readonly counts: Readonly<Record<string, number>>;
  readonly skips: Readonly<Record<string, number>>;
}

async function walk(
  source: Source,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
  read = (member: Source) => importSource(member),
): Promise<Walked> {
  const builder = new CaptureBuilder();
  const members: Record<string, string | null> = {};
  const captures: Capture[] = [];
  for await (const member of archiveMembers(source, builder, limits)) {
    const imported = await read(member);
    members[member.name.slice(source.name.length + 1)] = imported.ok ? imported.capture.format : null;
    if (imported.ok) captures.push(imported.capture);
  }
  const about = { id: await source.sha256(), file: source.name, bytes: source.bytesRead };
  const { byEvent, skipped } = builder.finish({ ...about, format: 'tar', provenance: 'byte' });
  for (const { stat, advice } of skipped) expect(SKIPS[stat as keyof typeof SKIPS].advice).toBe(advice);
  return {
    members,
    captures,
    counts: byEvent,
    skips: Object.fromEntries(skipped.map((skip) => [skip.stat, skip.count])),
  };
}

type Member = readonly [Partial<Header> & { name: string }, (Uint8Array | string)?];

async function tarOf(members: readonly Member[]): Promise<Buffer> {
  const packing = pack();
  for (const [header, body = ''] of members) packing.entry(header, Buffer.from(body));
  packing.finalize();
  const parts: Buffer[] = [];
  for await (const part of packing) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

describe('samples of archives', () => {
  it.each(archives)('%s gives each member as a capture of its own', async (name) => {
    const expected = JSON.parse(readFileSync(join(FOLDER, `${name.split('.')[0]}.json`), 'utf8'));
    const walked = await walk(sourceOf(name, readFileSync(join(FOLDER, name))));
    expect(walked).toMatchObject(expected);
    expect(Object.keys(walked.members)).toEqual(Object.keys(expected.members));
  });

  it('a member is the same capture as the file taken out of the archive', async () => {
    const [first] = (await walk(sourceOf('a', await tarOf([[{ name: 'x/dmesg' }, LOG]])))).captures;
    const alone = await importSource(sourceOf('a!x/dmesg', LOG));
    expect(alone.ok && alone.capture).toEqual(first);
  });

  it.each(archives)(
    '%s, cut or damaged anywhere, is walked as far as it goes without a throw',
    async (name) => {
      const bytes = readFileSync(join(FOLDER, name));
      await fc.assert(
        fc.asyncProperty(
          fc.nat(bytes.length),
          fc.nat(bytes.length),
          fc.uint8Array({ maxLength: 40 }),
          async (from, to, garbage) => {
            const [a, b] = [Math.min(from, to), Math.max(from, to)];
            const source = sourceOf('x', Buffer.concat([bytes.subarray(0, a), garbage, bytes.subarray(b)]));
            if (isTar(await source.headBytes())) await walk(source);
          },
        ),
        { numRuns: 15 },
      );
    },
  );

  it('an archive that ends inside a member keeps what came before', async () => {
    const whole = await tarOf([
      [{ name: 'first' }, LOG],
      [{ name: 'second' }, LOG],
    ]);
    const walked = await walk(sourceOf('x', whole.subarray(0, LOG.length + 4_000)));
    expect(walked.members['first']).toBe('kernel-log');
    expect(walked.skips).toMatchObject({ archive_damaged: 1 });
  });
});

describe('hostile archives', () => {
  it('names of members are labels that lead nowhere', () => {
    for (const [name, label] of [
      ['../../etc/passwd', 'etc/passwd'],
      ['/etc/shadow', 'etc/shadow'],
      ['a/./b/../../c', 'a/b/c'],
      ['..\\..\\windows\\x', 'windows/x'],
      ['..', 'unnamed'],
      ['', 'unnamed'],
    ] as const)
      expect(memberName(name)).toBe(label);
    fc.assert(
      fc.property(fc.string(), (name) => {
        const parts = memberName(name).split('/');
        expect(parts).not.toContain('..');
        expect(parts).not.toContain('');
      }),
    );
  });

  it('stops after so many members, inner archives included', async () => {
    const inner = await tarOf(Array.from({ length: 5 }, (_, i) => [{ name: `inner${i}` }, 'x\n'] as const));
    const outer = await tarOf([
      [{ name: 'a' }, 'x\n'],
      [{ name: 'inner.tar' }, inner],
      [{ name: 'b' }, 'x\n'],
    ]);
    const walked = await walk(sourceOf('x', outer), { ...ARCHIVE_LIMITS, members: 4 });
    expect(Object.keys(walked.members)).toEqual(['a', 'inner.tar!inner0', 'inner.tar!inner1']);
    expect(walked.skips['archive_too_large']).toBeGreaterThanOrEqual(1);
  });

  it('passes over a member that is too large, and reads the next', async () => {
    const outer = await tarOf([
      [{ name: 'large' }, Buffer.alloc(5_000, 'x\n')],
      [{ name: 'dmesg' }, LOG.subarray(0, 900)],
    ]);
    const walked = await walk(sourceOf('x', outer), { ...ARCHIVE_LIMITS, memberBytes: 1_000 });
    expect(Object.keys(walked.members)).toEqual(['dmesg']);
    expect(walked.skips).toEqual({ archive_member_too_large: 1 });
  });

  it('cuts what unpacks to more than is read of one archive', async () => {
    const bomb = gzipSync(Buffer.alloc(1 << 22, 'x\n'));
    const outer = await tarOf(Array.from({ length: 8 }, (_, i) => [{ name: `${i}.gz` }, bomb] as const));
    let unpacked = 0;
    const walked = await walk(sourceOf('x', outer), { ...ARCHIVE_LIMITS, bytes: 3 << 22 }, async (member) => {
      for await (const chunk of member.bytes()) unpacked += chunk.length;
      return importSource(sourceOf('y', Buffer.from('x\n')));
    });
    expect(unpacked).toBeLessThanOrEqual(3 << 22);
    expect(Object.keys(walked.members).length).toBeLessThanOrEqual(4);
    expect(walked.skips).toEqual({ archive_too_large: 1 });
  });

  it('opens archives inside archives to a depth, packed or not', async () => {
    let nested = await tarOf([[{ name: 'dmesg' }, LOG]]);
    for (let depth = 1; depth < ARCHIVE_LIMITS.depth; depth++)
      nested = gzipSync(await tarOf([[{ name: 'a.tgz' }, nested]]));
    const within = await walk(sourceOf('x', nested));
    expect(Object.values(within.members)).toEqual(['kernel-log']);
    const beyond = await walk(sourceOf('x', await tarOf([[{ name: 'a.tgz' }, nested]])));
    expect(beyond.members).toEqual({});
    expect(beyond.skips).toEqual({ archive_too_deep: 1 });
  });

  it('walks on behind members that nobody has read', async () => {
    const outer = await tarOf([
      [{ name: 'a' }, Buffer.alloc(1 << 20, 'x\n')],
      [{ name: 'b' }, LOG],
    ]);
    const builder = new CaptureBuilder();
    const names: string[] = [];
    for await (const member of archiveMembers(sourceOf('x', outer), builder)) names.push(member.name);
    expect(names).toEqual(['x!a', 'x!b']);
  });

  it('takes nothing for an archive that is none', () => {
    expect(isTar(LOG)).toBe(false);
    expect(isTar(Buffer.alloc(2_000))).toBe(false);
    fc.assert(fc.property(fc.uint8Array({ minLength: 512, maxLength: 600 }), (bytes) => !isTar(bytes)));
  });
});
