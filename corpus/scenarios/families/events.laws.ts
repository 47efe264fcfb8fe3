// Families of events: fork, join, after, completions, semaphores, leaked locks, strangers, grace periods and flags.
import {
  choose,
  deadlock,
  EXCLUSIVE_KINDS,
  type FamilyText,
  nested,
  stranded,
  type TaskText,
  textOf,
  violated,
} from './family.laws.js';

const AB = nested('A', 'B');
const BA = nested('B', 'A');

/** An inversion whose second half is forked, joined or started at each place of the first. */
export function orders(): FamilyText[] {
  return EXCLUSIVE_KINDS.flatMap((kind) => {
    const declared = [`lock A ${kind}`, `lock B ${kind}`];
    const make = (what: string, tasks: readonly TaskText[], ends: readonly string[]): FamilyText =>
      textOf(`order ${kind} ${what}`, declared, tasks, ends);
    const at = (place: number, op: string): string[] => [...AB.slice(0, place), op, ...AB.slice(place)];
    const places = [0, 1, 2, 3, 4];
    const pair = [deadlock('T', 'U')];
    return [
      // Forked while T may still come to stand before B with A held: up to behind the first op.
      ...places.map((p) =>
        make(
          `fork ${p}`,
          [
            ['T', at(p, 'fork U')],
            ['U', BA],
          ],
          p <= 1 ? pair : [],
        ),
      ),
      // Joined first, U is done before T begins; joined with nothing held, only the end is waited for. In between U wants what T holds.
      ...places.map((p) =>
        make(
          `join ${p}`,
          [
            ['T', at(p, 'join U')],
            ['U', BA],
          ],
          p === 0 ? [] : pair,
        ),
      ),
      make(
        'after',
        [
          ['T', AB],
          ['U after T', BA],
        ],
        [],
      ),
      make(
        'after chain',
        [
          ['T', AB],
          ['M after T', ['lock A', 'unlock A']],
          ['U after M', BA],
        ],
        [],
      ),
      make(
        'after fan',
        [
          ['M', ['lock A', 'unlock A']],
          ['T after M', AB],
          ['U after M', BA],
        ],
        pair,
      ),
      make(
        'after who hangs',
        [
          ['T', ['lock A', ...AB]],
          ['U after T', BA],
        ],
        [deadlock('T')],
      ),
      make(
        'join who hangs',
        [
          ['T', ['lock A', ...AB]],
          ['U', ['join T']],
        ],
        [deadlock('T')],
      ),
      make(
        'fork both',
        [
          ['P', ['fork T', 'fork U']],
          ['T', AB],
          ['U', BA],
        ],
        pair,
      ),
      make(
        'fork in turn',
        [
          ['P', ['fork T', 'join T', 'fork U', 'join U']],
          ['T', AB],
          ['U', BA],
        ],
        [],
      ),
      make(
        'join under lock',
        [
          ['T', ['lock A', 'join U', 'unlock A']],
          ['U', ['lock A', 'unlock A']],
        ],
        pair,
      ),
      make(
        'join under lock, queue',
        [
          ['T', ['lock A', 'fork U', 'join U', 'unlock A']],
          ['U', ['lock A', 'unlock A']],
          ['Q', ['lock A', 'unlock A']],
        ],
        pair,
      ),
    ];
  });
}

