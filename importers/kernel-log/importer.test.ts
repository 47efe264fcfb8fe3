// Tests of the kernel-log importer on captures of real kernels, and the laws that every importer keeps.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import type { Report } from '../../corpus/schema/report.js';
import { importSource } from '../import.js';
import { sourceOf } from '../source.js';
import { reportsOfText } from './read-text.js';

const TESTDATA = join(import.meta.dirname, '../testdata/kernel-log');
const samples = readdirSync(TESTDATA).filter((name) => name.endsWith('.log'));
const textOf = (name: string) => readFileSync(join(TESTDATA, name), 'utf8');

async function capture(bytes: Uint8Array, name = 'x'): Promise<Capture> {
  const imported = await importSource(sourceOf(name, bytes));
  if (!imported.ok) throw new Error(imported.problem.title);
  return imported.capture;
}

/** A report in one line: what it is, where, who, and what was held and waited for. */
function summary(report: Report): string {
  const held = report.held.map(
    (list) => `${list.task}/${list.pid}:${list.locks.map((lock) => lock.lock).join('+')}`,
  );
  const blocked = report.blocked.map(
    (task) => `${task.task}/${task.pid} ${task.state} ${task.frames.at(-1)}`,
  );
  return [
    `${report.kind}@${report.line} ${report.task ?? '-'}/${report.pid ?? '-'}`,
    report.chain.map((link) => `#${link.index} ${link.lock}`).join(' '),
    held.join(' '),
    blocked.join(' '),
  ]
    .filter((part) => part !== '')
    .join(' | ');
}

const KHUNG = 'khungtaskd/27:rcu_read_lock';
const SETTER = 'sriov-set/124:sb_writers#6+&of->mutex#2+kn->active#4+&dev->mutex+pci_rescan_remove_lock';
const REMOVER = 'pci-remover/125:sb_writers#6+&of->mutex#2+pci_rescan_remove_lock+&dev->mutex';

/** Read by eye from the samples, against the ground truth that was recorded with them. */
const EXPECTED: Readonly<
  Record<string, { arch: string; kernel: string | null; reports: readonly string[] }>
> = {
  '01-x86-sriov-vs-remove-hung.log': {
    arch: 'x86_64',
    kernel: '6.12.117-lockfuzz',
    reports: [
      'hung-task@2 pci-remover/125 | pci-remover/125 D entry_SYSCALL_64_after_hwframe',
      `locks-held@32 -/- | ${KHUNG} ${SETTER} ${REMOVER}`,
      'hung-task@49 sriov-set/124 | sriov-set/124 D entry_SYSCALL_64_after_hwframe',
      'hung-task@75 pci-remover/125 | pci-remover/125 D entry_SYSCALL_64_after_hwframe',
      `locks-held@105 -/- | ${KHUNG} ${SETTER} ${REMOVER}`,
    ],
  },
  '02-s390x-locks-held.log': {
    arch: 's390x',
    kernel: '6.12.117-lockfuzz',
    reports: [
      'locks-held@3 -/- | sh/64:sb_writers#3+rcu_read_lock+rcu_read_lock ' +
        'pci-unbinder/101:sb_writers#6+&of->mutex#2+&dev->mutex+pci_rescan_remove_lock ' +
        'pci-remover/102:sb_writers#6+&of->mutex#2+pci_rescan_remove_lock+&dev->mutex ' +
        'pci-rescanner/103:sb_writers#6+&of->mutex#2+kn->active#6+pci_rescan_remove_lock',
      'hung-task@26 pci-unbinder/101 | pci-unbinder/101 D vfs_write',
    ],
  },
  '03-x86-blocked-state-no-lockdep.log': {
    arch: 'x86_64',
    kernel: null,
    reports: [
      'other-lock@1 -/- | pci-remover/272 D entry_SYSCALL_64_after_hwframe sriov-set/273 D entry_SYSCALL_64_after_hwframe pci-rescanner/274 D entry_SYSCALL_64_after_hwframe',
    ],
  },
  '04-x86-circular.log': {
    arch: 'x86_64',
    kernel: '6.12.117-lockfuzz',
    reports: ['circular@3 lf_t2_ba/123 | #1 lf_b #0 lf_a | lf_t2_ba/123:lf_b'],
  },
  '05-x86-atomic-sleep.log': {
    arch: 'x86_64',
    kernel: '6.12.117-lockfuzz',
    reports: ['sleeping-in-atomic@1 lf_atomicsleep/123 | lf_atomicsleep/123:lf_sp_a'],
  },
  '06-x86-suspicious-rcu.log': {
    arch: 'x86_64',
    kernel: '6.12.117-lockfuzz',
    reports: ['suspicious-rcu@3 lf_rcu/126 | lf_rcu/126:'],
  },
  '07-s390x-circular-then-hung.log': {
    arch: 's390x',
    kernel: '6.12.117-lockfuzz',
    reports: [
      'circular@3 lf_t2_ba/96 | #1 lf_b #0 lf_a | lf_t2_ba/96:lf_b',
      'hung-task@71 lf_t1_ab/95 | lf_t1_ab/95 D ret_from_fork',
      'hung-task@87 lf_t2_ba/96 | lf_t2_ba/96 D ret_from_fork',
      'hung-task@104 lf_t1_ab/95 | lf_t1_ab/95 D ret_from_fork',
      'hung-task@120 lf_t2_ba/96 | lf_t2_ba/96 D ret_from_fork',
    ],
  },
  '08-x86-igt-phases.log': {
    arch: 'x86_64',
    kernel: '6.13.0-rc2',
    reports: ['hung-task@5 xe_exec_reset/1271 | xe_exec_reset/1271 D entry_SYSCALL_64_after_hwframe'],
  },
};

