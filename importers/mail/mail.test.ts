// Tests of mails: transfer encodings, parts, attachments, mailboxes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { importSource } from '../import.js';
import { sourceOf } from '../source.js';
import { looksLikeMail } from './mail.js';

const LOG = readFileSync(
  join(import.meta.dirname, '../testdata/kernel-log/01-x86-sriov-vs-remove-hung.log'),
  'utf8',
).replace(/\n+$/, '');

const HEAD = `From: Jo <jo@example.org>
To: linux-pci@vger.kernel.org
Subject: deadlock
Date: Mon, 23 Nov 2026 10:00:00 +0100
Message-ID: <1@example.org>
MIME-Version: 1.0`;

/** Quoted-printable with soft line breaks after 76 characters (RFC 2045, 6.7). */
function quotedPrintable(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const escaped = line.replace(/[=\u0080-\uffff]|[ \t]$/g, (char) =>
        [...Buffer.from(char, 'utf8')]
          .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
          .join(''),
      );
      const parts: string[] = [];
      let rest = escaped;
      while (rest.length > 75) {
        let cut = 75;
        // Never inside an escape.
        while (/=[0-9A-F]?$/.test(rest.slice(0, cut))) cut--;
        parts.push(`${rest.slice(0, cut)}=`);
        rest = rest.slice(cut);
      }
      return [...parts, rest].join('\n');
    })
    .join('\n');
}

const base64 = (bytes: string | Uint8Array) =>
  Buffer.from(bytes as string)
    .toString('base64')
    .replace(/.{76}/g, '$&\n');

const MAILS: Readonly<Record<string, string>> = {
  'quoted-printable': `${HEAD}
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe,

${quotedPrintable(LOG)}
`,
  base64: `${HEAD}
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

${base64(`Hi,\n\n${LOG}\n`)}
`,
  'a gzip attachment': `${HEAD}
Content-Type: multipart/mixed; boundary="xx"

--xx
Content-Type: text/plain

see attachment
--xx
Content-Type: application/gzip; name="dmesg.gz"
Content-Disposition: attachment; filename="dmesg.gz"
Content-Transfer-Encoding: base64

${base64(gzipSync(LOG))}
--xx--
`,
  'a text attachment': `${HEAD}
Content-Type: multipart/mixed; boundary="xx"

--xx
Content-Type: text/plain

see attachment
--xx
Content-Type: text/x-log; name="dmesg.txt"
Content-Disposition: attachment; filename="dmesg.txt"
Content-Transfer-Encoding: quoted-printable

${quotedPrintable(LOG)}
--xx--
`,
  'HTML only': `${HEAD}
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

${base64(`<html><head><style>p{}</style></head><body><pre>${LOG.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</pre></body></html>`)}
`,
};

async function reportsOf(text: string) {
  const imported = await importSource(sourceOf('mail', Buffer.from(text)));
  if (!imported.ok) throw new Error(imported.problem.title);
  return imported.capture;
}

const bare = (value: unknown) => JSON.stringify(value, (key, inner) => (/line$/i.test(key) ? 0 : inner));

describe('mails', () => {
  it.each(Object.keys(MAILS))('in %s give the reports of the log', async (name) => {
    const mail = MAILS[name]!;
    expect(looksLikeMail(mail)).toBe(true);
    const plain = await reportsOf(LOG);
    expect(plain.reports.length).toBe(5);
    expect(bare((await reportsOf(mail)).reports)).toBe(bare(plain.reports));
    expect(bare((await reportsOf(mail.replaceAll('\n', '\r\n'))).reports)).toBe(bare(plain.reports));
  });

  it('in a mailbox are read one by one', async () => {
    const mailbox = [MAILS['base64'], MAILS['quoted-printable'], MAILS['a gzip attachment']]
      .map((mail) => `From jo@example.org Mon Nov 23 10:00:00 2026\n${mail}`)
      .join('\n');
    expect((await reportsOf(mailbox)).reports.length).toBe(15);
  });

  it('in plain text keep their line numbers', async () => {
    const mail = `${HEAD}\n\nHi,\n\n${LOG}\n`;
    expect(looksLikeMail(mail)).toBe(false);
    const lines = mail.split('\n');
    for (const report of (await reportsOf(mail)).reports)
      expect(lines[report.line - 1]).toContain(report.title);
  });

  it('with an attachment that is not text count it', async () => {
    const mail = `${HEAD}
Content-Type: multipart/mixed; boundary="xx"

--xx
Content-Type: text/plain

${LOG}
--xx
Content-Type: image/png
Content-Disposition: attachment; filename="a.png"
Content-Transfer-Encoding: base64

${base64(Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]))}
--xx--
`;
    const { skipped, reports } = await reportsOf(mail);
    expect(reports.length).toBe(5);
    expect(skipped.map((skip) => skip.stat)).toContain('mail_part_skipped');
  });

  it('are not seen where there are none', () => {
    expect(looksLikeMail(LOG)).toBe(false);
    expect(looksLikeMail('From: somebody\nwrote this')).toBe(false);
    expect(looksLikeMail('')).toBe(false);
  });
});
