// Every log of our own captures against its ground truth: what deadlocked, would, or must not (skipped without ../shared).
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lowerCapture } from '../engine/lower/lower.js';
import { importSource } from '../importers/import.js';
import { openSource } from '../importers/source.js';
import { checkCapture } from './check-file.js';

const FOLDER = fileURLToPath(new URL('../../shared/captures/', import.meta.url));

/** What the note beside a capture says, as relock must say it. Tasks and classes in any order. */
interface Truth {
  readonly verdict: 'deadlock' | 'none' | 'open';
  /** Of the first witness. */
  readonly basis?: 'observed' | 'recorded' | 'aliased';
  readonly kind?: 'self-deadlock' | 'inversion' | 'irq-inversion';
  readonly classes?: readonly string[];
  readonly tasks?: readonly string[];
  readonly bystanders?: readonly string[];
}

const R = 'pci_rescan_remove_lock';
const D = '&dev->mutex';
const K = '&pfdrv_dev_key';
const NOTHING: Truth = { verdict: 'none' };
/** Somebody waits, and this file alone does not say for whom (stacks without lock lists, lockdep off). */
const UNSAID: Truth = { verdict: 'open' };

const abba = (
  basis: 'observed' | 'recorded',
  tasks = ['lf_t1_ab', 'lf_t2_ba'],
  classes = ['lf_a', 'lf_b'],
): Truth => ({
  verdict: 'deadlock',
  basis,
  kind: 'inversion',
  classes,
  tasks,
});
const observed = (
  tasks: readonly string[],
  classes: readonly string[],
  bystanders: readonly string[] = [],
): Truth => ({
  verdict: 'deadlock',
  basis: 'observed',
  kind: tasks.length === 1 ? 'self-deadlock' : 'inversion',
  tasks,
  classes,
  bystanders,
});

/** By name without folder; `s390x/...` where the two machines differ. The first pattern that fits stands. */
const TRUTHS: readonly (readonly [RegExp, Truth])[] = [
  [/\/dead-abba\.log$/, abba('observed')],
  [/\/dead-reentrant_abba\.log$/, abba('observed', ['lf_r1_ra', 'lf_r2_ar'], ['lf_re.m', 'lf_a'])],
  [/\/dead-recursive\.log$/, observed(['lf_t1_aa'], ['lf_a'])],
  [
    /\/dead-nested_abba\.(log|sysrq-[dt]\.log)$/,
    observed(['lf_t1_xy1', 'lf_t2_yx1'], ['&o->lock', '&o->lock/1']),
  ],
  [/\/dead-reentrant_abba\.sysrq-d\.log$/, NOTHING],
  [/\/dead-\w+\.sysrq-\w\.log$/, UNSAID],
  [/\/debdead\.sysrq-d\.log$/, NOTHING],
  [/\/debdead\./, observed(['sriov-set', 'pci-remover'], [D, R], ['pci-rescanner'])],
  [/\/pcidead-stock-sriov-vs-remove\./, observed(['sriov-set', 'pci-remover'], [D, R])],
  [/\/pcidead-stock-sriov-vs-slot\./, observed(['sriov-set', 'slot-power'], [D, R])],
  [
    /\/pcidead-zpci-pfdrv-unbind-vs-remove\./,
    observed(['pci-unbinder', 'pci-remover'], [D, R], ['pci-rescanner']),
  ],
  // Driver code that relock does not know blocks on a lock that a stack alone does not name.
  [/\/pcidead-pfdrv-(class|edu)-unbind-vs-remove\.sysrq-w\.log$/, UNSAID],
  [/\/pcidead-pfdrv-class-unbind-vs-remove\.sysrq-[dt]\.log$/, UNSAID],
  [/\/pcidead-pfdrv-class-unbind-vs-remove\./, observed(['pci-unbinder', 'pci-remover'], [K, R])],
  [/\/pcidead-pfdrv-edu-unbind-vs-remove\./, observed(['pci-unbinder', 'pci-remover'], [D, R])],
  [/\/pcidead-upstream-remove-recursive\.sysrq-d\.log$/, NOTHING],
  [/\/pcidead-upstream-remove-recursive\./, observed(['pci-remover'], [R])],
  [/\/pcirun-/, NOTHING],
  [/\/pcisplat-/, { verdict: 'deadlock', basis: 'aliased', kind: 'inversion', classes: [K, R] }],
  [/\/splat-abba\./, abba('recorded')],
  [/\/splat-spin_abba\./, abba('recorded', ['lf_t1_spab', 'lf_t2_spba'], ['lf_sp_a', 'lf_sp_b'])],
  [/\/splat-rwsem_abba\./, abba('recorded', ['lf_t1_rawb', 'lf_t2_rbwa'], ['lf_rw_a', 'lf_rw_b'])],
  // No deadlock, though lockdep warns: a gate lock, two readers, two objects in one order. The log alone cannot tell,
  // so relock names what would have to be true.
  [/\/splat-(abba_gate|rwsem_read_read|recursive_class)\./, UNSAID],
  [
    /\/splat-irq_inconsistent\./,
    { verdict: 'deadlock', basis: 'recorded', kind: 'irq-inversion', classes: ['lf_sp_a'] },
  ],
  [
    /\/splat-irq_inversion\./,
    { verdict: 'deadlock', basis: 'recorded', kind: 'irq-inversion', classes: ['lf_sp_a', 'lf_sp_b'] },
  ],
  [/\/splat-(atomic_sleep|bad_unlock|rcu_usage)\./, NOTHING],
  // A leaked lock: whoever takes it later hangs, but nobody does in the log.
  [/\/splat-held_user\./, UNSAID],
  [/\/(zoo-(dmesg|dmesg-raw|devkmsg)|lk-all-dmesg)\.log$/, abba('recorded')],
  [
    /s390x\/pci-trace-dmesg\.log$/,
    { verdict: 'deadlock', basis: 'recorded', classes: [R, 'zpci_add_remove_lock', 'zbus_list_lock'] },
  ],
  [/\/(pci-trace-dmesg|deb-s390-sysrq)\./, NOTHING],
  [/\.tc\.log$/, NOTHING],
];

