// Tests of the way from reports to tasks: the sample captures, whose truth is known, and small reports made by hand.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../../corpus/schema/capture.js';
import { EVENT_KINDS } from '../../../corpus/schema/event.js';
import type { CaptureId } from '../../../corpus/schema/ids.js';
import type { Report } from '../../../corpus/schema/report.js';
import { CaptureBuilder } from '../../builder.js';
import { importSource } from '../../import.js';
import { openSource } from '../../source.js';
import { assembleEpisodes } from './assemble.js';
import { readPath } from './known-paths.js';

const SAMPLES = fileURLToPath(new URL('../../../corpus/samples/', import.meta.url));

async function sample(name: string): Promise<Capture> {
  const opened = await openSource(join(SAMPLES, name));
  if (!opened.ok) throw new Error(opened.problem.title);
  const imported = await importSource(opened.source);
  if (!imported.ok) throw new Error(imported.problem.title);
  return imported.capture;
}

/** `task: +held ?wanted` for each task of an episode. */
function story(capture: Capture, episode: number): string[] {
  const lines = new Map<number, string[]>();
  const { events } = capture;
  for (let i = 0; i < events.kind.length; i++) {
    if (events.episode[i] !== episode || events.lock[i]! < 0) continue;
    const name = capture.classes[capture.locks[events.lock[i]!]!.class]!.name;
    const words = lines.get(events.task[i]!) ?? [];
    words.push(`${EVENT_KINDS[events.kind[i]!] === 'request' ? '?' : '+'}${name}`);
    lines.set(events.task[i]!, words);
  }
  return [...lines].map(([task, words]) => `${capture.tasks[task]!.name}: ${words.join(' ')}`);
}

function captureOf(reports: readonly Report[]): Capture {
  const builder = new CaptureBuilder();
  for (const report of reports) builder.report(report);
  assembleEpisodes(builder);
  return builder.finish({
    id: '0'.repeat(64) as CaptureId,
    file: 'made',
    bytes: 1,
    format: 'kernel-log',
    provenance: 'line',
  });
}

const BLANK: Report = {
  kind: 'circular',
  line: 1,
  task: null,
  pid: null,
  wants: null,
  holds: [],
  chain: [],
  scenario: [],
  held: [],
  blocked: [],
  title: 'made by hand',
};
const ref = (lock: string, address: string | null = null, site: string | null = null) => ({
  lock,
  usage: null,
  address,
  site,
});

describe('sample captures', () => {
  it('the stock-kernel hang: who holds and who wants, from lists of held locks', async () => {
    const capture = await sample('x86_64-sriov-numvfs-vs-remove-hung.log');
    expect(capture.episodes).toHaveLength(1);
    expect(capture.episodes[0]).toMatchObject({ basis: 'observed', happened: true });
    expect(story(capture, 0)).toEqual([
      'sriov-set: +sb_writers#6 +&of->mutex#2 +kn->active#4 +&dev->mutex ?pci_rescan_remove_lock',
      'pci-remover: +sb_writers#6 +&of->mutex#2 +pci_rescan_remove_lock ?&dev->mutex',
    ]);
    const locks = capture.locks.map((lock) => `${capture.classes[lock.class]!.name} ${lock.address}`);
    expect(locks.filter((lock) => lock.startsWith('&dev->mutex'))).toEqual(['&dev->mutex ff110000004d0200']);
  });

  it('the same hang without lockdep: read from stacks by the known paths, with each row said', async () => {
    const capture = await sample('x86_64-sriov-numvfs-vs-remove-hung-without-lockdep.log');
    expect(story(capture, 0)).toEqual([
      'pci-rescanner: ?pci_rescan_remove_lock',
      'pci-remover: +pci_rescan_remove_lock ?&dev->mutex',
      'sriov-set: +&dev->mutex ?pci_rescan_remove_lock',
    ]);
    expect(capture.episodes[0]!.assumes.join('\n')).toContain('drivers/pci/iov.c');
  });

  it('a dump behind a lockdep report is read by the report: the same chain took the same lock', async () => {
    const capture = await sample('x86_64-remove-recursive-hung.log');
    expect(capture.episodes.map((episode) => [episode.origin, episode.basis])).toEqual([
      ['blocked stacks', 'observed'],
      ['recursive', 'recorded'],
    ]);
    expect(story(capture, 0)).toEqual(['pci-remover: +pci_rescan_remove_lock ?pci_rescan_remove_lock']);
  });

  it('an irq inversion gives a holder, its interrupt and the task between them', async () => {
    const capture = await sample('x86_64-irq-inversion-splat.log');
    expect(story(capture, 0)).toEqual([
      'lf_inversion: +lf_sp_b',
      'lf_hrt_fn: ?lf_sp_a',
      'lf_inversion: +lf_sp_a ?lf_sp_b',
    ]);
    expect(capture.tasks.find((task) => task.name === 'lf_hrt_fn')?.runs).toBe('hardirq');
  });
});

