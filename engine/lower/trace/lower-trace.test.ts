// Tests of the lowering of recordings: which rings become programs, which orders are known, and what the predictor makes of it.
import { describe, expect, it } from 'vitest';
import { canonicalProgram } from '../../../corpus/text/program-id.js';
import { predict } from '../../predict/predict.js';
import { lowerCapture } from '../lower.js';
import { EVERY_RING } from './lower-trace.js';
import { recording } from './recording.laws.js';

/** What relock says of a recording: each cycle as `status classes: why`. */
function told(text: string, pids?: Readonly<Record<string, number>>): string[] {
  const capture = recording(text, pids);
  const { programs } = lowerCapture(capture);
  const { cycles } = predict(programs.map((lowered) => ({ lowered, captures: [capture.id] })));
  return cycles.map(
    ({ status, classes, tasks, why }) => `${status} ${classes.join(' ')} [${tasks.join(' ')}]: ${why}`,
  );
}

const section = (task: string, ...locks: string[]): string =>
  [
    ...locks.map((l) => `${task} lock ${l}`),
    ...[...locks].reverse().map((l) => `${task} unlock ${l.split(' ')[0]}`),
  ].join('\n');

describe('rings of a recording in which nothing went wrong', () => {
  it('predicts an inversion of two tasks, one after the other', () => {
    expect(told(`${section('T1', 'A', 'B')}\n${section('T2', 'B', 'A')}`)).toEqual([
      expect.stringMatching(/^confirmed A B \[T\d T\d\]: a schedule of 2 steps ends in it$/),
    ]);
  });

  it('says nothing where all keep one order', () => {
    const capture = recording(`${section('T1', 'A', 'B')}\n${section('T2', 'A', 'B')}`);
    expect(lowerCapture(capture)).toMatchObject({ programs: [], complete: true });
  });

  it('refutes by a gate lock, and by one task alone', () => {
    expect(told(`${section('T1', 'G', 'A', 'B')}\n${section('T2', 'G', 'B', 'A')}`)).toEqual([
      expect.stringMatching(/^refuted .*both hold G at that point/),
    ]);
    expect(told(`${section('T1', 'A', 'B')}\n${section('T1', 'B', 'A')}`)).toEqual([]);
  });

  it('knows a gate that was taken before the recording began', () => {
    expect(told(`${section('T1', 'A', 'B')}\nT1 unlock G\n${section('T2', 'G', 'B', 'A')}`)).toEqual([
      expect.stringMatching(/^refuted .*both hold G at that point/),
    ]);
  });

  it.each([
    ['gave it back after its end', 'T1 lock Z on\nT1 unlock Z on\nT1 exit\nT1 unlock spinlock:R off'],
    ['slept before it gave it back', 'T1 sleep on\nT1 lock Z on\nT1 unlock Z on\nT1 unlock spinlock:R off'],
    ['was woken before', 'T2 wake T1\nT1 lock Z on\nT1 unlock Z on\nT1 unlock spinlock:R off'],
    [
      'had not got it when another one had',
      'T1 lock Z on\nT1 unlock Z on\nT2 lock spinlock:R off\nT2 unlock spinlock:R off\nT1 unlock spinlock:R off',
    ],
  ])('does not take a lock for one held since the beginning where its task %s', (_, text) => {
    const irq = 'irq1 lock spinlock:R\nirq1 unlock spinlock:R';
    expect(told(`T1 lock Z on\nT1 unlock Z on\nT1 unlock spinlock:R off\n${irq}`)).toHaveLength(1);
    expect(told(`${text}\n${irq}`)).toEqual([]);
  });

  it('says once per cycle of classes what it presumes where calls were recorded without addresses', () => {
    const odd = 'T3 lock B\nT3 lock A\nT3 unlock B\nT3 unlock A';
    const capture = recording(`${section('T1', 'A', 'B')}\n${section('T2', 'B', 'A')}\n${odd}`);
    const byName = {
      ...capture,
      locks: capture.locks.map((lock) => ({ ...lock, address: null })),
      episodes: capture.episodes.map((episode) => ({ ...episode, basis: 'aliased' as const })),
    };
    expect(lowerCapture(capture).programs.map(({ basis, assumes }) => [basis, assumes.length])).toEqual([
      ['recorded', 0],
      ['recorded', 0],
    ]);
    const { programs } = lowerCapture(byName);
    expect(programs).toMatchObject([
      {
        basis: 'aliased',
        assumes: [expect.stringMatching(/same `[AB]`/), expect.stringMatching(/same `[AB]`/)],
      },
    ]);
    expect(lowerCapture(byName, EVERY_RING).programs).toHaveLength(2);
    const single = { ...byName, classes: byName.classes.map((c) => ({ ...c, single: true })) };
    expect(lowerCapture(single).programs.map(({ basis }) => basis)).toEqual(['recorded', 'recorded']);
  });

  it('does not rule a ring out by a gate that is one lock by its name only', () => {
    const capture = recording(`${section('T1', 'G', 'A', 'B')}\n${section('T2', 'G', 'B', 'A')}`);
    const byName = {
      ...capture,
      locks: capture.locks.map((lock) => ({ ...lock, address: null })),
      episodes: capture.episodes.map((episode) => ({ ...episode, basis: 'aliased' as const })),
    };
    expect(lowerCapture(capture).unsettled).toEqual([]);
    expect(lowerCapture(byName).unsettled).toEqual([expect.stringMatching(/unless they mean the same `G`/)]);
  });

  it('leaves it open how a recording goes on whose tasks sleep with locks', () => {
    const open = (text: string) => lowerCapture(recording(text)).unsettled;
    const wait = 'T1 lock A\nT1 sleep';
    expect(open(`${wait}\nT2 lock B\nT2 ask A\nT2 sleep`)).toEqual([
      'T1 sleeps with A when the recording ends.',
      'T2 sleeps with B, waiting for A, which T1 holds (line 4) when the recording ends.',
    ]);
    expect(open(`${wait}\nT2 wake T1`)).toEqual([]);
    expect(open(`${wait}\nT1 unlock A`)).toEqual([]);
    expect(open('T1 lock A\nT1 lock spinlock:R\nT1 sleep\nT1 unlock spinlock:R')).toHaveLength(1);
    expect(open('T1 lock spinlock:R\nT1 sleep')).toEqual([]);
    expect(open(`${wait}\n!\nT2 lock B\nT2 unlock B`)).toEqual([]);
  });

  it('takes readers for what they are', () => {
    const read = (task: string, a: string, b: string) => section(task, `rwsem:${a} read`, `rwsem:${b} read`);
    expect(told(`${read('T1', 'A', 'B')}\n${read('T2', 'B', 'A')}`)).toEqual([
      expect.stringMatching(/^refuted .*only taken for reading/),
    ]);
    expect(
      told(
        `${read('T1', 'A', 'B')}\n${read('T2', 'B', 'A')}\n${section('W1', 'rwsem:A')}\n${section('W2', 'rwsem:B')}`,
      )[0],
    ).toMatch(/^confirmed/);
  });

  it('does not let a trylock wait', () => {
    expect(told(`T1 lock A\nT1 try B\nT1 unlock B\nT1 unlock A\n${section('T2', 'B', 'A')}`)).toEqual([]);
  });

  it('finds a ring of three', () => {
    expect(
      told(`${section('T1', 'A', 'B')}\n${section('T2', 'B', 'C')}\n${section('T3', 'C', 'A')}`),
    ).toEqual([expect.stringMatching(/^confirmed A B C/)]);
  });

  it('lets a shape wait for itself only if two tasks ran it', () => {
    const both = (task: string) => `${section(task, 'A', 'B')}`;
    const twice = (task: string) => `${task} lock C\n${both(task)}\n${task} unlock C\n`;
    const odd = (task: string) =>
      `${task} lock A\n${task} lock B\n${task} unlock A\n${task} lock A\n${task} unlock A\n${task} unlock B`;
    expect(told(odd('T1'))).toEqual([]);
    expect(told(`${odd('T1')}\n${odd('T2')}`)[0]).toMatch(/^confirmed A B/);
    expect(told(`${twice('T1')}\n${twice('T2')}`)).toEqual([]);
  });

  it('concludes nothing across a loss', () => {
    expect(told(`${section('T1', 'A', 'B')}\n!\n${section('T2', 'B', 'A')}`)).toEqual([]);
  });

  it('keeps a section that is repeated once', () => {
    const loop = Array.from({ length: 1000 }, () => section('T1', 'B', 'C')).join('\n');
    const capture = recording(`T1 lock A\n${loop}\nT1 unlock A\n${section('T2', 'C', 'A')}`);
    const { programs } = lowerCapture(capture);
    expect(programs).toHaveLength(1);
    expect(programs[0]!.program.tasks.map(({ body }) => body.length).sort()).toEqual([4, 4]);
  });
});