describe('samples', () => {
  it.each(samples)('%s', async (name) => {
    const { arch, kernel, reports, format } = await capture(Buffer.from(textOf(name)), name);
    expect({ arch, kernel, reports: reports.map(summary), format }).toEqual({
      ...EXPECTED[name],
      format: 'kernel-log',
    });
  });
});

/** Rewrites every line, the stamp taken apart. */
function rewrite(text: string, line: (stamp: string, message: string) => string): string {
  return text
    .split('\n')
    .map((raw) => {
      const parts = /^\[ *(\d+\.\d+)\] (.*)$/.exec(raw);
      return parts === null ? raw : line(parts[1] ?? '', parts[2] ?? '');
    })
    .join('\n');
}

const VARIANTS: Readonly<Record<string, (text: string) => Uint8Array>> = {
  'without stamps': (text) => Buffer.from(rewrite(text, (_stamp, message) => message)),
  syslog: (text) =>
    Buffer.from(rewrite(text, (stamp, message) => `Nov 15 22:52:28 host kernel: [ ${stamp}] ${message}`)),
  journald: (text) =>
    Buffer.from(rewrite(text, (_stamp, message) => `Nov 15 22:52:28 host.example kernel: ${message}`)),
  'ISO stamps': (text) =>
    Buffer.from(
      rewrite(
        text,
        (stamp, message) => `2026-11-15T22:52:28.123456+01:00 host kernel: [ ${stamp}] ${message}`,
      ),
    ),
  'dmesg -T': (text) =>
    Buffer.from(rewrite(text, (_stamp, message) => `[Sun Nov 15 22:52:28 2026] ${message}`)),
  levels: (text) => Buffer.from(rewrite(text, (stamp, message) => `<4>[   ${stamp}] ${message}`)),
  'dmesg -x': (text) =>
    Buffer.from(rewrite(text, (stamp, message) => `kern  :warn  : [   ${stamp}] ${message}`)),
  'caller ids': (text) => Buffer.from(rewrite(text, (stamp, message) => `[   ${stamp}][  T123] ${message}`)),
  quoted: (text) => Buffer.from(text.replace(/^/gm, '> ')),
  'quoted five times': (text) => Buffer.from(text.replace(/^/gm, '> >> > > ')),
  crlf: (text) => Buffer.from(text.replaceAll('\n', '\r\n')),
  'serial console': (text) => Buffer.from(text.replaceAll('\n', '\r\r\n')),
  coloured: (text) =>
    Buffer.from(rewrite(text, (stamp, message) => `\u001b[32m[   ${stamp}] \u001b[0m${message}\u001b[0m`)),
  'numbered by grep': (text) =>
    Buffer.from(rewrite(text, (stamp, message) => `dmesg.txt:12:[   ${stamp}] ${message}`)),
  'HTML entities': (text) =>
    Buffer.from(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')),
  'no-break spaces': (text) => Buffer.from(text.replace(/ {2}/g, '\u00a0 ')),
  'utf-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  gzip: (text) => gzipSync(text),
  'prose around it': (text) => Buffer.from(`Hi,\n\nthis happens every day:\n\n${text}\n\nAny idea?\n-- \nJo`),
};

describe('every wrapping of a log gives the same reports', () => {
  it.each(Object.keys(VARIANTS))('%s', async (variant) => {
    for (const name of samples) {
      const text = textOf(name).replace(/\n+$/, '');
      const shift = variant === 'prose around it' ? 4 : 0;
      const plain = (await capture(Buffer.from(text))).reports;
      const wrapped = (await capture(VARIANTS[variant]!(text))).reports;
      const shifted = plain.map((report) => summary({ ...report, line: report.line + shift }));
      expect(wrapped.map(summary), name).toEqual(shifted);
      // Everything but the places in the file is equal to the last field.
      const bare = (report: Report) =>
        JSON.stringify(report, (key, value) => (/line$/i.test(key) ? 0 : value));
      expect(wrapped.map(bare), name).toEqual(plain.map(bare));
    }
  });
});

describe('packed logs', () => {
  const PACKED = join(TESTDATA, 'packed');

  it.each(readdirSync(PACKED))('%s gives what the plain log gives', async (name) => {
    const plain = await capture(Buffer.from(textOf('01-x86-sriov-vs-remove-hung.log')));
    const packed = await capture(readFileSync(join(PACKED, name)));
    expect(packed.reports).toEqual(plain.reports);
    expect(packed.events).toEqual(plain.events);
    expect(packed.skipped).toEqual(plain.skipped);
  });
});

describe('laws', () => {
  it('recognises a log under any name', async () => {
    for (const name of ['a.litmus', '-', 'trace.dat', 'x.log.gz', ''])
      expect((await capture(Buffer.from(textOf('04-x86-circular.log')), name)).format).toBe('kernel-log');
  });

  it('never throws on half a file, and every report stands in the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (name, from, to) => {
          const bytes = readFileSync(join(TESTDATA, name));
          const cut = bytes.subarray(
            Math.floor(Math.min(from, to) * bytes.length),
            Math.ceil(Math.max(from, to) * bytes.length),
          );
          const imported = await importSource(sourceOf('cut', cut));
          if (!imported.ok) return;
          const lines = cut.toString().split('\n');
          for (const report of imported.capture.reports) {
            expect(report.line).toBeGreaterThanOrEqual(1);
            expect(report.endLine ?? report.line).toBeLessThanOrEqual(lines.length);
            expect(report.endLine ?? report.line).toBeGreaterThanOrEqual(report.line);
            expect(lines[report.line - 1]).toContain(report.title.split(' ')[0]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never throws on damaged bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 200 }),
        async (name, damage) => {
          const bytes = Buffer.from(readFileSync(join(TESTDATA, name)));
          for (const [at, byte] of damage) bytes[at % bytes.length] = byte;
          await importSource(sourceOf('damaged', bytes));
        },
      ),
      { numRuns: 60 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4000 }), async (bytes) => {
        await importSource(sourceOf('random', bytes), { format: 'kernel-log' });
      }),
    );
  });

  it('never throws on lines of a report in any order', () => {
    const lines = samples.flatMap((name) => textOf(name).split('\n'));
    fc.assert(
      fc.property(fc.array(fc.nat(lines.length - 1), { maxLength: 300 }), (order) => {
        reportsOfText(order.map((i) => lines[i]).join('\n'));
      }),
    );
  });

  it('takes two reports apart that two CPUs printed at once, by their caller ids', () => {
    const of = (name: string, caller: string) =>
      rewrite(textOf(name), (stamp, message) => `[   ${stamp}][ ${caller}] ${message}`)
        .split('\n')
        .filter((line) => line !== '');
    const a = of('04-x86-circular.log', 'T122');
    const b = of('05-x86-atomic-sleep.log', 'T123');
    const facts = (lines: readonly string[]) =>
      reportsOfText(lines.join('\n')).map((report) =>
        JSON.stringify(report, (key, value) => (/line$/i.test(key) ? 0 : value)),
      );
    const apart = [...facts(a), ...facts(b)].sort();
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: a.length + b.length, maxLength: a.length + b.length }),
        (turns) => {
          const rest = [a.slice(), b.slice()];
          const mixed = turns.flatMap((first) => rest[first ? 0 : 1]!.splice(0, 1));
          expect(facts([...mixed, ...rest[0]!, ...rest[1]!]).sort()).toEqual(apart);
        },
      ),
      { numRuns: 50 },
    );
  });
});