/** Waiters and signals counted, and signals that stand behind the lock that the waiter holds. */
export function completions(): FamilyText[] {
  const texts: FamilyText[] = [];
  for (let waiters = 1; waiters <= 4; waiters++) {
    const names = Array.from({ length: waiters }, (_, i) => `w${i}`);
    for (let signals = 0; signals <= 4; signals++) {
      const missing = waiters - signals;
      const tasks: TaskText[] = names.map((name) => [name, ['wait C']]);
      if (signals > 0) tasks.push(['s', new Array<string>(signals).fill('signal C')]);
      const ends = missing > 0 ? choose(names, missing).map((some) => stranded(...some)) : [];
      texts.push(textOf(`signals ${waiters} ${signals}`, ['lock C completion'], tasks, ends));
    }
    const twice: TaskText[] = names.map((name) => [name, ['wait C', 'wait C']]);
    texts.push(
      textOf(`signal-all ${waiters}`, ['lock C completion'], [...twice, ['s', ['signal-all C']]], []),
    );
  }
  for (const kind of [...EXCLUSIVE_KINDS, 'semaphore']) {
    const T: TaskText = ['T', ['lock M', 'wait C', 'unlock M']];
    const behind: TaskText = ['U', ['lock M', 'signal C', 'unlock M']];
    const queue: TaskText = ['Q', ['lock M', 'unlock M']];
    const make = (what: string, others: readonly TaskText[], ends: readonly string[]): void => {
      texts.push(
        textOf(`completion ${kind} ${what}`, [`lock M ${kind}`, 'lock C completion'], [T, ...others], ends),
      );
    };
    make('behind', [behind], [deadlock('T', 'U')]);
    make('behind, queue', [behind, queue], [deadlock('T', 'U')]);
    make('before', [['U', ['signal C', 'lock M', 'unlock M']]], []);
    make('somebody else', [behind, ['V', ['signal C']]], []);
    make('after', [['U after T', ['signal C']]], [deadlock('T', 'U')]);
    make('never', [queue], [stranded('T'), stranded('Q', 'T')]);
    make('attempt', [['U', ['lock M try', 'signal C', 'unlock M']]], [stranded('T')]);
  }
  return texts;
}

/** N units among K tasks: kept, given back, and taken two at a time. */
export function semaphores(): FamilyText[] {
  const texts: FamilyText[] = [];
  for (let tasks = 1; tasks <= 4; tasks++) {
    const names = Array.from({ length: tasks }, (_, i) => `t${i}`);
    const all = (ops: readonly string[]): TaskText[] => names.map((name) => [name, ops]);
    for (let units = 0; units <= 4; units++) {
      const declared = [`lock S semaphore:${units}`];
      const left = tasks - units;
      const ends = left > 0 ? choose(names, left).map((some) => stranded(...some)) : [];
      texts.push(textOf(`units kept ${units} ${tasks}`, declared, all(['lock S']), ends));
      if (units > 0) texts.push(textOf(`units ${units} ${tasks}`, declared, all(['lock S', 'unlock S']), []));
    }
    const two = all(['lock S', 'lock S', 'unlock S', 'unlock S']);
    const pairs = choose(names, 2).map((pair) => deadlock(...pair));
    if (tasks > 1) texts.push(textOf(`two of two ${tasks}`, ['lock S semaphore:2'], two, pairs));
    texts.push(textOf(`two of enough ${tasks}`, [`lock S semaphore:${tasks + 1}`], two, []));
  }
  return texts;
}

/** Locks that are leaked, given back by who has them not, or in another order. */
export function releases(): FamilyText[] {
  return EXCLUSIVE_KINDS.flatMap((kind) => {
    const make = (what: string, tasks: readonly TaskText[], ends: readonly string[]): FamilyText =>
      textOf(
        `release ${kind} ${what}`,
        ['A', 'B', 'C'].map((id) => `lock ${id} ${kind}`),
        tasks,
        ends,
      );
    const leak: TaskText = ['T', ['lock A']];
    const use = ['lock A', 'unlock A'];
    const handed = ['lock A', 'lock B', 'unlock A', 'lock C', 'unlock B', 'unlock C'];
    return [
      make('leaked', [leak, ['U', use]], [stranded('U')]),
      make('leaked, two', [leak, ['U', use], ['V', use]], [stranded('U'), stranded('V'), stranded('U', 'V')]),
      make('leaked, attempt', [leak, ['U', ['lock A try', 'unlock A']]], []),
      make('leaked, both', [leak, ['U', ['lock A']]], [stranded('T'), stranded('U')]),
      make('leaked, join', [leak, ['U', ['join T', ...use]]], [stranded('U')]),
      make(
        'stranger',
        [
          ['T', use],
          ['U', ['unlock A']],
        ],
        [violated('U')],
      ),
      make('twice', [['T', [...use, 'unlock A']]], [violated('T')]),
      make(
        'first in, first out',
        [
          ['T', ['lock A', 'lock B', 'unlock A', 'unlock B']],
          ['U', AB],
        ],
        [],
      ),
      make(
        'hand over hand',
        ['T', 'U', 'V'].map((name): TaskText => [name, handed]),
        [],
      ),
      make(
        'taken again under the other',
        [
          ['T', ['lock A', 'lock B', 'unlock A', 'lock A', 'unlock B', 'unlock A']],
          ['U', AB],
        ],
        [deadlock('T', 'U')],
      ),
    ];
  });
}