describe('what a report does not say is assumed in writing', () => {
  const chain = (index: number, lock: string, frames: readonly string[]) => ({
    index,
    lock,
    usage: null,
    frames,
  });

  it('edge k of the chain takes lock k while it holds lock k-1, and edge 0 closes the cycle', () => {
    const capture = captureOf([
      {
        ...BLANK,
        task: 'reporter',
        pid: 7,
        wants: ref('lock_a'),
        holds: [ref('lock_c')],
        chain: [
          chain(2, 'lock_c', ['mutex_lock', 'f_c']),
          chain(1, 'lock_b', ['mutex_lock', 'f_b']),
          chain(0, 'lock_a', ['mutex_lock', 'f_a']),
        ],
      },
    ]);
    expect(story(capture, 0)).toEqual([
      'reporter: +lock_c ?lock_a',
      'f_b: +lock_a ?lock_b',
      'f_c: +lock_b ?lock_c',
    ]);
    expect(capture.episodes[0]).toMatchObject({ basis: 'recorded', assumes: [] });
  });

  it('a class of many objects makes the basis aliased', () => {
    const capture = captureOf([
      {
        ...BLANK,
        wants: ref('&x->lock'),
        holds: [ref('lock_b')],
        chain: [chain(1, 'lock_b', ['mutex_lock', 'f']), chain(0, '&x->lock', ['mutex_lock', 'g'])],
      },
    ]);
    expect(capture.episodes[0]!.basis).toBe('aliased');
    expect(capture.episodes[0]!.assumes.join()).toContain('the same `&x->lock`');
  });

  it('a single outer lock of the reporting task may be a gate', () => {
    const capture = captureOf([
      {
        ...BLANK,
        task: 'reporter',
        pid: 7,
        wants: ref('lock_a'),
        holds: [ref('lock_b')],
        chain: [chain(1, 'lock_b', ['mutex_lock', 'f']), chain(0, 'lock_a', ['mutex_lock', 'g'])],
        held: [{ task: 'reporter', pid: 7, locks: [ref('rtnl_mutex'), ref('lock_b')] }],
      },
    ]);
    expect(capture.episodes[0]!.assumes).toHaveLength(1);
    expect(capture.episodes[0]!.assumes[0]).toMatch(/^ASSUMED BEYOND THE LOG: .*rtnl_mutex/);
    expect(story(capture, 0)[0]).toBe('reporter: +rtnl_mutex +lock_b ?lock_a');
  });

  it('two readers need a writer between them: as printed, and with the writers, each its own episode', () => {
    const capture = captureOf([
      {
        ...BLANK,
        wants: ref('sem_a'),
        holds: [ref('sem_b')],
        chain: [chain(1, 'sem_b', ['down_read', 'f']), chain(0, 'sem_a', ['down_read', 'g'])],
      },
    ]);
    expect(capture.episodes.map((episode) => episode.origin)).toEqual([
      'circular',
      'circular, writers queued',
    ]);
    expect(capture.episodes[1]!.assumes.filter((a) => a.startsWith('ASSUMED BEYOND'))).toHaveLength(2);
  });

  it('two printed addresses are two objects: recursion is then an assumption', () => {
    const capture = captureOf([
      {
        ...BLANK,
        kind: 'recursive',
        task: 't',
        pid: 1,
        wants: ref('&o->lock', 'aa'),
        holds: [ref('&o->lock', 'bb')],
      },
    ]);
    expect(capture.episodes.map((episode) => [episode.origin, episode.basis])).toEqual([
      ['recursive', 'aliased'],
      ['recursive, other order', 'composed'],
    ]);
    expect(
      capture.episodes.every((episode) => episode.assumes[0]!.startsWith('ASSUMED BEYOND THE LOG')),
    ).toBe(true);
  });

  it('one printed address is one object', () => {
    const capture = captureOf([
      {
        ...BLANK,
        kind: 'recursive',
        task: 't',
        pid: 1,
        wants: ref('&o->lock', 'aa'),
        holds: [ref('&o->lock', 'aa')],
      },
    ]);
    expect(capture.episodes).toHaveLength(1);
    expect(capture.episodes[0]).toMatchObject({ basis: 'recorded', assumes: [] });
  });

  it('the owner that the kernel names makes an edge without any lock list', () => {
    const blocked = (task: string, pid: number, site: string) => ({
      task,
      pid,
      seconds: 10,
      state: 'D',
      frames: ['__schedule', 'schedule', '__mutex_lock', site, 'kthread'],
    });
    const capture = captureOf([
      {
        ...BLANK,
        kind: 'hung-task',
        blocked: [blocked('a', 1, 'fa')],
        blockedOn: { type: 'mutex', task: 'b', pid: 2, relation: 'likely owned by' },
      },
      {
        ...BLANK,
        kind: 'hung-task',
        line: 9,
        blocked: [blocked('b', 2, 'fb')],
        blockedOn: { type: 'mutex', task: 'a', pid: 1, relation: 'likely owned by' },
      },
    ]);
    expect(capture.episodes[0]).toMatchObject({ basis: 'observed', happened: true });
    expect(story(capture, 0)).toEqual([
      'a: +mutex wanted in fb ?mutex wanted in fa',
      'b: +mutex wanted in fa ?mutex wanted in fb',
    ]);
  });

  it('a lock that a task left with strands whoever comes for it, and that somebody comes is an assumption', () => {
    const capture = captureOf([
      {
        ...BLANK,
        kind: 'lock-held-at-exit',
        task: 'sh',
        pid: 55,
        held: [{ task: 'sh', pid: 55, locks: [ref('lf_a', 'aa', 'lf_run')] }],
      },
    ]);
    expect(story(capture, 0)).toEqual(['sh: +lf_a', 'a later task: ?lf_a']);
    expect(capture.episodes[0]).toMatchObject({ leaks: true, basis: 'composed' });
    expect(capture.episodes[0]!.assumes[0]).toMatch(/^ASSUMED BEYOND THE LOG/);
  });

  it('a wait that nothing explains is counted, not guessed', () => {
    const capture = captureOf([
      {
        ...BLANK,
        kind: 'hung-task',
        blocked: [
          {
            task: 'a',
            pid: 1,
            seconds: 10,
            state: 'D',
            frames: ['__schedule', '__mutex_lock', 'some_driver'],
          },
        ],
      },
    ]);
    expect(capture.episodes).toHaveLength(0);
    expect(capture.skipped.map((skip) => skip.stat)).toEqual(['wait_not_explained']);
  });
});