const CAPTURES = join(import.meta.dirname, '../../../shared/captures');
const recorded = existsSync(CAPTURES)
  ? (readdirSync(CAPTURES, { recursive: true }) as string[]).filter((name) =>
      /\.log$|\.console\.txt$/.test(name),
    )
  : [];
if (recorded.length === 0) console.warn(`captures not found at ${CAPTURES}: their import is not tested`);

describe.skipIf(recorded.length === 0)('captures of real kernels', () => {
  it('are imported, and what is named after a report holds one', async () => {
    for (const name of recorded) {
      const imported = await importSource(sourceOf(name, readFileSync(join(CAPTURES, name))));
      const reports = imported.ok ? imported.capture.reports : [];
      const lines = readFileSync(join(CAPTURES, name), 'utf8').split('\n').length;
      for (const report of reports) expect(report.endLine ?? report.line, name).toBeLessThanOrEqual(lines);
      if (/(?:^|\/)(?:dead|pcidead|debdead).*sysrq-w\.log$/.test(name))
        expect(reports.flatMap((report) => report.blocked).length, name).toBeGreaterThan(0);
      if (/(?:^|\/)(?:dead|pcidead|debdead)-?[^.]*\.log$/.test(name))
        expect(
          reports.some((report) => report.kind === 'hung-task'),
          name,
        ).toBe(true);
      if (
        /(?:^|\/)s390x\/.*(?:dead|splat).*\.log$/.test(name) &&
        imported.ok &&
        reports.some((r) => r.blocked.length > 0)
      )
        expect(imported.capture.platform, name).toContain('s390');
    }
  });
});

