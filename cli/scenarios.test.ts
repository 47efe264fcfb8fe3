// relock matrix, whatif, predict and fuzz --across as scripts use them: exit codes, the documented JSON, and words for what is wrong.
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { json, witnesses } from './json-forms.laws.js';
import { Bench } from './spawned.laws.js';

const bench = new Bench();
afterAll(() => bench.remove());

const corpus = (path: string): Uint8Array => readFileSync(new URL(`../corpus/${path}`, import.meta.url));
bench.sample('x86_64-sriov-numvfs-vs-remove-hung.log', 'hung.log');
bench.sample('x86_64-pci-remove-only.ftrace.txt', 'remove.txt');
bench.sample('s390x-pci-unbind-only.ftrace.txt', 'unbind.txt');
for (const name of ['v9', 'v11']) bench.write(`${name}.patch`, corpus(`patches/${name}.patch`));
bench.write('6.v9.litmus', corpus('scenarios/pci-rescan-remove/6.v9.litmus'));
const text = (value: unknown): string => JSON.stringify(value);

describe('relock matrix', () => {
  it('is 0 and complete, in text, JSON and HTML', () => {
    const run = bench.relock(['matrix', 'pci-rescan-remove', '--json']);
    expect(run.code).toBe(0);
    const form = json(run.stdout);
    expect([form['schema'], form['ok'], form['complete']]).toEqual(['relock.matrix/1', true, true]);
    const cell = json(bench.relock(['matrix', 'pci-rescan-remove', '2.V9', '--json']).stdout);
    expect(text(cell['rows'])).toContain('deadlock remover unbinder');
    expect(bench.relock(['matrix', '--form', 'html']).stdout).toMatch(/^<!DOCTYPE html>/);
  });

  it('says what there is where a name is wrong', () => {
    for (const args of [['pci'], ['pci-rescan-remove', '99.v9'], ['--form', 'pdf']]) {
      const run = bench.relock(['matrix', ...args]);
      expect(run.code).toBe(2);
      expect(run.stderr).toContain('relock matrix');
    }
  });
});

describe('relock whatif', () => {
  it('is 0 where nothing new comes, 1 where something does', () => {
    const gone = bench.relock(['whatif', '--patch', 'v11.patch', '--json', 'hung.log']);
    const form = json(gone.stdout);
    expect([gone.code, form['schema'], form['complete']]).toEqual([0, 'relock.whatif/1', true]);
    expect(form['gone']).toHaveLength(1);
    expect(form['stays']).toEqual([]);
    const fresh = bench.relock(['whatif', '--patch', 'v11.patch', '--json', '6.v9.litmus']);
    expect(fresh.code).toBe(1);
    expect(json(fresh.stdout)['new']).toHaveLength(1);
  });

  it('takes rules, several patches in order, and a patch from stdin', () => {
    const both = ['whatif', '--json', '--patch', 'v11.patch', '--patch', 'v9.patch', 'hung.log'];
    // v11 moved the driver's release for good: what v9 does after it changes no order.
    expect(json(bench.relock(both).stdout)['gone']).toHaveLength(1);
    const stdin = bench.relock(
      ['whatif', '--json', '--patch', '-', 'hung.log'],
      'patch 1 p\nrule pci_rescan_remove_lock reentrant\n',
    );
    const rule = bench.relock(['whatif', '--json', '--set', 'pci_rescan_remove_lock=reentrant', 'hung.log']);
    const ids = (form: Record<string, unknown>) => (form['stays'] as { id: string }[]).map(({ id }) => id);
    expect(ids(json(stdin.stdout))).toEqual(ids(json(rule.stdout)));
    expect(ids(json(rule.stdout))).toHaveLength(1);
  });

  it('says what is wrong with a change, and that there is nothing to change', () => {
    const wrong: [string[], string][] = [
      [[], '--set CLASS=RULE'],
      [['--set', 'reentrant'], 'CLASS=RULE'],
      [['--set', 'a=often'], '"often" is no rule'],
      [['--patch', 'none.patch', 'hung.log'], 'none.patch'],
      [['--patch', 'hung.log', 'hung.log'], 'line 1: a patch begins with'],
    ];
    for (const [args, words] of wrong) {
      const run = bench.relock(['whatif', ...args]);
      expect(run.code, args.join(' ')).toBe(2);
      expect(run.stderr).toContain(words);
    }
    bench.write('empty.litmus', 'litmus 1 e\nlock A mutex\ntask t\n  lock A\n  unlock A\n');
    expect(bench.relock(['whatif', '--set', 'A=reentrant', 'empty.litmus']).code).toBe(0);
  });
});

