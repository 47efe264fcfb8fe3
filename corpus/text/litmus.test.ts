// Tests of the litmus text: the contract's example, mail, what is refused, and that print and parse undo each other.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../schema/lock.js';
import type { Op, OpAction, Program, ProgramLock } from '../schema/program.js';
import { type LitmusFile, parseLitmus, parseLitmusFiles, printLitmus } from './litmus.js';
import { canonicalProgram, programId } from './program-id.js';

const EXAMPLE = `litmus 1 remove-vs-numvfs
lock A mutex pci_rescan_remove_lock
lock B mutex &dev->mutex
task remover remove_store
  lock A  # pci_stop_and_remove_bus_device_locked
  lock B  # device_release_driver_internal
  unlock B
  unlock A
task setter sriov_numvfs_store
  lock B  # sriov_numvfs_store
  lock A  # sriov_numvfs_store
  unlock A
  unlock B
order remover setter
preempt 1 setter
expect deadlock remover setter
`;

function parsed(text: string): LitmusFile {
  const result = parseLitmus(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

function problems(text: string): string[] {
  const result = parseLitmus(text);
  return result.ok ? [] : result.problems.map(({ line, message }) => `${line}: ${message}`);
}

function withoutLines(file: LitmusFile): LitmusFile {
  const tasks = file.program.tasks.map((task) => ({
    ...task,
    body: task.body.map((op) => ({ ...op, line: null, frames: [] })),
  }));
  return { ...file, program: { ...file.program, tasks } };
}

describe('litmus text', () => {
  it('reads the example of the contract', () => {
    const { program, genome, expect: expected } = parsed(EXAMPLE);
    expect(program.name).toBe('remove-vs-numvfs');
    expect(program.locks.map((lock) => lock.class)).toEqual(['pci_rescan_remove_lock', '&dev->mutex']);
    expect(program.tasks.map((task) => [task.name, task.function])).toEqual([
      ['remover', 'remove_store'],
      ['setter', 'sriov_numvfs_store'],
    ]);
    expect(program.tasks[0]?.body[1]).toEqual({
      do: 'lock',
      lock: 'B',
      mode: 'exclusive',
      attempt: false,
      guard: null,
      site: 'device_release_driver_internal',
      frames: [],
      line: 6,
    });
    expect(genome).toEqual({ order: ['remover', 'setter'], preempts: [{ step: 1, task: 'setter' }] });
    expect(expected).toEqual([{ kind: 'deadlock', tasks: ['remover', 'setter'] }]);
  });

  it('prints the example as it stands', () => {
    expect(printLitmus(parsed(EXAMPLE))).toBe(EXAMPLE);
  });

  it.each([
    ['CRLF', EXAMPLE.replaceAll('\n', '\r\n')],
    ['one quote', EXAMPLE.replace(/^/gm, '> ')],
    ['three quotes', EXAMPLE.replace(/^/gm, '> >> ')],
    ['tabs', EXAMPLE.replace(/^ {2}/gm, '\t')],
    ['blanks that do not break', EXAMPLE.replaceAll(' ', '\u00a0')],
    ['a byte order mark', `\ufeff${EXAMPLE}`],
    ['a signature', `${EXAMPLE}-- \nJ. Random\nhttp://example.org/ # no litmus\n`],
    ['a signature cut by the mail program', `${EXAMPLE}--\nJ. Random\n`],
    ['scissors', `Hi,\n\nplease run this:\n\n-- 8< --\n${EXAMPLE}-- >8 --\n\nlock the door when you go\n`],
    ['long scissors', `Hi,\n---------------->8----------------\n${EXAMPLE}------8<------ cut here\nbye\n`],
    ['git scissors, quoted', `Hi,\n-- 8< --\n${EXAMPLE}-- >8 --\nbye\n`.replace(/^/gm, '> ')],
    ['scissors that look like quoting', `Hi\n8< ----\n${EXAMPLE}>8 ----\nbye\n`],
    ['a code fence', `Hi,\n\`\`\`\n${EXAMPLE}\`\`\`\nbye\n`],
  ])('survives %s', (_what, text) => {
    expect(printLitmus(parsed(text))).toBe(EXAMPLE);
  });

  it('gives lines of the whole file', () => {
    const text = `Hi\n\n-- 8< --\nlitmus 1 x\ntask T\n  lock A\n-- >8 --\n`;
    expect(problems(text)).toEqual(['6: no lock is named A']);
  });

  it('reads several texts of one file', () => {
    const texts = parseLitmusFiles(`${EXAMPLE}\nlitmus 1 second\ntask T\n  fork X\n`);
    expect(texts.map((t) => [t.line, t.ok])).toEqual([
      [1, true],
      [18, false],
    ]);
    expect(parseLitmusFiles('nothing here')).toEqual([]);
    expect(parseLitmus('nothing here').ok).toBe(false);
  });

  it('keeps classes as the kernel prints them', () => {
    const text = `litmus 1 c
lock A mutex (work_completion)(&x->work)
lock K rwsem kn->active#4
lock S semaphore:3 &s->lock#2/1 # a comment
rules (work_completion)(&x->work) reentrant
rules K unfair
task T f()
  lock K read  # store()
`;
    const { program } = parsed(text);
    expect(program.locks.map((lock) => [lock.class, lock.units, lock.rules])).toEqual([
      ['(work_completion)(&x->work)', 1, ['reentrant']],
      ['kn->active#4', 1, ['unfair']],
      ['&s->lock#2/1', 3, []],
    ]);
    expect(program.tasks[0]?.function).toBe('f');
    expect(program.tasks[0]?.body[0]?.site).toBe('store');
    expect(withoutLines(parsed(printLitmus(parsed(text))))).toEqual(withoutLines(parsed(text)));
  });

  it('prints a site with line ends in one line', () => {
    const file = parsed('litmus 1 x\nlock A mutex\ntask T\n  lock A # f\n  unlock A\n');
    const task = file.program.tasks[0]!;
    const body = [
      { ...task.body[0]!, site: '\r\u000b 12\n13' },
      { ...task.body[1]!, site: ' \r' },
    ];
    const text = printLitmus({ ...file, program: { ...file.program, tasks: [{ ...task, body }] } });
    expect(parsed(text).program.tasks[0]?.body.map(({ site }) => site)).toEqual(['12 13', null]);
  });

  it('prints a function with blanks as one word', () => {
    const file = parsed('litmus 1 x\nlock A mutex\ntask T f\n  lock A\n  unlock A\n');
    const task = { ...file.program.tasks[0]!, function: 'sPID: 12 # etter' };
    const text = printLitmus({ ...file, program: { ...file.program, tasks: [task] } });
    expect(text).toContain('task T sPID:_12_etter\n');
    expect(parsed(text).program.tasks[0]?.function).toBe('sPID:_12_etter');
  });

  it('lets a later rule go before an earlier one, and an ID before a class', () => {
    const text = 'litmus 1 r\nlock A mutex B\nlock B mutex B\nrules B reentrant\ntask T\n  lock A\n';
    expect(parsed(text).program.locks.map((lock) => lock.rules)).toEqual([[], ['reentrant']]);
    const two = 'litmus 1 r\nlock A mutex\nrules A reentrant\nrules A no-reentrant fair\ntask T\n  lock A\n';
    expect(parsed(two).program.locks[0]?.rules).toEqual(['fair', 'no-reentrant']);
  });

  it('reads and prints acquire contexts', () => {
    const body = ['  ww begin', '  lock A', '  unlock A', '  ww end'].join('\n');
    const text = `litmus 1 contexts\nlock A ww_mutex:wait-die reservation_ww_class_mutex\ntask T\n${body}\nexpect none\n`;
    const file = parsed(text);
    expect(file.program.locks).toEqual([
      { id: 'A', kind: 'ww_mutex', units: 1, class: 'reservation_ww_class_mutex', rules: [], ww: 'wait-die' },
    ]);
    expect(printLitmus(file)).toBe(text);
    expect(problems('litmus 1 x\nlock A ww_mutex:x\ntask T\n  ww\n  ww off\n')).toHaveLength(3);
  });

  it('wraps a long order and keeps to 75 columns', () => {
    const tasks = Array.from({ length: 20 }, (_, i) => `kworker/u${i}:${i}`);
    const text = `litmus 1 wide\n${tasks.map((t) => `task ${t}\n`).join('')}order ${tasks.join(' ')}\n`;
    const printed = printLitmus(parsed(text));
    expect(Math.max(...printed.split('\n').map((line) => line.length))).toBeLessThanOrEqual(75);
    expect(parsed(printed).genome?.order).toEqual(tasks);
  });

  it.each([
    ['lock A mutex\nlock A mutex\ntask T\n  lock A', '3: two locks are named A'],
    ['task T\ntask T', '3: two tasks are named T'],
    ['flag F\nflag F\ntask T', '3: two flags are named F'],
    ['lock A mutex\ntask T\n  lock A read', '4: read needs an rwlock or rwsem; A is a mutex'],
    ['lock A mutex\ntask T\n  unlock A try', '4: "unlock" needs one name: unlock A try'],
    ['lock A rwsem\ntask T\n  lock A try read', '4: a lock is taken as: lock ID [read|recursive-read] [try]'],
    ['lock C completion\ntask T\n  lock C', '4: C is a completion: wait for it or signal it'],
    ['lock A mutex\ntask T\n  wait A', '4: wait needs a completion; A is a mutex'],
    ['lock A mutex\ntask T\n  sync A', '4: sync needs rcu or srcu; A is a mutex'],
    [
      'lock A futex\ntask T',
      '2: "futex" is no kind of lock; the kinds: mutex rtmutex spinlock rwlock rwsem semaphore[:N] ww_mutex[:wound-wait|:wait-die] completion rcu srcu',
    ],
    ['task T\n  when F: set F', '3: no flag is named F'],
    ['flag F\ntask T\n  when F set F', '4: a guard is written as: when FLAG: OP'],
    ['task T\norder T U', '3: order names U, which is no task'],
    [
      'task T\npreempt x T',
      '3: a preemption is given as: preempt STEP TASK [over TASK], STEP a whole number',
    ],
    ['task T\npreempt 1 U', '3: preempt names U, which is no task'],
    ['task T after T', '2: T would start after its own end'],
    ['task T after U\ntask U after T', '2: T would start after its own end'],
    ['task T after U', '2: after names U, which is no task'],
    ['task T irq maybe', '2: irq is hard or soft'],
    ['task T\n  join U', '3: no task is named U'],
    ['lock A mutex\nrules A fair unfair\ntask T', '3: the rules contradict each other: fair unfair'],
    ['rules X fair\ntask T', '2: no lock or class is named X'],
    ['task T\nexpect none\nexpect deadlock T', '4: "expect none" stands beside another expectation'],
    [
      'task T\nexpect hang T',
      '3: an expectation is: expect none, or expect deadlock|stranded|violated TASK...',
    ],
    ['task T\ndo something', '3: "do" begins no line of the litmus form'],
    ['  lock A', '2: a lock is declared as: lock ID KIND [CLASS]'],
    ['unlock A', '2: "unlock" stands before the first task'],
    ['', '1: there is no task'],
  ])('refuses %j', (body, first) => {
    expect(problems(`litmus 1 bad\n${body}\n`)).toContain(first);
  });

  it('refuses other versions and nameless programs', () => {
    expect(problems('litmus 2 x\ntask T\n')).toEqual(['1: litmus version 2 is not known; version 1 is']);
    expect(problems('litmus 1\ntask T\n')).toEqual(['1: the program has no name: litmus 1 NAME']);
  });

  it('names a program by its text, not by its schedule', () => {
    const file = parsed(EXAMPLE);
    const bare = parsed(EXAMPLE.replace(/^(order|preempt|expect).*\n/gm, ''));
    expect(programId(bare.program)).toBe(programId(file.program));
    expect(programId(file.program)).toMatch(/^[0-9a-f]{64}$/);
    expect(canonicalProgram(file.program)).toBe(printLitmus(bare));
    const other = parsed(EXAMPLE.replace('B mutex', 'B rtmutex'));
    expect(programId(other.program)).not.toBe(programId(file.program));
  });
});

const site = fc.constantFrom(null, 'sriov_numvfs_store', 'x', '__mutex_lock.constprop.0', 'a b #c');
const guard = fc.option(fc.record({ flag: fc.constantFrom('F', 'G'), when: fc.boolean() }), { nil: null });
const TASKS = ['T', 'kworker/0:1', 'sh-2+x', 'cpu'];

function actionFor(lock: ProgramLock): fc.Arbitrary<OpAction> {
  const other = fc.oneof(
    fc.constantFrom('fork' as const, 'join' as const).map((word): OpAction => ({ do: word, task: 'T' })),
    fc.constantFrom('set' as const, 'clear' as const).map((word): OpAction => ({ do: word, flag: 'F' })),
    fc.boolean().map((value): OpAction => ({ do: 'require', flag: 'G', value })),
    fc.boolean().map((on): OpAction => ({ do: 'irqs', on })),
    fc.boolean().map((on): OpAction => ({ do: 'bh', on })),
  );
  if (lock.kind === 'completion') {
    const words = fc.constantFrom('wait' as const, 'signal' as const, 'signal-all' as const);
    return fc.oneof(
      other,
      words.map((word): OpAction => ({ do: word, lock: lock.id })),
    );
  }
  const modes =
    lock.kind === 'rwsem' || lock.kind === 'rwlock'
      ? (['exclusive', 'read', 'recursive-read'] as const)
      : (['exclusive'] as const);
  return fc.oneof(
    other,
    fc
      .record({ mode: fc.constantFrom(...modes), attempt: fc.boolean() })
      .map((how): OpAction => ({ do: 'lock', lock: lock.id, ...how })),
    fc.constant<OpAction>({ do: 'unlock', lock: lock.id }),
    ...(lock.kind === 'rcu' || lock.kind === 'srcu'
      ? [fc.constant<OpAction>({ do: 'sync', lock: lock.id })]
      : []),
  );
}

const anyLock = (id: string): fc.Arbitrary<ProgramLock> =>
  fc
    .record({
      kind: fc.constantFrom(...LOCK_KINDS),
      class: fc.constantFrom(
        id,
        '&dev->mutex',
        'kn->active#4',
        '(work_completion)(&x->work)',
        'a b',
        'mutex',
      ),
      units: fc.integer({ min: 0, max: 4 }),
      rules: fc.uniqueArray(fc.constantFrom('reentrant' as const, 'fair' as const)),
    })
    .map((lock) => ({
      ...lock,
      id,
      units: lock.kind === 'semaphore' ? lock.units : 1,
      rules: [...lock.rules].sort(),
    }));

const anyProgram: fc.Arbitrary<Program> = fc.tuple(anyLock('A'), anyLock('&x->b')).chain((locks) =>
  fc.record({
    name: fc.constantFrom('p', 'remove-vs-numvfs', 'two words'),
    locks: fc.constant(locks),
    flags: fc.constant([
      { id: 'F', set: false },
      { id: 'G', set: true },
    ]),
    tasks: fc.tuple(
      ...TASKS.map((name, i) =>
        fc.record({
          name: fc.constant(name),
          function: fc.constantFrom(null, 'remove_store', 'cpu', 'irq'),
          cpu: fc.constantFrom(null, 0, 7),
          irq: fc.constantFrom(null, 'hard' as const, 'soft' as const),
          after: fc.constantFrom(null, ...TASKS.slice(0, i)),
          body: fc.array(
            fc
              .oneof(...locks.map(actionFor))
              .chain((action) =>
                fc
                  .record({ guard, site })
                  .map((rest): Op => ({ ...action, ...rest, frames: [], line: null })),
              ),
            { maxLength: 6 },
          ),
        }),
      ),
    ),
  }),
);

const anyTask = fc.constantFrom(...TASKS);
const anyFile: fc.Arbitrary<LitmusFile> = fc.record({
  program: anyProgram,
  genome: fc.option(
    fc.record({
      order: fc.uniqueArray(anyTask),
      preempts: fc
        .array(fc.tuple(fc.nat(20), anyTask, fc.option(anyTask, { nil: undefined })))
        .map((list) =>
          list
            .map(([step, task, over]) => (over === undefined ? { step, task } : { step, task, over }))
            .sort((a, b) => a.step - b.step),
        ),
    }),
    { nil: null },
  ),
  expect: fc.option(
    fc.array(
      fc.record({
        kind: fc.constantFrom('deadlock' as const, 'stranded' as const, 'violated' as const),
        tasks: fc.uniqueArray(anyTask, { minLength: 1 }).map((names) => [...names].sort()),
      }),
      { maxLength: 3 },
    ),
    { nil: null },
  ),
});

describe('laws of litmus text', () => {
  it('parse undoes print, and print is canonical', () => {
    fc.assert(
      fc.property(anyFile, (file) => {
        const text = printLitmus(file);
        const back = parsed(text);
        expect(withoutLines(back)).toEqual(file);
        expect(printLitmus(back)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('quoting changes nothing', () => {
    fc.assert(
      fc.property(anyFile, fc.constantFrom('> ', '>> ', '> > > ', '>'), (file, quote) => {
        const text = printLitmus(file);
        expect(printLitmus(parsed(text.replace(/^(?=.)/gm, quote)))).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it('never throws, whatever it is handed', () => {
    const words = fc.constantFrom(
      'lock',
      'task',
      'A',
      'T',
      'mutex',
      'when',
      'F:',
      'order',
      'expect',
      '\n',
      '#',
      '1',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((list) => list.join(' ')),
        ),
        (text) => {
          expect(typeof parseLitmus(`litmus 1 x\n${text}`).ok).toBe('boolean');
        },
      ),
      { numRuns: 500 },
    );
  });
});