describe('what is not kept is counted', () => {
  const stat = (captured: Capture, name: string) =>
    captured.skipped.find((skip) => skip.stat === name)?.count ?? 0;

  it('a line in a list of held locks that cannot be read', async () => {
    const log = [
      '2 locks held by sh/12:',
      ' #0: ffff8881 (rtnl_mutex){+.+.}-{3:3}, at: a+0x1/0x2',
      ' #1: mangled beyond reading',
      '',
    ];
    const captured = await capture(Buffer.from(log.join('\n')));
    expect(captured.reports[0]?.held[0]?.locks).toHaveLength(1);
    expect(stat(captured, 'held_lock_unreadable')).toBe(1);
  });

  it('reports beyond what one capture holds', async () => {
    const one =
      'INFO: task a:1 blocked for more than 10 seconds.\ntask:a state:D stack:0 pid:1\nCall Trace:\n schedule+0x1/0x2\n\n';
    const captured = await capture(Buffer.from(one.repeat(20_003)));
    expect(captured.reports).toHaveLength(20_000);
    expect(stat(captured, 'too_many_reports')).toBe(3);
  });

  it('but a frame without a symbol is no line of another CPU', async () => {
    const log = [
      'INFO: task a:1 blocked for more than 10 seconds.',
      'task:a state:D stack:0 pid:1',
      'Call Trace:',
      ' schedule+0x1/0x2',
      ' ? 0xffffffffa0000000',
      ' f+0x1/0x2',
    ];
    const captured = await capture(Buffer.from(log.join('\n')));
    expect(captured.reports[0]?.blocked[0]?.frames).toEqual(['schedule', 'f']);
    expect(stat(captured, 'report_interleaved')).toBe(0);
  });
});
