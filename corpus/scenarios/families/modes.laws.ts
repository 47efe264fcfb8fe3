// Families of modes: inversions, gates, waiting writers, taking again, rings and attempts, for every kind in every pair of modes.
import {
  conflicts,
  deadlock,
  ENCOUNTERS,
  type FamilyText,
  nested,
  READINGS,
  type TaskText,
  textOf,
  wordOf,
} from './family.laws.js';

/** T takes A then B, U takes B then A: both wait for each other exactly if both pairs of modes conflict. */
export function inversions(): FamilyText[] {
  return ENCOUNTERS.flatMap((a) =>
    ENCOUNTERS.map((b) =>
      textOf(
        `inversion ${wordOf(a)} ${wordOf(b)}`,
        [`lock A ${a.kind}`, `lock B ${b.kind}`],
        [
          ['T', nested(`A${a.holds}`, `B${b.wants}`)],
          ['U', nested(`B${b.holds}`, `A${a.wants}`)],
        ],
        conflicts(a) && conflicts(b) ? [deadlock('T', 'U')] : [],
      ),
    ),
  );
}

/** The inversion under a lock G: none if two who hold G cannot be. */
export function gates(): FamilyText[] {
  return ENCOUNTERS.flatMap((g) =>
    ENCOUNTERS.map((a) =>
      textOf(
        `gate ${wordOf(g)} ${wordOf(a)}`,
        [`lock G ${g.kind}`, `lock A ${a.kind}`, 'lock B mutex'],
        [
          ['T', [`lock G${g.holds}`, ...nested(`A${a.holds}`, 'B'), 'unlock G']],
          ['U', [`lock G${g.wants}`, ...nested('B', `A${a.wants}`), 'unlock G']],
        ],
        conflicts(a) && !conflicts(g) ? [deadlock('T', 'U')] : [],
      ),
    ),
  );
}

/** The inversion with a third task that writes A: a fair `read` waits for it while it waits for a reader. */
export function waitingWriters(): FamilyText[] {
  const pairs = ENCOUNTERS.filter(({ kind }) => kind === 'rwlock' || kind === 'rwsem');
  const others = ENCOUNTERS.filter(
    ({ kind, wants }) => ['mutex', 'semaphore:2'].includes(kind) || wants === ' read',
  );
  return pairs.flatMap((a) =>
    ['', 'fair', 'unfair'].flatMap((rule) =>
      others.map((b) => {
        const ends: string[] = [];
        if (conflicts(b)) {
          if (conflicts(a)) ends.push(deadlock('T', 'U'));
          else if (rule !== 'unfair' && a.wants === ' read') ends.push(deadlock('T', 'U', 'W'));
        }
        return textOf(
          `writer ${wordOf(a)} ${rule} ${wordOf(b)}`,
          [`lock A ${a.kind}`, `lock B ${b.kind}`, ...(rule === '' ? [] : [`rules A ${rule}`])],
          [
            ['T', nested(`A${a.holds}`, `B${b.wants}`)],
            ['U', nested(`B${b.holds}`, `A${a.wants}`)],
            ['W', ['lock A', 'unlock A']],
          ],
          ends,
        );
      }),
    ),
  );
}

/** T takes one lock twice, alone, beside a writer of it (W), and under a lock that a bystander wants (Q). */
export function takenAgain(): FamilyText[] {
  const texts: FamilyText[] = [];
  for (const again of ENCOUNTERS) {
    const { kind, holds, wants } = again;
    const section = kind === 'rcu' || kind === 'srcu';
    for (const rule of ['', 'reentrant', 'no-reentrant']) {
      for (const writer of section ? [false] : [false, true]) {
        for (const bystander of [false, true]) {
          const ends: string[] = [];
          const counts = rule === 'reentrant' && kind !== 'semaphore';
          if (conflicts(again)) {
            // Who reads and then writes waits for itself, reentrant or not.
            if (!counts || holds !== '') ends.push(deadlock('T'));
          } else if (wants === ' read' && !counts && writer) ends.push(deadlock('T', 'W'));
          const body = [`lock L${holds}`, `lock L${wants}`, 'unlock L', 'unlock L'];
          const tasks: TaskText[] = [['T', bystander ? ['lock K', ...body, 'unlock K'] : body]];
          if (writer) tasks.push(['W', ['lock L', 'unlock L']]);
          if (bystander) tasks.push(['Q', ['lock K', 'unlock K']]);
          const declared = [`lock L ${kind}`, 'lock K mutex', ...(rule === '' ? [] : [`rules L ${rule}`])];
          const name = `again ${wordOf(again)} ${rule}${writer ? ' writer' : ''}${bystander ? ' queue' : ''}`;
          texts.push(textOf(name, declared, tasks, ends));
        }
      }
    }
  }
  return texts;
}

