// Seeds that are made on the spot: packed captures, whose form has a version; small trace.dat files, archives and mails.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { type MakeOptions, makeTraceDat, type Parts, partsOf } from '../bench/made-trace-dat.js';
import { encodeCapture } from '../corpus/pack/pack.js';
import type { CaptureId } from '../corpus/schema/ids.js';
import { CaptureBuilder } from '../importers/builder.js';

/** A few packed captures: empty, one event, and some with names of every length class of MessagePack. */
export function packSeeds(): Uint8Array[] {
  return [0, 1, 40].map((events) => {
    const builder = new CaptureBuilder();
    const episode = builder.episode({ origin: 'seed', basis: 'recorded' });
    for (let i = 0; i < events; i++) {
      const name = 'x'.repeat(i * 9);
      const task = builder.task(
        { name: `t${name}`, pid: i, function: null, named: true, runs: 'task' },
        `task ${i}`,
      );
      const lock = builder.lock(builder.lockClass(`&${name}`, 'mutex', false), `${i}`, `lock ${i}`);
      builder.event({ kind: 'acquire', task, lock, episode, known: 'observed', where: i, timeNs: BigInt(i) });
    }
    return encodeCapture(
      builder.finish({
        id: '0'.repeat(64) as CaptureId,
        file: 'seed',
        bytes: events,
        format: 'seed',
        provenance: 'line',
      }),
    );
  });
}

/** Events whose formats stay in a small trace.dat; without the print formats, which are most of the text. */
const LOCK_EVENTS =
  /^(?:contention_begin|contention_end|lock_acquire|lock_release|sched_switch|sched_waking)$/;

/** One page of one CPU of each buffer, and few formats: a whole file in some 7 KiB, where a recording has half a megabyte. */
function smallParts(parts: Parts): Parts {
  return {
    ...parts,
    formats: parts.formats
      .filter(({ text }) => LOCK_EVENTS.test(/^name: *(\S+)/m.exec(text)?.[1] ?? ''))
      .map((format) => ({ ...format, text: format.text.replace(/\nprint fmt:[\s\S]*$/, '\n') })),
    kallsyms: Buffer.from('ffffffff81000000 T _stext\nffffffff81100000 T mutex_lock\n'),
    cmdlines: '1 init\n100 worker\n',
    buffers: parts.buffers.slice(0, 1).map((buffer) => ({
      ...buffer,
      cpus: buffer.cpus
        .filter(({ pages }) => pages.length > 0)
        .slice(0, 1)
        .map(({ cpu, pages }) => ({ cpu, pages: pages.subarray(0, buffer.pageSize) })),
    })),
  };
}

/** Whole trace.dat files of a few kilobytes, of both byte orders and versions, packed and not. `samples`: the folder of real ones. */
export async function traceDatSeeds(samples: string): Promise<Uint8Array[]> {
  const forms: readonly MakeOptions[] = [
    { version: 6, compression: 'none' },
    { version: 7, compression: 'none' },
    { version: 7, compression: 'zlib' },
    { version: 7, compression: 'zstd' },
  ];
  const seeds: Uint8Array[] = [];
  for (const name of [
    '001-x86_64-v7-zstd-abba.dat',
    '002-s390x-v6-abba.dat.gz',
    '003-x86_64-v6-all-locks.dat.gz',
  ]) {
    const bytes = readFileSync(join(samples, name));
    const parts = smallParts(await partsOf(name.endsWith('.gz') ? gunzipSync(bytes) : bytes));
    for (const form of forms) seeds.push(await makeTraceDat(parts, form));
  }
  return seeds;
}

/** Archives of one and of three members around a text, and one in another; plain and packed. */
export async function archiveSeeds(text: Uint8Array): Promise<Uint8Array[]> {
  const tarOf = async (members: readonly (readonly [string, Uint8Array])[]): Promise<Buffer> => {
    const packing = pack();
    for (const [name, body] of members) packing.entry({ name, mtime: new Date(0) }, Buffer.from(body));
    packing.entry({ name: 'link', type: 'symlink', linkname: '../../etc/passwd', mtime: new Date(0) });
    packing.finalize();
    const parts: Uint8Array[] = [];
    for await (const part of packing) if (part instanceof Uint8Array) parts.push(part);
    return Buffer.concat(parts);
  };
  const body = text.subarray(0, 600);
  const one = await tarOf([['var/log/dmesg', body]]);
  const three = await tarOf([
    ['sosreport/dmesg', body],
    [`${'long/'.repeat(30)}name`, body.subarray(0, 100)],
    ['../../up', body],
  ]);
  const nested = await tarOf([
    ['inner.tar', one],
    ['inner.tgz', gzipSync(one)],
  ]);
  return [one, three, nested, gzipSync(one), gzipSync(nested)];
}

/** A text as mails carry it: quoted-printable, base64, HTML, attached and packed, and two mails in a mailbox. */
export function mailSeeds(text: Uint8Array): Uint8Array[] {
  const body = Buffer.from(text.subarray(0, 700)).toString('latin1');
  const head = 'From: A <a@example.org>\nSubject: deadlock\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\n';
  const wrapped = (bytes: Uint8Array): string =>
    Buffer.from(bytes).toString('base64').replace(/.{76}/g, '$&\n');
  const quoted = body.replace(/=/g, '=3D').replace(/.{70}/g, '$&=\n');
  const parts = (type: string, encoding: string, content: string): string =>
    `--xx\nContent-Type: ${type}\nContent-Transfer-Encoding: ${encoding}\nContent-Disposition: attachment\n\n${content}\n`;
  const mails = [
    `${head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n${quoted}\n`,
    `${head}Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n${wrapped(Buffer.from(body))}\n`,
    `${head}Content-Type: text/html\n\n<html><body><pre>${body.replaceAll('<', '&lt;')}</pre></body></html>\n`,
    `${head}Content-Type: multipart/mixed; boundary="xx"\n\n${parts('text/x-log', 'quoted-printable', quoted)}${parts('application/gzip', 'base64', wrapped(gzipSync(body)))}--xx--\n`,
  ];
  const mailbox = mails.map((mail) => `From a@example.org Mon Nov 23 10:00:00 2026\n${mail}`).slice(0, 2);
  return [...mails, mailbox.join('\n')].map((mail) => Buffer.from(mail));
}
