// Hand-made programs, moves and witnesses for the tests of reports.
import type { CaptureId, Signature, WitnessId } from '../corpus/schema/ids.js';
import type { Op, OpAction, Program, ProgramLock, ProgramTask } from '../corpus/schema/program.js';
import type { Verdict } from '../corpus/schema/verdict.js';
import type { Witness } from '../corpus/schema/witness.js';
import { explore } from '../engine/explore/exhaustive.js';
import { compile } from '../engine/model/compile.js';
import type { ExplainInput } from './explain.js';
import type { Move } from './scene.js';

export function op(action: OpAction, site: string | null = null): Op {
  return { ...action, guard: null, site, frames: [], line: null };
}

export function lock(id: string, site: string | null = null): Op {
  return op({ do: 'lock', lock: id, mode: 'exclusive', attempt: false }, site);
}

export function unlock(id: string): Op {
  return op({ do: 'unlock', lock: id });
}

export function task(name: string, body: readonly Op[], fn: string | null = null): ProgramTask {
  return { name, function: fn, cpu: null, irq: null, after: null, body };
}

export function mutex(id: string, name: string): ProgramLock {
  return { id, kind: 'mutex', units: 1, class: name, rules: [] };
}

export function moves(...list: readonly (readonly [number, number, Move['outcome']?])[]): Move[] {
  return list.map(([who, what, outcome]) => ({ task: who, op: what, outcome: outcome ?? 'done' }));
}

const WITNESS: Witness = {
  id: '1f93a2c44e01' as WitnessId,
  signature: '77aa00bb11cc' as Signature,
  kind: 'inversion',
  basis: 'recorded',
  grade: 'minimal',
  tasks: [],
  cycle: ['pci_rescan_remove_lock', 'zpci_add_remove_lock'],
  preemptions: 1,
  steps: 2,
  captures: ['c0' as CaptureId],
  assumes: ['both tasks may run at once'],
  model: 'kernel/2',
  litmus: 'litmus 1 x\n',
  state: 'open',
};

/** Every schedule, by the engine itself. */
export function searchAll(program: Program): { finds: number } | null {
  if (!compile(program).ok) return null;
  const { finds, complete } = explore(program, { states: 10_000 });
  return finds.length > 0 || complete ? { finds: finds.length } : null;
}

/** The drawn example of the design notes: crw against sriov_numvfs. */
export function crwExample(): ExplainInput {
  const program: Program = {
    name: 'crw-vs-numvfs',
    locks: [mutex('A', 'zpci_add_remove_lock'), mutex('B', 'pci_rescan_remove_lock')],
    flags: [],
    tasks: [
      task('crw/61', [
        lock('A', 'zpci_zdev_put'),
        lock('B', 'zpci_cleanup_bus_resources'),
        unlock('B'),
        unlock('A'),
      ]),
      task('sriov_numvfs/1933', [
        lock('B', 'sriov_numvfs_store'),
        lock('A', 'zpci_zdev_put'),
        unlock('A'),
        unlock('B'),
      ]),
    ],
  };
  const want = (id: string, name: string, site: string, line: number) => ({
    lock: id,
    class: name,
    mode: 'exclusive' as const,
    site,
    at: `logs/dmesg-lpar07.txt:${line}`,
  });
  return {
    program,
    moves: moves([0, 0], [1, 0], [0, 1, 'waits'], [1, 1, 'waits']),
    verdict: { kind: 'deadlock', cycle: [0, 1], bystanders: [] },
    witness: {
      ...WITNESS,
      provenance: ['logs/dmesg-lpar07.txt:9', 'logs/dmesg-lpar07.txt:7'],
      tasks: [
        {
          name: 'crw/61',
          holds: [],
          wants: want('B', 'pci_rescan_remove_lock', 'zpci_cleanup_bus_resources', 14),
        },
        {
          name: 'sriov_numvfs/1933',
          holds: [],
          wants: want('A', 'zpci_add_remove_lock', 'zpci_zdev_put', 16),
        },
      ],
      ruledOut: ['a common outer lock: none is held by both at these points'],
    },
    sources: [{ file: 'logs/dmesg-lpar07.txt', arch: 's390x', kernel: '7.0.0-rc3' }],
    similar: [{ id: 'e4a8', signature: 'e4a8e4a8', cycle: ['&dev->mutex', 'pci_rescan_remove_lock'] }],
    search: searchAll,
    tool: '0.1.0',
  };
}

/** A ring of `n` tasks, each holding its own lock and wanting the next one's. */
export function ring(
  n: number,
  taskName: (i: number) => string,
  className: (i: number) => string,
): ExplainInput {
  const locks = Array.from({ length: n }, (_, i) => mutex(`L${i}`, className(i)));
  const tasks = locks.map((_, i) =>
    task(taskName(i), [
      lock(`L${i}`, `takes_own_${i}`),
      ...(n === 1 ? [lock('L0', 'takes_again')] : [lock(`L${(i + 1) % n}`, `takes_next_${i}`)]),
    ]),
  );
  const verdict: Verdict = { kind: 'deadlock', cycle: locks.map((_, i) => i), bystanders: [] };
  return {
    program: { name: 'ring', locks, flags: [], tasks },
    moves: moves(...locks.map((_, i) => [i, 0] as const), ...locks.map((_, i) => [i, 1, 'waits'] as const)),
    verdict,
    witness: {
      ...WITNESS,
      kind: n === 1 ? 'self-deadlock' : 'inversion',
      cycle: locks.map((l) => l.class),
      steps: n,
      preemptions: n - 1,
    },
    tool: '0.1.0',
  };
}
