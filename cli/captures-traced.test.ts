// Every tracer file of our own captures against its ground truth: verdict, locks and tasks of the cycle, basis (skipped without ../shared).
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lowerCapture } from '../engine/lower/lower.js';
import { importSource } from '../importers/import.js';
import { openSource } from '../importers/source.js';
import { checkCapture } from './check-file.js';

const FOLDER = fileURLToPath(new URL('../../shared/captures/', import.meta.url));

/** A witness: `basis kind classes [tasks]`, classes and tasks sorted. */
interface Truth {
  readonly verdict: 'deadlock' | 'none' | 'open' | 'refused';
  /** What each witness must say, as a set; further ones may only say the same. */
  readonly says?: readonly string[];
  /** For `open`: what every reason together has to mention. */
  readonly why?: RegExp;
}

const R = 'pci_rescan_remove_lock';
const D = '&dev->mutex';
const deadlock = (...says: string[]): Truth => ({ verdict: 'deadlock', says });
const open = (why: RegExp): Truth => ({ verdict: 'open', why });
const NOTHING: Truth = { verdict: 'none' };
const REFUSED: Truth = { verdict: 'refused' };

const ABBA = deadlock('recorded inversion lf_a lf_b [lf_t1_ab lf_t2_ba]');
/** function_graph cuts names, and has none of a task that ran before the first switch of its CPU. */
const GRAPH_ABBA = deadlock('recorded inversion lf_a lf_b');
const sriov = (basis: string): Truth => deadlock(`${basis} inversion ${D} ${R} [pci-remover sriov-set]`);
const unbind = (basis: string): Truth => deadlock(`${basis} inversion ${D} ${R} [pci-remover pci-unbinder]`);

/** By name without folder; the first pattern that fits stands. Where a note says "really deadlocked", basis is observed. */
const TRUTHS: readonly (readonly [RegExp, Truth])[] = [
  // Hung for good when the recording ended.
  [/\/dead-abba\./, deadlock('observed inversion lf_a lf_b [lf_t1_ab lf_t2_ba]')],
  [/\/dead-nested_abba\./, deadlock('observed inversion &o->lock &o->lock [lf_t1_xy1 lf_t2_yx1]')],
  [/\/dead-recursive\./, deadlock('observed self-deadlock lf_a [lf_t1_aa]')],
  [/\/dead-reentrant_abba\./, deadlock('observed inversion lf_a lf_re.m [lf_r1_ra lf_r2_ar]')],
  [/\/pcidead-pfdrv-class-/, deadlock(`observed inversion &pfdrv_dev_key ${R} [pci-remover pci-unbinder]`)],
  [/\/pcidead-zpci-/, deadlock(`observed inversion ${D} ${R} [pci-remover pci-unbinder]`)],
  [/\/pcidead-upstream-/, deadlock(`observed self-deadlock ${R} [pci-remover]`)],
  // The recording ends before sriov-set asks for the rescan lock: it shows one half of the ring, and a task that hangs.
  [/\/pcidead-stock-sriov-vs-slot\./, open(/slot-power sleeps with .*pci_rescan_remove_lock.*&dev->mutex/)],
  [/\/debdead\./, open(/who holds/)],
  [
    /\/pcisplat-/,
    deadlock(
      `observed self-deadlock ${R} [pci-remover]`,
      `recorded inversion &pfdrv_dev_key ${R} [pci-remover pci-unbinder]`,
    ),
  ],
  // Went well, and would not in another order.
  [/\/pcirun-/, deadlock(`recorded inversion ${D} ${R} [pci-unbinder slot-power]`)],
  [/\/lk-abba\./, ABBA],
  [/\/lk-abba_interruptible\./, deadlock('recorded inversion lf_a lf_b [lf_t1_int lf_t2_ba]')],
  [/\/lk-nested_abba\./, deadlock('recorded inversion &o->lock &o->lock [lf_t1_xy1 lf_t2_yx1]')],
  [/\/lk-reentrant_abba\./, deadlock('recorded inversion lf_a lf_re.m [lf_r1_ra lf_r2_ar]')],
  [/\/lk-spin_abba\./, deadlock('recorded inversion lf_sp_a lf_sp_b [lf_t1_spab lf_t2_spba]')],
  // Ordered by a completion, a join, a gate; readers only; one order; spinlocks with interrupts off.
  [
    /\/lk-(abba_completion|abba_join|abba_gate|rwsem_read_read|same_order|contend|irq_ok|nested_ok|reentrant)\./,
    NOTHING,
  ],
  // Calls without addresses: which object of a class was meant is not known.
  [/\/(pci|deb)-nvme-function\./, sriov('aliased')],
  [/\/(pci|deb)-nvme-funcgraph\.ftrace/, deadlock(`aliased inversion ${D} ${R} [pci-rem sriov-s]`)],
  [/\/pci-pfdrv-function\./, unbind('aliased')],
  [/\/pci-pfdrv-funcgraph\.ftrace/, deadlock(`aliased inversion ${D} ${R} [pci-rem pci-unb]`)],
  [/\/pci-nvme-funcgraph-locks\./, deadlock(`recorded inversion ${D} ${R} [pci-rem sriov-s]`)],
  [/\/pci-pfdrv-funcgraph-locks\./, deadlock(`recorded inversion ${D} ${R} [pci-rem pci-unb]`)],
  [/\/pci-\w+-contention\./, open(/who holds what/)],
  [/\/pci-nvme-/, sriov('recorded')],
  [/\/pci-pfdrv-/, unbind('recorded')],
  [/\/(pci|deb)-zpci-/, NOTHING],
  // The zoo: one scenario, many ways to print it.
  [/\/zoo-(raw|hex|no-context-info)\./, REFUSED],
  // EXCEPTION: calls of mutex_lock() by a module that no table knows, without addresses: nothing tells the locks.
  [/\/zoo-function-stack\./, REFUSED],
  // EXCEPTION: trace-cmd printed the list of its plugins' options, and no trace.
  [/\/zoo-report\.report/, REFUSED],
  [/\/zoo-overrun\./, open(/overwritten/)],
  [/\/zoo-(percpu0|report--cpu0)\./, open(/a CPU that has no records/)],
  [/\/zoo-graph-/, GRAPH_ABBA],
  [/\/zoo-/, ABBA],
];

