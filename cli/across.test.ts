// Composition: one recording has only the removal, another one of another platform only the unbinding; together they deadlock.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lowerCapture } from '../engine/lower/lower.js';
import { meetingClasses } from '../engine/predict/meeting.js';
import { type CaptureWithPrograms, composedPrograms } from './across.js';
import { ingest } from './ingest.js';
import { replayText } from './replaying.js';
import { searchOnce } from './search.js';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const CAPTURES = '../shared/captures';
const noCaptures = !existsSync(at(CAPTURES));
if (noCaptures) console.warn('across: ../shared/captures is not here; real captures are not tried');

async function captures(...paths: string[]): Promise<CaptureWithPrograms[]> {
  return Promise.all(
    paths.map(async (path) => {
      const taken = await ingest(at(path), null);
      if (!taken.ok) throw new Error(taken.problem.title);
      return { capture: taken.capture, programs: lowerCapture(taken.capture).programs };
    }),
  );
}

async function found(...paths: string[]) {
  const programs = composedPrograms(await captures(...paths));
  const { witnesses } = await searchOnce(programs);
  for (const { litmus } of witnesses) {
    const again = replayText(litmus);
    expect(again.ok && again.value.bad && again.value.agrees).toBe(true);
  }
  return witnesses;
}

const REMOVE = 'corpus/samples/x86_64-pci-remove-only.ftrace.txt';
const UNBIND = 'corpus/samples/s390x-pci-unbind-only.ftrace.txt';

describe('composition across captures', () => {
  it('has nothing to say of either recording alone', async () => {
    const both = await captures(REMOVE, UNBIND);
    expect(both.map(({ programs }) => programs.length)).toEqual([0, 0]);
    for (const one of both) expect(composedPrograms([one])).toEqual([]);
  });

  it('finds the inversion that no single one shows, and says what it assumes', async () => {
    const witnesses = await found(REMOVE, UNBIND);
    expect(witnesses.length).toBeGreaterThan(0);
    for (const witness of witnesses) {
      expect(witness.basis).toBe('composed');
      expect(witness.captures).toHaveLength(2);
      // Each step is shown in its own file, and nothing that one recording rules out is said of both.
      expect(new Set(witness.provenance?.map((place) => place?.replace(/:\d+$/, '')))).toEqual(
        new Set([at(REMOVE), at(UNBIND)]),
      );
      expect(witness.ruledOut).toEqual([]);
      expect([...witness.cycle].sort()).toEqual(['&dev->mutex', 'pci_rescan_remove_lock']);
      expect(witness.tasks.map(({ name }) => name).sort()).toEqual(['pci-remover', 'pci-unbinder']);
      const assumes = witness.assumes.join('\n');
      expect(assumes).toMatch(/the &dev->mutex of pci-\w+ in \w+ and that of pci-\w+ in \w+ are one object/);
      expect(assumes).toContain('meet on one machine');
      // The rescan lock has static storage: there is one in each kernel, and nothing to assume but the machine.
      expect(assumes).not.toContain('the pci_rescan_remove_lock of');
    }
  });

  it('puts tasks of a trace beside those of a hung kernel', async () => {
    const witnesses = await found(UNBIND, 'corpus/samples/x86_64-sriov-numvfs-vs-remove-hung.log');
    expect(
      witnesses.map(({ tasks }) =>
        tasks
          .map(({ name }) => name)
          .sort()
          .join(' '),
      ),
    ).toContain('pci-remover pci-unbinder');
    for (const { basis } of witnesses) expect(basis).toBe('composed');
  });

  it.skipIf(noCaptures)('does so with recordings of whole runs', async () => {
    const x86 = `${CAPTURES}/x86_64/pci-nvme-locks-stack.ftrace.txt`;
    const s390 = `${CAPTURES}/s390x/pci-zpci-locks-stack.ftrace.txt`;
    const witnesses = await found(x86, s390);
    // zPCI takes R before D everywhere; the PF of the other machine takes D before R.
    expect(witnesses.some(({ tasks }) => tasks.some(({ name }) => name === 'sriov-set'))).toBe(true);
    for (const { captures: from } of witnesses) expect(from).toHaveLength(2);
  });
});

describe('meetingClasses', () => {
  const order = (capture: string, ...pairs: [string, string][]) => ({ capture, pairs });

  it('are those of cycles that need several captures', () => {
    expect([...meetingClasses([order('1', ['a', 'b']), order('2', ['b', 'a'])])].sort()).toEqual(['a', 'b']);
    expect(
      [
        ...meetingClasses([
          order('1', ['a', 'b']),
          order('2', ['b', 'c'], ['c', 'd']),
          order('3', ['c', 'a']),
        ]),
      ].sort(),
    ).toEqual(['a', 'b', 'c']);
    expect(meetingClasses([order('1', ['a', 'b'], ['b', 'a']), order('2', ['c', 'd'])]).size).toBe(0);
    expect(meetingClasses([order('1', ['a', 'b']), order('2', ['a', 'b'])]).size).toBe(0);
  });

  it('are never numbered: such a class is another one at the next boot', () => {
    expect(meetingClasses([order('1', ['k#4', 'b']), order('2', ['b', 'k#4'])]).size).toBe(0);
  });
});