/** N tasks in a ring; with one of them the other way round, or with a reader's edge, there is no cycle. */
export function rings(most: number): FamilyText[] {
  const texts: FamilyText[] = [];
  for (const kind of ['mutex', 'rtmutex', 'spinlock', 'ww_mutex', 'rwlock', 'rwsem', 'semaphore']) {
    for (let n = 2; n <= most; n++) {
      const names = Array.from({ length: n }, (_, i) => `p${String(i).padStart(2, '0')}`);
      for (const variant of ['ring', 'turned', 'reader']) {
        if (variant === 'reader' && !kind.startsWith('rw')) continue;
        const tasks = names.map((name, i): TaskText => {
          const [left, right] = [`l${i}`, `l${(i + 1) % n}`];
          if (variant === 'turned' && i === n - 1) return [name, nested(right, left)];
          // Task 0 wants for reading what task 1 only reads.
          const holds = variant === 'reader' && i === 1 ? ' recursive-read' : '';
          const wants = variant === 'reader' && i === 0 ? ' read' : '';
          return [name, nested(`${left}${holds}`, `${right}${wants}`)];
        });
        const declared = names.map((_, i) => `lock l${i} ${kind}`);
        texts.push(
          textOf(
            `ring ${kind} ${n} ${variant}`,
            declared,
            tasks,
            variant === 'ring' ? [deadlock(...names)] : [],
          ),
        );
      }
    }
  }
  return texts;
}

/** The inversion with an attempt at one of the four places: an inner attempt fails and goes on, an outer one holds. */
export function attempts(): FamilyText[] {
  return ENCOUNTERS.flatMap((a) =>
    [0, 1, 2, 3].map((place) => {
      const tries = (at: number): string => (at === place ? ' try' : '');
      return textOf(
        `attempt ${wordOf(a)} ${place}`,
        [`lock A ${a.kind}`, 'lock B mutex'],
        [
          ['T', nested(`A${a.holds}${tries(0)}`, `B${tries(1)}`)],
          ['U', nested(`B${tries(2)}`, `A${a.wants}${tries(3)}`)],
        ],
        conflicts(a) && place % 2 === 0 ? [deadlock('T', 'U')] : [],
      );
    }),
  );
}

/** Readers that cross two locks: harmless without a writer, whatever they are called. */
export function crossedReaders(): FamilyText[] {
  return ['rwlock', 'rwsem'].flatMap((kind) =>
    READINGS.slice(1).flatMap((first) =>
      READINGS.slice(1).flatMap((second) =>
        ['none', 'A', 'both'].map((writers) => {
          const W: TaskText[] = [];
          if (writers !== 'none') W.push(['V', ['lock A', 'unlock A']]);
          if (writers === 'both') W.push(['W', ['lock B', 'unlock B']]);
          // Each waits for a writer that waits for the other: only if both ask behind waiting writers.
          const ends =
            writers === 'both' && first === ' read' && second === ' read'
              ? [deadlock('T', 'U', 'V', 'W')]
              : [];
          return textOf(
            `crossed ${kind} ${first} ${second} ${writers}`,
            [`lock A ${kind}`, `lock B ${kind}`],
            [['T', nested(`A${first}`, `B${first}`)], ['U', nested(`B${second}`, `A${second}`)], ...W],
            ends,
          );
        }),
      ),
    ),
  );
}