const files = existsSync(FOLDER)
  ? ['s390x', 'x86_64'].flatMap((arch) =>
      readdirSync(join(FOLDER, arch))
        .filter((name) => /\.(ftrace\.txt|report\.txt|dat)$/.test(name))
        .map((name) => `${arch}/${name}`),
    )
  : [];
if (files.length === 0)
  console.warn('SKIPPED: ../shared/captures is not there, so no recording is compared with its ground truth');

describe.skipIf(files.length === 0)('recordings of tracers agree with their ground truth', () => {
  it('has a truth for every file, and a file for every truth', () => {
    expect(files.length).toBeGreaterThan(150);
    expect(files.filter((file) => !TRUTHS.some(([pattern]) => pattern.test(file)))).toEqual([]);
    const used = new Set(files.map((file) => TRUTHS.find(([pattern]) => pattern.test(file))));
    expect(TRUTHS.filter((truth) => !used.has(truth)).map(([pattern]) => String(pattern))).toEqual([]);
  });

  it.each(files)('%s', async (file) => {
    const truth = TRUTHS.find(([pattern]) => pattern.test(file))![1];
    const opened = await openSource(join(FOLDER, file));
    if (!opened.ok) throw new Error(opened.problem.title);
    const imported = await importSource(opened.source);
    await opened.source.close();
    if (truth.verdict === 'refused') {
      expect(imported.ok && imported.capture.events.kind.length > 0).toBe(false);
      return;
    }
    if (!imported.ok) throw new Error(imported.problem.title);
    const form = await checkCapture(imported.capture, lowerCapture(imported.capture));
    expect({ verdict: form.verdict, why: form.why?.length ?? 0 }).toEqual({
      verdict: truth.verdict,
      why: truth.verdict === 'open' ? expect.toSatisfy((n: number) => n > 0) : 0,
    });
    // "None" is a proof, and "open" is none.
    if (truth.verdict !== 'deadlock') expect(form.witnesses).toEqual([]);
    if (truth.verdict === 'none') expect(form.complete).toBe(true);
    if (truth.why !== undefined) expect(form.why?.join('\n')).toMatch(truth.why);
    const told = form.witnesses.map(({ basis, kind, cycle, tasks, assumes }) => {
      expect(assumes.length > 0).toBe(basis === 'aliased');
      const names = tasks.map((task) => task.name).sort();
      const full = `${basis} ${kind} ${[...cycle].sort().join(' ')} [${names.join(' ')}]`;
      return truth.says?.includes(full) === true ? full : full.replace(/ \[.*/, '');
    });
    expect([...new Set(told)].sort()).toEqual([...(truth.says ?? [])].sort());
    // One ring of classes is told once where objects are not known, and never more often than by two places.
    const most = told.some((text) => text.startsWith('aliased')) ? 1 : 2;
    for (const text of new Set(told))
      expect(told.filter((other) => other === text).length).toBeLessThanOrEqual(most);
  });
});