describe('order that must hold', () => {
  const ab = section('T1', 'A', 'B');
  const ba = section('T2', 'B', 'A');

  it('a task that was woken by another comes after what that one did', () => {
    expect(told(`T2 sleep\n${ab}\nT1 wake T2\n${ba}`)).toEqual([
      expect.stringMatching(/^refuted .*T2 starts after T1 has ended: signalled by T1 \(woken, line \d+\)/),
    ]);
  });

  it('not if a timer woke it, or the wake only ended a wait for a lock', () => {
    expect(told(`T2 sleep\n${ab}\nsoft1 wake T2\n${ba}`)[0]).toMatch(/^confirmed/);
    expect(told(`T2 sleep\n${ab}\nidle0 wake T2\n${ba}`)[0]).toMatch(/^confirmed/);
    expect(
      told(`${'T1 lock A\nT1 lock B\nT2 ask B\nT2 sleep\nT1 unlock B\nT1 wake T2\nT2 got B\nT1 unlock A'}
T2 lock A\nT2 unlock A\nT2 unlock B`)[0],
    ).toMatch(/^confirmed/);
  });

  it('a child comes after what its parent did before the fork', () => {
    expect(told(`${ab}\nT1 fork T2\n${ba}`)[0]).toMatch(/^refuted .*T2 starts after T1 has ended/);
    expect(told(`T1 fork T2\n${ab}\n${ba}`)[0]).toMatch(/^confirmed/);
  });

  it('a parent that slept while its child ended, and was woken right after, has waited for it', () => {
    const story = (wake: string) =>
      `P wake kthreadd\nkthreadd fork T1\nkthreadd sleep\nP sleep\n${ab.replace('unlock B', 'unlock B +40')}\nT1 exit\n${wake}\nP wake kthreadd\nkthreadd fork T2\n${ba}`;
    expect(told(story('soft1 wake P'))[0]).toMatch(/^refuted .*T2 starts after T1 has ended/);
    expect(told(story('soft1 wake P +300'))[0]).toMatch(/^confirmed/);
    expect(told(story('T1 wake P'))[0]).toMatch(/^refuted .*T2 starts after T1 has ended/);
  });

  it('a shell that is told of a child in the background, and goes on waiting for another, orders nothing', () => {
    expect(
      told(
        `sh fork T1\nsh fork S\nsh sleep\n${ab}\nT1 exit\nT1 wake sh\nsh sleep\nS exit\nS wake sh\nsh fork T2\n${ba}`,
      )[0],
    ).toMatch(/^confirmed/);
    expect(told(`sh fork T1\nsh sleep\n${ab}\nT1 exit\nT1 wake sh\nsh fork T2\n${ba}`)[0]).toMatch(
      /^refuted .*T2 starts after T1 has ended/,
    );
  });

  it('a kernel thread that serves both orders nothing between them', () => {
    expect(
      told(
        `kdevtmpfs sleep\n${ab}\nT1 wake kdevtmpfs\nkdevtmpfs wake T1\nkdevtmpfs sleep\nT2 wake kdevtmpfs\nT2 sleep\nkdevtmpfs wake T2\n${ba}`,
      )[0],
    ).toMatch(/^confirmed/);
  });

  it('work comes after what its queuer did, and works of one worker are not ordered', () => {
    const work = (w: string, name: string, ...locks: string[]) =>
      `${w} start ${name}\n${section(w, ...locks)}\n${w} end ${name}`;
    expect(told(`${ab}\nT1 queue work1\n${work('kworker', 'work1', 'B', 'A')}`)[0]).toMatch(
      /^refuted .*work queued after it/,
    );
    expect(told(`T1 queue work1\n${ab}\n${work('kworker', 'work1', 'B', 'A')}`)[0]).toMatch(/^confirmed/);
    expect(told(`${work('kworker', 'work1', 'A', 'B')}\n${work('kworker', 'work2', 'B', 'A')}`)[0]).toMatch(
      /^confirmed/,
    );
    expect(told(`${work('kworker', 'work1', 'A', 'B')}\n${work('kworker', 'work1', 'B', 'A')}`)).toEqual([]);
  });

  it('where the context of a wake is not known, only what no timer does is believed', () => {
    const unsure = (text: string) => text.replace(/ wake (\w+)/g, ' wake $1 unsure');
    expect(told(unsure(`T2 sleep\n${ab}\nT1 wake T2\n${ba}`))[0]).toMatch(/^confirmed/);
    const queue = 'lock spinlock:Q.wait.lock\n';
    expect(
      told(
        unsure(
          `T2 ${queue}T2 unlock Q.wait.lock\nT2 sleep\n${ab}\nT1 ${queue}T1 wake T2\nT1 unlock Q.wait.lock\n${ba}`,
        ),
      )[0],
    ).toMatch(/^refuted/);
  });

  it('a probed completion orders', () => {
    expect(told(`T2 wait completion:C\n${ab}\nT1 signal completion:C\n${ba}`)[0]).toMatch(/^refuted/);
  });

  it('what a task learns inside its transaction holds from there on', () => {
    // T2 holds B while it sleeps until T1 is past both: no ring of A and B, and B is not wanted by T1 before.
    expect(told(`T2 lock C\n${ab}\nT2 sleep\nT1 wake T2\n${ba}\nT2 unlock C`)[0]).toMatch(/^refuted/);
  });
});