describe('relock fuzz --across', () => {
  it('finds what two recordings show together only, and has nothing to do for one', () => {
    bench.relock(['import', '--db', 'one.db', 'remove.txt']);
    const alone = bench.relock(['fuzz', '--across', '--db', 'one.db', '--execs', '10']);
    expect(alone.code).toBe(4);
    expect(alone.stderr).toContain('NOTHING MEETS');
    // Without --across, locks that nobody takes the other way round are an answer.
    const plain = bench.relock(['fuzz', '--db', 'one.db', '--execs', '10', '--json']);
    expect(plain.code).toBe(0);
    expect(JSON.parse(plain.stdout)).toMatchObject({ schema: 'relock.fuzz/1', witnesses: [], new: 0 });
    bench.relock(['import', '--db', 'two.db', 'remove.txt', 'unbind.txt']);
    const both = bench.relock(['fuzz', '--across', '--db', 'two.db', '--execs', '10', '--json']);
    expect(both.code).toBe(1);
    const found = witnesses(both.stdout);
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ basis }) => basis))).toEqual(new Set(['composed']));
    // Any other campaign and prediction finds it as well.
    expect(bench.relock(['predict', '--db', 'two.db', '--json']).code).toBe(1);
    expect(bench.relock(['verify-db', '--db', 'two.db']).code).toBe(0);
  });
});

/** A shell that removes a device and then, when that has ended, writes to one of its files: nothing goes wrong, and it never could. */
const IN_TURN = ((): string => {
  type Lock = readonly [address: string, name: string];
  const lines = ['# tracer: nop', '#'];
  let now = 10;
  const add = (comm: string, pid: number, event: string, ...stack: string[]): void => {
    now += 0.000_01;
    lines.push(`${comm.padStart(16)}-${String(pid).padEnd(6)}  [000] .....  ${now.toFixed(6)}: ${event}`);
    if (stack.length > 0)
      lines.push(
        ...['<stack trace>', ...stack].map((frame, i) =>
          i === 0
            ? `${comm.padStart(16)}-${String(pid).padEnd(6)}  [000] .....  ${now.toFixed(6)}: ${frame}`
            : ` => ${frame}`,
        ),
      );
  };
  const take = (pid: number, [address, name]: Lock, entry: string): void => {
    add(
      'sh',
      pid,
      `lock_acquire: ${address} ${name}`,
      '__mutex_lock',
      `${entry}_inner`,
      entry,
      'vfs_write',
      'ksys_write',
    );
    add('sh', pid, `lock_acquired: ${address} ${name}`);
  };
  const give = (pid: number, [address, name]: Lock): void =>
    add('sh', pid, `lock_release: ${address} ${name}`);
  const A: Lock = ['00000000aaaa0001', 'pci_rescan_remove_lock'];
  const B: Lock = ['00000000bbbb0001', '&dev->mutex'];
  const child = (pid: number, entry: string, first: Lock, second: Lock): void => {
    add('sh', 100, `sched_process_fork: comm=sh pid=100 child_comm=sh child_pid=${pid}`);
    // Every process does this before it does what it is for.
    add(
      'sh',
      pid,
      'lock_acquire: 00000000cccc0001 &mm->mmap_lock',
      '__mutex_lock',
      'exec_mmap',
      'do_execveat',
      'ksys_exec',
    );
    add('sh', pid, 'lock_acquired: 00000000cccc0001 &mm->mmap_lock');
    give(pid, ['00000000cccc0001', '&mm->mmap_lock']);
    take(pid, first, entry);
    take(pid, second, entry);
    give(pid, second);
    give(pid, first);
    add('sh', pid, `sched_process_exit: comm=sh pid=${pid} prio=120`);
    add('sh', pid, 'sched_waking: comm=sh pid=100 prio=120 target_cpu=000');
  };
  child(101, 'remove_store', A, B);
  child(102, 'sriov_numvfs_store', B, A);
  return `${lines.join('\n')}\n`;
})();

