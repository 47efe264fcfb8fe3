// relock record: what it prints is read back - the probes as lines of kprobe_events, and a recording of them by the importer.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENT_KINDS, KNOWN_BY } from '../corpus/schema/event.js';
import type { RecordForm } from '../corpus/schema/forms.js';
import { importSource } from '../importers/import.js';
import { sourceOf } from '../importers/source.js';
import { lockFunction } from '../importers/trace-events/lock-functions.js';
import { json } from './json-forms.laws.js';
import { bpftraceScript } from './record-bpftrace.js';
import { ARCHITECTURES, probesFor, recordForm } from './record-commands.js';
import { lockdepFacts } from './record-machine.js';
import { Bench } from './spawned.laws.js';

/** A line of kprobe_events, by Documentation/trace/kprobetrace.rst. */
interface ProbeLine {
  readonly event: string;
  readonly target: string;
  readonly returns: boolean;
  readonly argument: string | null;
  readonly fetch: string | null;
}

function probeLine(line: string): ProbeLine {
  const match = /^(?:p|(r)\d*):relock\/(\w+) (\w+)(?: (\w+)=(\S+))?$/.exec(line);
  if (match === null) throw new Error(`no line of kprobe_events: ${line}`);
  const [, r, event, target, argument, fetch] = match;
  return {
    event: event ?? '',
    target: target ?? '',
    returns: r !== undefined,
    argument: argument ?? null,
    fetch: fetch ?? null,
  };
}

const WISH = { kernel: null, lockdep: false, lockStat: null, kprobes: null, from: 'a test' } as const;

/** The lines `echo 'PROBE' >> .../kprobe_events` of one way. */
function probesIn(form: RecordForm, way: string): ProbeLine[] {
  const lines = form.ways.find((one) => one.way === way)?.lines ?? [];
  return lines
    .map((line) => /^echo '([pr][^']*)' >> \/sys\/kernel\/tracing\/kprobe_events$/.exec(line)?.[1])
    .filter((line) => line !== undefined)
    .map(probeLine);
}

/** What the kernel prints when that probe fires. */
function fired(probe: ProbeLine, at: string, lock: string, ret: string): string {
  const place = probe.returns ? `(remove_store+0x8c/0xa0 <- ${probe.target})` : `(${probe.target}+0x4/0x20)`;
  const value = probe.argument === null ? '' : ` ${probe.argument}=${probe.returns ? ret : lock}`;
  return `         remover-469     [001] .....   ${at}: ${probe.event}: ${place}${value}`;
}

async function eventsOf(text: string): Promise<string[]> {
  const imported = await importSource(sourceOf('trace', new TextEncoder().encode(text)));
  if (!imported.ok) throw new Error(imported.problem.title);
  const { events, locks, classes } = imported.capture;
  const told: string[] = [];
  for (let i = 0; i < events.kind.length; i++) {
    const lock = locks[events.lock[i]!];
    if (lock === undefined) continue;
    const { kind, name } = classes[lock.class]!;
    const named = name.includes('@') ? '' : ` ${name}`;
    told.push(`${EVENT_KINDS[events.kind[i]!]} ${KNOWN_BY[events.known[i]!]} ${kind}${named}`);
  }
  return told;
}