/** Read-side sections and who waits for their end. */
export function gracePeriods(): FamilyText[] {
  return ['rcu', 'srcu'].flatMap((kind) => {
    const make = (what: string, tasks: readonly TaskText[], ends: readonly string[]): FamilyText =>
      textOf(
        `${kind} ${what}`,
        [`lock R ${kind}`, `lock Q ${kind}`, 'lock M mutex', 'lock C completion'],
        tasks,
        ends,
      );
    const updater: TaskText = ['T', ['lock M', 'sync R', 'unlock M']];
    const pair = [deadlock('T', 'U')];
    return [
      make('own', [['T', ['lock R', 'sync R', 'unlock R']]], [deadlock('T')]),
      make('own, nested', [['T', ['lock R', 'lock R', 'unlock R', 'sync R', 'unlock R']]], [deadlock('T')]),
      make('closed', [['T', ['lock R', 'unlock R', 'sync R']]], []),
      make('under lock', [updater, ['U', ['lock R', 'lock M', 'unlock M', 'unlock R']]], pair),
      make('attempt', [updater, ['U', ['lock R', 'lock M try', 'unlock M', 'unlock R']]], []),
      make('inside lock', [updater, ['U', ['lock M', 'lock R', 'unlock R', 'unlock M']]], []),
      make(
        'crossed',
        ['T', 'U'].map((name): TaskText => [name, ['lock R', 'sync R', 'unlock R']]),
        [deadlock('T'), deadlock('U')],
      ),
      make(
        'two domains',
        [
          ['T', ['lock R', 'sync Q', 'unlock R']],
          ['U', ['lock Q', 'sync R', 'unlock Q']],
        ],
        pair,
      ),
      make(
        'leaked',
        [
          ['T', ['lock R']],
          ['U', ['sync R']],
        ],
        [stranded('U')],
      ),
      make('not open', [['T', ['unlock R']]], [violated('T')]),
      make(
        'completion',
        [
          ['T', ['lock R', 'wait C', 'unlock R']],
          ['U', ['sync R', 'signal C']],
        ],
        pair,
      ),
      make(
        'join',
        [
          ['T', ['lock R', 'join U', 'unlock R']],
          ['U', ['sync R']],
        ],
        pair,
      ),
      make(
        'irq',
        [
          ['T cpu 0', ['sync R']],
          ['I cpu 0 irq hard', ['lock R', 'unlock R']],
        ],
        [],
      ),
      make(
        'irq under lock',
        [
          ['T cpu 0', ['lock M', 'unlock M', 'sync R']],
          ['U cpu 0 irq hard', nested('R', 'M')],
        ],
        pair,
      ),
    ];
  });
}

