// What-if: V9 patched to V11 is the V11 of the library; recordings lose what the patch cures and keep what it leaves.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { WhatifForm } from '../corpus/schema/forms.js';
import type { Witness } from '../corpus/schema/witness.js';
import { parseLitmusFiles } from '../corpus/text/litmus.js';
import { parsePatch } from '../corpus/text/patch.js';
import { asWritten } from '../engine/lower/as-written.js';
import { lowerCapture } from '../engine/lower/lower.js';
import { EVERY_RING } from '../engine/lower/trace/lower-trace.js';
import { compile } from '../engine/model/compile.js';
import { applyPatch } from '../engine/whatif/apply.js';
import { whatifLines } from '../reports/text/whatif.js';
import { ingest } from './ingest.js';
import { replayText } from './replaying.js';
import { whatifForm } from './whatif-form.js';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const CAPTURES = '../shared/captures';
const noCaptures = !existsSync(at(CAPTURES));
if (noCaptures) console.warn('whatif: ../shared/captures is not here; real captures are not tried');

function patch(name: string) {
  const parsed = parsePatch(readFileSync(at(`corpus/patches/${name}.patch`), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.patch;
}

function rule(text: string) {
  const parsed = parsePatch(`patch 1 rule\nrule ${text}`);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.patch;
}

async function whatif(paths: readonly string[], ...patches: ReturnType<typeof patch>[]): Promise<WhatifForm> {
  const all = await Promise.all(
    paths.map(async (path) => {
      const taken = await ingest(at(path), null);
      if (!taken.ok) throw new Error(taken.problem.title);
      return { capture: taken.capture, programs: lowerCapture(taken.capture, EVERY_RING).programs };
    }),
  );
  const form = await whatifForm(all, patches, '2026-11-25T00:00:00.000Z');
  for (const witness of [...form.gone, ...form.stays, ...form.new]) {
    const again = replayText(witness.litmus);
    expect(again.ok && again.value.bad && again.value.agrees).toBe(true);
  }
  return form;
}

const who = (witnesses: readonly Witness[]): string[] =>
  witnesses
    .map(({ tasks }) =>
      tasks
        .map(({ name }) => name)
        .sort()
        .join(' '),
    )
    .sort();
const told = ({ gone, stays, new: fresh }: WhatifForm) => ({
  gone: who(gone),
  stays: who(stays),
  new: who(fresh),
});
const scenario = (name: string): string => `corpus/scenarios/pci-rescan-remove/${name}.litmus`;

describe('relock whatif on the library', () => {
  it.each([
    ['1', [], [], []],
    ['2', ['remover unbinder'], [], []],
    ['3', ['remover setter'], [], []],
    ['4', [], ['irq-pciehp unbinder'], []],
    ['4z', [], ['kmcheck unbinder'], []],
    ['5', [], ['irq-pciehp setter'], []],
    ['6', [], [], ['irq-pciehp remover']],
    ['6z', [], [], ['kmcheck remover']],
    ['7', [], ['remover unbinder'], []],
    ['7b', [], ['remover setter'], []],
    ['8', [], ['loader rescanner'], []],
    ['9', [], ['kmcheck setter'], []],
  ])('V9 with v11.patch is V11 in row %s', async (row, gone, stays, fresh) => {
    const form = await whatif([scenario(`${row}.v9`)], patch('v11'));
    expect(told(form)).toEqual({ gone, stays, new: fresh });
    expect(form.complete).toBe(true);
  });

  it("Block's v4 ends row 9 and the recursion of case (C)", async () => {
    expect(told(await whatif([scenario('9.v9')], patch('block-v4')))).toEqual({
      gone: ['kmcheck setter'],
      stays: [],
      new: [],
    });
    expect(told(await whatif([scenario('s390-c.before')], patch('block-v4'))).gone).toEqual(['setter']);
  });

  it('reentrancy cures the self-deadlock of V1 alone, and its contrary brings it back', async () => {
    const cured = await whatif([scenario('2.v1')], rule('pci_rescan_remove_lock reentrant'));
    expect(told(cured)).toEqual({ gone: ['remover'], stays: ['remover unbinder'], new: [] });
    // The AB-BA does not need the rule: it is not in its text.
    expect(cured.stays[0]!.litmus).not.toContain('rules');
    const back = await whatif([scenario('1.v9')], rule('pci_rescan_remove_lock no-reentrant'));
    expect(told(back)).toEqual({ gone: [], stays: [], new: ['remover'] });
  });
});

describe('relock whatif on the samples', () => {
  it('v11 ends the inversion of a really hung kernel, reentrancy does not', async () => {
    const log = 'corpus/samples/x86_64-sriov-numvfs-vs-remove-hung.log';
    const v11 = await whatif([log], patch('v11'));
    expect(v11.gone.map(({ basis }) => basis)).toEqual(['observed']);
    expect([v11.stays.length, v11.new.length, v11.complete]).toEqual([0, 0, true]);
    expect(v11.edits.find(({ text }) => text.startsWith('guard really_probe'))!.applied).toEqual([]);
    const reentrant = await whatif([log], rule('pci_rescan_remove_lock reentrant'));
    expect(reentrant.stays.map(({ basis }) => basis)).toEqual(['observed']);
    const text = whatifLines(v11);
    expect(text).toContain('    found nothing to apply to');
    for (const line of text) expect(line.length, line).toBeLessThanOrEqual(75);
  });

  it('every version has the verdict that the mailing list found', async () => {
    const log = 'corpus/samples/x86_64-sriov-numvfs-vs-remove-hung.log';
    const left = async (name: string) => told(await whatif([log], patch(name))).stays.length;
    expect([await left('v0'), await left('v1'), await left('v2'), await left('v9')]).toEqual([0, 1, 1, 1]);
    expect([await left('v10'), await left('v11'), await left('v14')]).toEqual([0, 0, 0]);
  });

  it('on s390x likewise, and reentrancy ends the recursion', async () => {
    const s390 = await whatif(['corpus/samples/s390x-zpci-unbind-vs-remove-hung.log'], patch('v11'));
    expect(told(s390)).toEqual({ gone: ['pci-remover pci-unbinder'], stays: [], new: [] });
    const self = await whatif(
      ['corpus/samples/x86_64-remove-recursive-hung.log'],
      rule('pci_rescan_remove_lock reentrant'),
    );
    expect(told(self)).toEqual({ gone: ['pci-remover'], stays: [], new: [] });
  });
});

describe('every patch on every program of the corpus', () => {
  const folder = at('corpus/scenarios');
  const programs = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.litmus'))
    .flatMap((name) => parseLitmusFiles(readFileSync(`${folder}/${name}`, 'utf8')))
    .flatMap((text) => (text.ok ? [asWritten(text.value.program)] : []));

  it.each(['v0', 'v1', 'v2', 'v9', 'v10', 'v11', 'v14', 'block-v4'])('%s leaves what can be run', (name) => {
    expect(programs.length).toBeGreaterThan(150);
    const once = applyPatch(patch(name), programs);
    for (const { program } of once.programs)
      expect(compile(program), program.name).toMatchObject({ ok: true });
    // What it takes or drops it takes and drops once.
    const twice = applyPatch(patch(name), once.programs);
    const takes = (list: typeof programs, index: number) =>
      list[index]!.program.tasks.flatMap(({ body }) => body).filter((op) => op.do === 'lock' && !op.attempt)
        .length;
    // A call that was moved would be moved once more, and zPCI nests its takings.
    if (['v0', 'v1', 'v2', 'v9'].includes(name))
      programs.forEach((_, i) => {
        expect(takes([...twice.programs], i), once.programs[i]!.program.name).toBe(
          takes([...once.programs], i),
        );
      });
  });
});

describe('relock whatif on a ring of three', () => {
  it("stays under v14, is gone under Block's series, and nothing new comes", async () => {
    const log = 'corpus/samples/s390x-zpci-scan-splat.log';
    const ring = 'kernel_init kernel_init-2 pci-remover';
    expect(told(await whatif([log], patch('v14')))).toEqual({ gone: [], stays: [ring], new: [] });
    const block = await whatif([log], patch('v14'), patch('block-v4'));
    expect(told(block)).toEqual({ gone: [ring], stays: [], new: [] });
    expect(block.complete).toBe(true);
  });
});

describe.skipIf(noCaptures)('relock whatif on real captures', () => {
  it.each([
    ['x86_64/pcidead-stock-sriov-vs-remove.log', ['pci-remover sriov-set'], []],
    ['x86_64/pcidead-stock-sriov-vs-remove.sysrq-d.log', ['pci-remover sriov-set'], []],
    ['x86_64/pcidead-stock-sriov-vs-slot.sysrq-d.log', [], ['slot-power sriov-set']],
    ['x86_64/pcidead-stock-sriov-vs-slot.log', [], ['slot-power sriov-set']],
    ['x86_64/pcidead-pfdrv-edu-unbind-vs-remove.log', ['pci-remover pci-unbinder'], []],
    ['x86_64/pcidead-pfdrv-class-unbind-vs-remove.log', ['pci-remover pci-unbinder'], []],
    ['s390x/pcidead-zpci-pfdrv-unbind-vs-remove.log', ['pci-remover pci-unbinder'], []],
    ['x86_64/pci-nvme-locks-stack.ftrace.txt', ['pci-remover sriov-set'], []],
    ['x86_64/pci-nvme-function.ftrace.txt', ['pci-remover sriov-set'], ['pci-rescanner sriov-set']],
    ['x86_64/pci-nvme-funcgraph.dat', ['pci-remover sriov-set'], []],
    ['s390x/pci-pfdrv-funcgraph.dat', ['pci-remover pci-unbinder'], []],
    ['x86_64/pci-pfdrv-locks-stack.ftrace.txt', ['pci-remover pci-unbinder'], []],
    ['s390x/pci-pfdrv-function.ftrace.txt', ['pci-remover pci-unbinder'], []],
  ])('v11 on %s', async (file, gone, stays) => {
    expect(told(await whatif([`${CAPTURES}/${file}`], patch('v11')))).toEqual({ gone, stays, new: [] });
  });

  it('v9 leaves what a list of held locks shows, and it is the same deadlock', async () => {
    const list = `${CAPTURES}/x86_64/pcidead-stock-sriov-vs-remove.sysrq-d.log`;
    expect(told(await whatif([list], patch('v9')))).toEqual({
      gone: [],
      stays: ['pci-remover sriov-set'],
      new: [],
    });
  });

  it('across two recordings: the hotplug path of one still meets the unbinding of the other', async () => {
    const files = ['pci-zpci-funcgraph', 'pci-pfdrv-funcgraph'];
    const form = await whatif(
      files.map((file) => `${CAPTURES}/s390x/${file}.ftrace.txt`),
      patch('v11'),
    );
    expect(told(form).gone).toContain('pci-rem pci-unb');
    expect(told(form).stays).toContain('pci-unb slot-po');
    for (const { basis, assumes } of form.stays)
      expect(basis === 'composed' && assumes.some((text) => text.includes('one machine'))).toBe(true);
  });

  it('says of a recording without functions that it cannot be patched', async () => {
    const form = await whatif([`${CAPTURES}/x86_64/pci-nvme-locks.ftrace.txt`], patch('v11'));
    expect(form.without_sites).toBe(form.programs);
    expect(told(form)).toEqual({ gone: [], stays: ['pci-remover sriov-set'], new: [] });
  });
});