describe('probes for a kernel without lockdep', () => {
  const probes = probesIn(recordForm({ ...WISH, arch: 'x86_64' }), 'tracefs');
  const named = (event: string): ProbeLine => probes.find((probe) => probe.event === event)!;

  it('are of functions that the importer knows, and of one device function', () => {
    expect(probes.length).toBeGreaterThan(20);
    const unknown = probes.filter(({ target }) => !lockFunction(target).concerns);
    expect(unknown.map(({ target }) => target)).toEqual(['device_release_driver_internal']);
  });

  it('fetch the first argument from the register of each architecture', () => {
    const registers = ARCHITECTURES.map(
      (arch) => probeLine(probesFor(arch).find(({ event }) => event === 'mutex_lock')!.line).fetch,
    );
    expect(registers).toEqual(['%di:x64', '%r2:x64', '%x0:x64', '%gpr3:x64', '%a0:x64']);
  });

  it('await a return where a lock may be had or not, and never of a wrapper', () => {
    for (const { target, returns, argument } of probes) {
      const call = lockFunction(target).call;
      if (returns) expect([call?.success === 'always', argument], target).toContain(argument === null);
      if (returns) expect(argument, target).toBe(call?.success === 'always' ? null : 'ret');
      if (call?.does === 'take' || call?.does === 'try')
        expect(probes.filter((probe) => probe.target === target && probe.returns)).toHaveLength(1);
      if (lockFunction(target).wrapper !== null) expect(returns).toBe(false);
    }
  });

  it.each(probes.filter(({ target, returns }) => !returns && lockFunction(target).call?.does !== 'give'))(
    'a recording of $event gives the lock event',
    async (probe) => {
      const call = lockFunction(probe.target).call;
      if (call === null) return;
      const give = named(
        { mutex: 'mutex_unlock', rwsem: call.mode === 'read' ? 'up_read' : 'up_write' }[
          call.kind as 'mutex' | 'rwsem'
        ],
      );
      const run = (ret: string): string =>
        `# tracer: nop\n#\n${[
          fired(probe, '147.000001', '0xff11000000ddd3e8', ret),
          fired(named(`${probe.event}_ret`), '147.000002', '', ret),
          ...(ret === got ? [fired(give, '147.000003', '0xff11000000ddd3e8', '')] : []),
        ].join('\n')}\n`;
      const got = call.success === 'nonzero' ? '1' : '0';
      const tried = call.does === 'try';
      expect(await eventsOf(run(got))).toEqual([
        ...(tried ? [] : [`request observed ${call.kind}`]),
        `${tried ? 'try-acquire' : 'acquire'} observed ${call.kind}`,
        `release observed ${call.kind}`,
      ]);
      if (call.success === 'always') return;
      expect(await eventsOf(run(tried ? (call.success === 'nonzero' ? '0' : '1') : '-4'))).toContain(
        `refuse observed ${call.kind}`,
      );
    },
  );

  it('give the lock its name where a wrapper is entered first', async () => {
    const lines = [
      fired(named('pci_lock_rescan_remove'), '147.000001', '', ''),
      fired(named('mutex_lock'), '147.000002', '0xffffffff81e17ac0', ''),
      fired(named('mutex_lock_ret'), '147.000003', '', ''),
      fired(named('device_release_driver_internal'), '147.000004', '0xff11000000dc60c0', ''),
      fired(named('pci_unlock_rescan_remove'), '147.000005', '', ''),
      fired(named('mutex_unlock'), '147.000006', '0xffffffff81e17ac0', ''),
    ];
    expect(await eventsOf(`# tracer: nop\n#\n${lines.join('\n')}\n`)).toEqual([
      'request observed mutex pci_rescan_remove_lock',
      'acquire observed mutex pci_rescan_remove_lock',
      'release observed mutex pci_rescan_remove_lock',
    ]);
  });

  it('are told from other events also where the first caller is hidden by another return probe', async () => {
    const lines = [
      fired(named('mutex_lock'), '147.000002', '0xffffffff81e17ac0', ''),
      fired(named('mutex_lock_ret'), '147.000003', '', '').replace(
        'remove_store+0x8c/0xa0',
        "[unknown/kretprobe'd]",
      ),
    ];
    expect(await eventsOf(`# tracer: nop\n#\n${lines.join('\n')}\n`)).toEqual([
      'request observed mutex',
      'acquire observed mutex',
    ]);
  });

  it('come before trace-cmd starts, and all go again', () => {
    const form = recordForm({ ...WISH, arch: 's390x' });
    expect(probesIn(form, 'trace-cmd')).toEqual(probesIn(form, 'tracefs'));
    const lines = form.ways[0]!.lines;
    const start = lines.findIndex((line) => line.startsWith('trace-cmd record'));
    expect(lines.findLastIndex((line) => /^echo '[pr]/.test(line))).toBeLessThan(start);
    expect(lines.findIndex((line) => line.startsWith('sed -n'))).toBeGreaterThan(start);
  });
});

describe('with lockdep', () => {
  const form = recordForm({ ...WISH, arch: 'x86_64', lockdep: true, lockStat: true });
  it('its events are recorded, and no probe', () => {
    expect(form.probes).toEqual([]);
    expect(form.ways[0]!.lines).toContain('  -e lock:lock_acquired \\');
    for (const file of ['events/lock/lock_release/enable', 'options/stacktrace'])
      expect(form.ways[1]!.lines).toContain(`echo 1 > /sys/kernel/tracing/${file}`);
    expect(form.ways[1]!.lines).toContain('echo 0 > /sys/kernel/tracing/options/hash-ptr');
  });
  it('an event that needs CONFIG_LOCK_STAT is left out where that is not set', () => {
    const without = recordForm({ ...WISH, arch: 'x86_64', lockdep: true, lockStat: false });
    expect(without.events).not.toContain('lock:lock_acquired');
    expect(without.notes.join()).toContain('CONFIG_LOCK_STAT');
  });
  it('bpftrace records neither its own locks and switches, of which each line that it prints makes more, nor idle CPUs', () => {
    const without = recordForm({ ...WISH, arch: 'x86_64' });
    const clauses =
      without.ways.find(({ way }) => way === 'bpftrace')?.lines.filter((line) => line.includes('printf(')) ??
      [];
    const own = clauses.filter((line) => /^(?:k|kret)probe:|^tracepoint:sched:sched_switch /.test(line));
    expect(own.length).toBeGreaterThan(20);
    for (const line of own) expect(line).toContain('comm != "bpftrace"');
    expect(clauses.find((line) => line.startsWith('tracepoint:sched:sched_switch'))).toContain(
      '/pid != 0 && ',
    );
    // Interrupts that come over bpftrace are those of everybody.
    for (const line of clauses.filter((one) => one.startsWith('tracepoint:irq:')))
      expect(line).not.toContain('comm !=');
  });
  it('every way ends with the import of what it left', () => {
    for (const { lines, file } of form.ways) expect(lines.at(-1)).toBe(`relock import ${file}`);
  });
});

/** True where scripts can be looked at: bpftrace asks the kernel for its tracepoints. */
function hasBpftrace(): boolean {
  const { status } = spawnSync('bpftrace', ['-d', '-e', 'tracepoint:sched:sched_switch { exit(); }'], {
    encoding: 'utf8',
  });
  return status === 0;
}

describe.skipIf(!hasBpftrace())('bpftrace itself (Debian package bpftrace, as root)', () => {
  it('takes the script for a kernel without lockdep, and the recorder', () => {
    const script = bpftraceScript(recordForm({ ...WISH, arch: 'x86_64' }).events, probesFor('x86_64')).join(
      '\n',
    );
    for (const args of [
      ['-e', script],
      [join(import.meta.dirname, '../importers/bpftrace/recorder.bt'), '1'],
    ]) {
      const { status, stdout, stderr } = spawnSync('bpftrace', ['-d', ...args], { encoding: 'utf8' });
      expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    }
  });
});

describe('bpftrace', () => {
  /** What printf makes of one clause of the script, with these values for the fields behind the head. */
  function printed(
    script: readonly string[],
    target: string,
    time: number,
    values: readonly string[],
  ): string {
    const format = new RegExp(`^${target} .*printf\\("([^"]*)\\\\n"`).exec(
      script.find((line) => line.startsWith(`${target} `)) ?? '',
    )?.[1];
    if (format === undefined) throw new Error(`no clause for ${target}`);
    const all = [
      'remover'.padStart(16),
      '469'.padEnd(7),
      '001',
      '0000000147',
      String(time).padStart(9, '0'),
      ...values,
    ];
    return format.replace(/%\d*-?\d*(?:ll)?[sdxu]|%-\d+d/g, () => all.shift() ?? '?');
  }
  it('prints what the importer of ftrace reads, with lockdep and without', async () => {
    const form = recordForm({ ...WISH, arch: 'x86_64', lockdep: true });
    const script = bpftraceScript(form.events, []);
    const lock = ['&dev->mutex', 'ff11000000dc6190'];
    const text = [
      printed(script, 'tracepoint:lock:lock_acquire', 1, [...lock, '0']),
      printed(script, 'tracepoint:lock:lock_acquired', 2, lock),
      printed(script, 'tracepoint:sched:sched_switch', 3, ['remover', '469', '2', 'sh', '58']),
      printed(script, 'tracepoint:lock:lock_release', 4, lock),
    ];
    expect(await eventsOf(`# tracer: nop\n#\n${text.join('\n')}\n`)).toEqual([
      'request observed mutex &dev->mutex',
      'acquire observed mutex &dev->mutex',
      'release observed mutex &dev->mutex',
    ]);
    // It says that it lost something when it notices, and sorting brings that to the top.
    const lossy = ['Attaching 12 probes...', 'Lost 12 events', ...text].join('\n');
    const imported = await importSource(
      sourceOf('trace', new TextEncoder().encode(`# tracer: nop\n#\n${lossy}\n`)),
    );
    if (!imported.ok) throw new Error(imported.problem.title);
    expect(imported.capture.skipped.map(({ stat, count }) => [stat, count])).toEqual([['records_lost', 12]]);
    for (const { assumes } of imported.capture.episodes)
      expect(assumes).toContainEqual(expect.stringMatching(/^ASSUMED BEYOND THE LOG: bpftrace lost records/));
    const probes = bpftraceScript([], probesFor('x86_64'));
    const calls = [
      printed(probes, 'kprobe:mutex_trylock', 1, ['ff11000000dc6190']),
      printed(probes, 'kretprobe:mutex_trylock', 2, ['1']),
      printed(probes, 'kprobe:mutex_unlock', 3, ['ff11000000dc6190']),
    ];
    expect(await eventsOf(`# tracer: nop\n#\n${calls.join('\n')}\n`)).toEqual([
      'try-acquire observed mutex',
      'release observed mutex',
    ]);
  });
});

describe('whether lockdep is there', () => {
  const facts = (config: string | null, events: string | null, wanted: boolean | null = null) => {
    const { lockdep, lockStat } = lockdepFacts({ config, events }, wanted);
    return [lockdep, lockStat];
  };
  it('is told by available_events, else by the configuration, else not at all', () => {
    expect(facts('CONFIG_LOCKDEP=y\nCONFIG_LOCK_STAT=y\n', null)).toEqual([true, true]);
    expect(facts('CONFIG_PROVE_LOCKING=y\n# CONFIG_LOCK_STAT is not set\n', null)).toEqual([true, false]);
    expect(facts('# CONFIG_LOCKDEP is not set\nCONFIG_LOCKDEP_SUPPORT=y\n', null)).toEqual([false, null]);
    expect(facts('CONFIG_LOCKDEP=y\n', 'lock:contention_begin\n')).toEqual([false, null]);
    expect(facts(null, 'lock:lock_acquire\nlock:lock_release\n')).toEqual([true, false]);
    expect(facts(null, null)).toEqual([false, null]);
  });
  it('tells with it whether functions can be probed, and the commands say where they cannot', () => {
    const without = '# CONFIG_LOCKDEP is not set\n# CONFIG_KPROBES is not set\n';
    for (const [config, kprobes] of [
      [without, false],
      ['CONFIG_KPROBE_EVENTS=y\n', true],
      [null, null],
    ] as const) {
      const told = lockdepFacts({ config, events: null }, null);
      expect(told.kprobes).toBe(kprobes);
      const { notes } = recordForm({ arch: 'x86_64', kernel: null, ...told });
      expect(notes.some((note) => note.startsWith('THIS KERNEL HAS NO KPROBES'))).toBe(kprobes === false);
    }
    // Said of another kernel than this one, or of one with lockdep, it is no news.
    expect(lockdepFacts({ config: without, events: null }, true).kprobes).toBe(null);
  });
  it('is what the user says, first of all', () => {
    expect(facts('CONFIG_LOCKDEP=y\n', null, false)).toEqual([false, null]);
    expect(facts('# none\n', null, true)).toEqual([true, null]);
    expect(facts('CONFIG_LOCKDEP=y\nCONFIG_LOCK_STAT=y\n', null, true)).toEqual([true, true]);
  });
});

describe('the command', () => {
  const bench = new Bench();
  it('prints commands or the documented form, and says what it does not know', () => {
    const run = bench.relock(['record', '--arch', 's390x', '--no-lockdep']);
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toContain("echo 'p:relock/mutex_lock mutex_lock lock=%r2:x64' >>");
    const form = json(bench.relock(['record', '--arch', 'x86_64', '--lockdep', '--json']).stdout);
    expect([form['schema'], form['lockdep'], form['arch']]).toEqual(['relock.record/1', true, 'x86_64']);
    for (const args of [
      ['--arch', 'vax'],
      ['--form', 'perf'],
    ]) {
      const wrong = bench.relock(['record', ...args]);
      expect(wrong.code).toBe(2);
      expect(wrong.stderr).toContain('relock record');
    }
    bench.remove();
  });
  it('one way is a script that a shell takes', () => {
    const shell = new Bench();
    for (const way of ['trace-cmd', 'tracefs', 'bpftrace'])
      for (const lockdep of ['--lockdep', '--no-lockdep']) {
        const { code, stderr } = shell.shell(
          `relock record --arch x86_64 --form ${way} ${lockdep} > record.sh && sh -n record.sh`,
        );
        expect([code, stderr]).toEqual([0, '']);
      }
    shell.remove();
  });
});