describe('one program that started its tasks in turn', () => {
  it('is refuted for one run, with the way to ask for two at once, which finds what is composed', () => {
    bench.write('turn.txt', IN_TURN);
    const checked = bench.relock(['check', 'turn.txt']);
    expect([checked.code, checked.stdout.includes('none  (every schedule')]).toEqual([0, true]);
    expect(checked.stdout).toContain('refuted: &dev->mutex <-> pci_rescan_remove_lock');
    const [form] = (
      json(bench.relock(['check', '--json', 'turn.txt']).stdout) as { files: { refuted: object[] }[] }
    ).files;
    expect(form?.refuted).toEqual([
      expect.objectContaining({
        classes: ['&dev->mutex', 'pci_rescan_remove_lock'],
        why: expect.stringMatching(/ starts after sh has ended: it was started by sh/),
      }),
    ]);
    // The commands are those that it prints.
    const [, imports = '', fuzzes = ''] =
      /relock (import \S+), then\s+relock (fuzz --across)/.exec(checked.stdout) ?? [];
    expect(bench.relock([...imports.split(' '), '--db', 'turn.db']).code).toBe(0);
    expect(bench.relock(['predict', '--db', 'turn.db']).stderr).toContain('relock fuzz --across');
    const both = bench.relock([...fuzzes.split(' '), '--db', 'turn.db', '--execs', '10', '--json']);
    expect(both.code).toBe(1);
    const found = witnesses(both.stdout);
    expect(found.map(({ basis, cycle }) => [basis, cycle])).toEqual([
      ['composed', ['&dev->mutex', 'pci_rescan_remove_lock']],
    ]);
    expect(both.stdout).toContain('what turn.txt shows runs twice at once, on one machine');
    // A task is named by what it did here, not by what it did first of all.
    expect(found[0]?.litmus).toMatch(/^task sh\S* remove_store$/m);
    expect(found[0]?.litmus).toMatch(/^task sh\S* sriov_numvfs_store$/m);
    expect(bench.relock(['verify-db', '--db', 'turn.db']).code).toBe(0);
  });

  it('is found in a real one: a shell on a stock kernel of Debian, recorded by the bundled recorder', () => {
    const name = 'x86_64-debian-6.1-sriov-script.bpftrace.json.xz';
    bench.sample(name);
    const checked = bench.relock(['check', name]);
    expect(checked.code).toBe(0);
    expect(checked.stdout).toMatch(/refuted: &dev->mutex <-> pci_rescan_remove_lock of sh/);
    expect(checked.stdout).toContain('twice at once?');
    bench.relock(['import', '--db', 'debian.db', name]);
    const both = bench.relock(['fuzz', '--across', '--db', 'debian.db', '--execs', '10', '--json']);
    expect(both.code).toBe(1);
    const found = witnesses(both.stdout);
    expect(new Set(found.map(({ basis, cycle }) => `${basis} ${cycle.join()}`))).toEqual(
      new Set(['composed &dev->mutex,pci_rescan_remove_lock']),
    );
    expect(found.map(({ litmus }) => litmus.split('\n')[0])).toContain(
      'litmus 1 sriov_numvfs_store-vs-remove_store',
    );
  });

  it('is not asked of one process, which has its locks for itself', () => {
    const lines = [
      'T0|fork(T1)',
      'T1|acq(a)',
      'T1|acq(b)',
      'T1|rel(b)',
      'T1|rel(a)',
      'T0|join(T1)',
      'T0|fork(T2)',
    ];
    lines.push('T2|acq(b)', 'T2|acq(a)', 'T2|rel(a)', 'T2|rel(b)');
    bench.write('one.std', `${lines.map((line, i) => `${line}|${i + 1}`).join('\n')}\n`);
    const { code, stdout } = bench.relock(['check', 'one.std']);
    expect([code, stdout.includes('none  (every schedule'), stdout.includes('twice at once')]).toEqual([
      0,
      true,
      false,
    ]);
    bench.relock(['import', '--db', 'std.db', 'one.std']);
    expect(bench.relock(['predict', '--db', 'std.db']).stderr).not.toContain('--across');
    expect(bench.relock(['fuzz', '--across', '--db', 'std.db', '--execs', '10']).code).toBe(4);
    const asked = bench.relock(['whatif', '--across', '--set', 'a=reentrant', '--json', '--db', 'std.db']);
    expect(json(asked.stdout)).toMatchObject({ gone: [], stays: [], new: [] });
  });

  it('is what a change is asked about, too, if it is to run twice at once', () => {
    bench.write('turn.txt', IN_TURN);
    const asked = (...args: string[]) => {
      const run = bench.relock(['whatif', ...args, '--json', 'turn.txt']);
      const { gone, stays, complete } = json(run.stdout) as Record<string, { basis: string }[]>;
      return [run.code, gone?.map(({ basis }) => basis), stays?.map(({ basis }) => basis), complete];
    };
    const rule = ['--set', 'pci_rescan_remove_lock=reentrant'];
    expect(asked(...rule)).toEqual([0, [], [], true]);
    expect(asked('--across', ...rule)).toEqual([0, [], ['composed'], true]);
    bench.write('drop.patch', 'patch 1 drop\ndrop pci_rescan_remove_lock in sriov_numvfs_store_inner\n');
    expect(asked('--across', '--patch', 'drop.patch')).toEqual([0, ['composed'], [], true]);
  });
});

describe('relock predict', () => {
  it('is an empty list and 0 where locks were recorded and none in both orders', () => {
    const contend = new URL('../importers/testdata/ftrace/15-x86-lk-contend.txt.gz', import.meta.url);
    bench.write('contend.txt.gz', readFileSync(contend));
    expect(bench.relock(['import', '--db', 'contend.db', 'contend.txt.gz']).code).toBe(0);
    const predicted = bench.relock(['predict', '--db', 'contend.db', '--json']);
    expect([predicted.code, json(predicted.stdout)]).toEqual([
      0,
      { schema: 'relock.predict/1', cycles: [], witnesses: [] },
    ]);
    expect(bench.relock(['predict', '--db', 'contend.db']).stderr).toContain(
      'no two locks are taken in both orders',
    );
  });
});