describe('known paths', () => {
  it('a frame may hold two locks, and a function two of its own', () => {
    const [reading] = readPath([
      'zpci_cleanup_bus_resources',
      'zpci_release_device',
      'zpci_zdev_put',
      'kthread',
    ]);
    expect(reading?.wants.lock).toBe('pci_rescan_remove_lock');
    expect(reading?.holds.map((hold) => hold.lock)).toEqual(['zpci_add_remove_lock']);
    expect(
      readPath(['recover_store', 'kernfs_fop_write_iter']).map((path) => [
        path.holds.map((hold) => hold.lock),
        path.wants.lock,
      ]),
    ).toEqual([
      [['&zdev->state_lock'], 'pci_rescan_remove_lock'],
      [[], '&zdev->state_lock'],
    ]);
  });

  it('a function that the table does not know has no reading', () => {
    expect(readPath(['some_driver_remove', 'pci_device_remove', 'device_release_driver_internal'])).toEqual(
      [],
    );
  });
});

describe('irq inversions cut off before their table', () => {
  const inversion = (relation: string) =>
    captureOf([
      {
        ...BLANK,
        kind: 'irq-inversion',
        title: 'possible irq lock inversion',
        wants: ref('lock_a'),
        facts: { changed: 'lock_a', other: 'lock_b', relation, context: 'HARDIRQ' },
      },
    ]);

  it('the lock that took another is the one taken in the interrupt', () => {
    expect(story(inversion('took'), 0)).toEqual([
      'cpu0: +lock_b',
      'hardirq: ?lock_a',
      'cpu1: +lock_a ?lock_b',
    ]);
  });

  it('the lock that was taken by another is not', () => {
    expect(story(inversion('taken by'), 0)).toEqual([
      'cpu0: +lock_a',
      'hardirq: ?lock_b',
      'cpu1: +lock_b ?lock_a',
    ]);
  });
});