const files = existsSync(FOLDER)
  ? ['s390x', 'x86_64'].flatMap((arch) =>
      readdirSync(join(FOLDER, arch))
        .filter((name) => /\.(log|console\.txt)$/.test(name))
        .map((name) => `${arch}/${name}`),
    )
  : [];
if (files.length === 0)
  console.warn('SKIPPED: ../shared/captures is not there, so no capture is compared with its ground truth');

describe.skipIf(files.length === 0)('captures agree with their ground truth', () => {
  it('has a truth for every log', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(files.filter((file) => !TRUTHS.some(([pattern]) => pattern.test(file)))).toEqual([]);
  });

  it.each(files)('%s', async (file) => {
    const truth = TRUTHS.find(([pattern]) => pattern.test(file))![1];
    const opened = await openSource(join(FOLDER, file));
    if (!opened.ok) throw new Error(opened.problem.title);
    const imported = await importSource(opened.source);
    await opened.source.close();
    // What is no kernel log (the talk of trace-cmd) is refused, not misread.
    if (!imported.ok) {
      expect(truth).toBe(NOTHING);
      return;
    }
    const form = await checkCapture(imported.capture, lowerCapture(imported.capture));
    expect(form.verdict).toBe(truth.verdict);
    expect(form.why === undefined).toBe(truth.verdict !== 'open');
    const first = form.witnesses[0];
    if (truth.verdict !== 'deadlock' || first === undefined) {
      if (truth === NOTHING) expect(form.witnesses).toEqual([]);
      if (truth.verdict === 'open') expect(form.why?.length).toBeGreaterThan(0);
      // What the log does not bear out is assumed in so many words.
      for (const witness of form.witnesses)
        expect(witness.assumes.join('\n')).toContain('ASSUMED BEYOND THE LOG');
      return;
    }
    expect(form.witnesses).toHaveLength(1);
    expect({ basis: first.basis, kind: first.kind ?? truth.kind }).toEqual({
      basis: truth.basis,
      kind: truth.kind ?? first.kind,
    });
    if (truth.classes !== undefined) expect([...first.cycle].sort()).toEqual([...truth.classes].sort());
    if (truth.tasks !== undefined)
      expect(first.tasks.map((task) => task.name).sort()).toEqual([...truth.tasks].sort());
    if (truth.bystanders !== undefined)
      expect([...(first.bystanders ?? [])].sort()).toEqual([...truth.bystanders].sort());
  });
});