describe('interrupts', () => {
  const irq = 'irq1 lock spinlock:S off\nirq1 unlock S off';
  it('a lock that a handler takes, held with interrupts on', () => {
    expect(told(`T1 lock spinlock:S\nT1 unlock S\n${irq}`)[0]).toMatch(/^confirmed S/);
  });
  it('not with interrupts off, and not where the recording does not say', () => {
    expect(told(`T1 lock spinlock:S off\nT1 unlock S off\n${irq}`)).toEqual([]);
    expect(told(`T1 lock spinlock:S unsure\nT1 unlock S unsure\n${irq}`)).toEqual([]);
  });
  it('an inversion over two locks', () => {
    const open = 'T1 lock spinlock:X\nT1 unlock X';
    const both = (first: string, second: string) =>
      `T2 lock spinlock:${first} off\nT2 lock spinlock:${second} off\nT2 unlock ${second} off\nT2 unlock ${first} off`;
    expect(told(`${open}\n${both('S', 'X')}\n${irq}`)).toEqual([
      expect.stringMatching(/^confirmed S X \[irq1 T2 T1\]/),
    ]);
    expect(told(`${open}\n${both('X', 'S')}\n${irq}`)).toEqual([]);
  });
});

describe('a recording that ends in a deadlock', () => {
  it('is observed, with the schedule that led there', () => {
    const capture = recording(
      'T1 lock A\nT2 lock B\nT1 ask B\nT1 sleep\nT2 ask A\nT2 sleep\nT3 ask A\nT3 sleep',
    );
    const [first] = lowerCapture(capture).programs;
    expect(first).toMatchObject({ basis: 'observed', happened: true, observedSchedule: [0, 1, 2, 0, 1] });
    expect(canonicalProgram(first!.program)).toMatchInlineSnapshot(`
      "litmus 1 made.ftrace-0
      lock A mutex
      lock B mutex
      task T1
        lock A
        lock B
        unlock B
        unlock A
      task T2
        lock B
        lock A
        unlock A
        unlock B
      task T3
        lock A
        unlock A
      "
    `);
  });
  it('one task that waits for itself', () => {
    const capture = recording('T1 lock A\nT1 ask A\nT1 sleep');
    expect(lowerCapture(capture).programs[0]).toMatchObject({ basis: 'observed', observedSchedule: [0, 0] });
  });
  it('not one that was merely under way', () => {
    expect(lowerCapture(recording('T1 lock A\nT2 ask A\nT2 sleep')).programs).toEqual([]);
  });
});