/** Requirements, windows between a check and what rests on it, and guarded locks. */
export function flags(): FamilyText[] {
  const make = (
    what: string,
    flag: string,
    tasks: readonly TaskText[],
    ends: readonly string[],
  ): FamilyText =>
    textOf(
      `flag ${what}`,
      [`flag ${flag}`, 'lock A mutex', 'lock B mutex', 'lock C completion'],
      tasks,
      ends,
    );
  const both = (ops: readonly string[]): TaskText[] => [
    ['T', ops],
    ['U', ops],
  ];
  const guarded: TaskText = ['T', ['when f: lock A', 'lock B', 'unlock B', 'when f: unlock A']];
  return [
    make('set', 'f set', [['T', ['require f']]], []),
    make('clear', 'f', [['T', ['require f']]], [violated('T')]),
    make('not', 'f set', [['T', ['require !f']]], [violated('T')]),
    make('twice', 'f', both(['lock A', 'require !f', 'set f', 'unlock A']), [violated('T'), violated('U')]),
    make('twice, looked first', 'f', both(['lock A', 'unless f: set f', 'unlock A']), []),
    make(
      'window',
      'f set',
      [
        ['T', ['lock A', 'unlock A', 'require f']],
        ['U', ['lock A', 'clear f', 'unlock A']],
      ],
      [violated('T')],
    ),
    make(
      'no window',
      'f set',
      [
        ['T', ['lock A', 'when f: require f', 'unlock A']],
        ['U', ['lock A', 'clear f', 'unlock A']],
      ],
      [],
    ),
    make(
      'after',
      'f',
      [
        ['T', ['set f']],
        ['U after T', ['require f']],
      ],
      [],
    ),
    make('guard not met', 'f', [guarded, ['U', BA]], []),
    make('guard met', 'f set', [guarded, ['U', BA]], [deadlock('T', 'U')]),
    make('guard met too late', 'f', [guarded, ['U', ['set f']]], [violated('T')]),
    make(
      'signal lost',
      'f',
      [
        ['T', ['set f', 'wait C']],
        ['U', ['when f: signal C']],
      ],
      [stranded('T')],
    ),
    make(
      'signal not lost',
      'f',
      [
        ['T', ['unless f: wait C']],
        ['U', ['set f', 'signal C']],
      ],
      [],
    ),
  ];
}

/** Rings of tasks in acquire contexts: who is younger gives way, so there is no end; one task without a context closes the ring. */
export function contexts(most: number): FamilyText[] {
  const texts: FamilyText[] = [];
  for (const policy of ['wound-wait', 'wait-die']) {
    const pair = (what: string, tasks: readonly TaskText[], ends: readonly string[]): void => {
      const declared = [`lock A ww_mutex:${policy}`, `lock B ww_mutex:${policy}`, 'lock M mutex'];
      texts.push(textOf(`contexts ${policy} ${what}`, declared, tasks, ends));
    };
    const within = (ops: readonly string[]): string[] => ['ww begin', ...ops, 'ww end'];
    for (let n = 2; n <= most; n++) {
      for (const plain of [false, true]) {
        const names = Array.from({ length: n }, (_, i) => `p${i}`);
        const tasks = names.map((name, i): TaskText => {
          const ops = nested(`l${i}`, `l${(i + 1) % n}`);
          return [name, plain && i === 0 ? ops : within(ops)];
        });
        const declared = names.map((_, i) => `lock l${i} ww_mutex:${policy}`);
        texts.push(
          textOf(`contexts ${policy} ring ${n} ${plain}`, declared, tasks, plain ? [deadlock(...names)] : []),
        );
      }
    }
    const T: TaskText = ['T', within(AB)];
    const both = [deadlock('T', 'U')];
    // A lock taken before the context stays where its holder gives way; one taken in it goes back as well.
    pair(
      'lock outside',
      [
        ['T', ['lock M', ...within(AB), 'unlock M']],
        ['U', within(['lock B', 'lock M', 'unlock M', 'unlock B'])],
      ],
      both,
    );
    pair(
      'lock inside',
      [
        ['T', within(['lock M', ...AB, 'unlock M'])],
        ['U', within(['lock B', 'lock M', 'unlock M', 'unlock B'])],
      ],
      both,
    );
    pair('own again', [['T', within(['lock A', 'lock A', 'unlock A'])]], []);
    pair(
      'own again, no context',
      [
        ['T', ['lock A', 'lock A', 'unlock A', 'unlock A']],
        ['U', within(AB)],
      ],
      [deadlock('T')],
    );
    pair('attempt', [T, ['U', within(['lock B', 'lock A try', 'unlock A', 'unlock B'])]], []);
    pair('ended too early', [['T', ['ww begin', 'lock A', 'ww end', 'unlock A']]], [violated('T')]);
    pair('begun twice', [['T', ['ww begin', ...within(AB)]]], [violated('T')]);
    pair('not begun', [['T', [...AB, 'ww end']]], [violated('T')]);
    pair(
      'one each',
      [
        ['T', within([...nested('A', 'M')])],
        ['U', within([...nested('M', 'A')])],
      ],
      both,
    );
    pair(
      'two contexts in a row',
      [
        ['T', [...within(AB), ...within(BA)]],
        ['U', [...within(BA), ...within(AB)]],
      ],
      [],
    );
  }
  return texts;
}
