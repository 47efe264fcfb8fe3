// Families of contexts: hard and soft interrupts on the same CPU, another, or any, over every kind in every pair of modes.
import {
  conflicts,
  deadlock,
  ENCOUNTERS,
  type FamilyText,
  READINGS,
  type TaskText,
  textOf,
  wordOf,
} from './family.laws.js';

const LEVELS = ['hard', 'soft'] as const;

/** True if interrupts of the level stay out while `what` is off. */
function keepsOut(what: string, level: string): boolean {
  return what === 'irqs' || (what === 'bh' && level === 'soft');
}

/** T on CPU 0 holds L; a handler wants it. Where T leaves a window while it holds L, both wait for each other. */
export function interrupted(): FamilyText[] {
  const texts: FamilyText[] = [];
  for (const way of ENCOUNTERS) {
    for (const level of LEVELS) {
      for (const cpu of [' cpu 0', ' cpu 1', '']) {
        for (const off of ['', 'irqs', 'bh']) {
          for (const covers of off === '' ? ['all'] : ['all', 'not the start', 'not the end']) {
            const take = [`lock L${way.holds}`];
            const give = ['unlock L'];
            const body =
              off === ''
                ? [...take, ...give]
                : covers === 'all'
                  ? [`${off} off`, ...take, ...give, `${off} on`]
                  : covers === 'not the start'
                    ? [...take, `${off} off`, ...give, `${off} on`]
                    : [`${off} off`, ...take, `${off} on`, ...give];
            const comes = cpu !== ' cpu 1' && !(covers === 'all' && keepsOut(off, level));
            const tasks: TaskText[] = [
              ['T cpu 0', body],
              [`I${cpu} irq ${level}`, [`lock L${way.wants}`, 'unlock L']],
            ];
            const ends = comes && conflicts(way) ? [deadlock('T', 'I')] : [];
            texts.push(
              textOf(
                `irq ${wordOf(way)} ${level}${cpu} ${off} ${covers}`,
                [`lock L ${way.kind}`],
                tasks,
                ends,
              ),
            );
          }
        }
      }
    }
  }
  return texts;
}

/** A handler that reads what the interrupted task reads while a writer waits: an rwlock lets it pass, an rwsem does not. */
export function interruptingReaders(): FamilyText[] {
  return ['rwlock', 'rwsem'].flatMap((kind) =>
    READINGS.slice(1).flatMap((holds) =>
      READINGS.slice(1).flatMap((wants) =>
        LEVELS.map((level) =>
          textOf(
            `irq reader ${kind} ${holds} ${wants} ${level}`,
            [`lock L ${kind}`],
            [
              ['T cpu 0', [`lock L${holds}`, 'unlock L']],
              [`I cpu 0 irq ${level}`, [`lock L${wants}`, 'unlock L']],
              ['W cpu 1', ['lock L', 'unlock L']],
            ],
            kind === 'rwsem' && wants === ' read' ? [deadlock('I', 'T', 'W')] : [],
          ),
        ),
      ),
    ),
  );
}

/** T takes A with interrupts on, U takes A under B, and a handler over T takes B. */
export function interruptInversions(): FamilyText[] {
  const texts: FamilyText[] = [];
  for (const way of ENCOUNTERS) {
    for (const level of LEVELS) {
      for (const [offT, offU] of ['', 'irqs', 'bh'].flatMap((t) =>
        ['', 'irqs', 'bh'].map((u) => [t, u] as const),
      )) {
        const under = (off: string, ops: readonly string[]): string[] =>
          off === '' ? [...ops] : [`${off} off`, ...ops, `${off} on`];
        const tasks: TaskText[] = [
          ['T cpu 0', under(offT, [`lock A${way.holds}`, 'unlock A'])],
          ['U cpu 1', under(offU, ['lock B', `lock A${way.wants}`, 'unlock A', 'unlock B'])],
          [`I cpu 0 irq ${level}`, ['lock B', 'unlock B']],
        ];
        const ends = conflicts(way) && !keepsOut(offT, level) ? [deadlock('I', 'T', 'U')] : [];
        const name = `irq inversion ${wordOf(way)} ${level} ${offT} ${offU}`;
        texts.push(textOf(name, [`lock A ${way.kind}`, 'lock B spinlock'], tasks, ends));
      }
    }
  }
  return texts;
}

/** Two handlers and one lock: a hard one comes over a soft one of its CPU, and nothing else comes over a handler. */
export function handlers(): FamilyText[] {
  const texts: FamilyText[] = [];
  for (const first of LEVELS) {
    for (const second of LEVELS) {
      for (const cpu of [0, 1]) {
        for (const off of ['', 'irqs', 'bh']) {
          const body =
            off === '' ? ['lock L', 'unlock L'] : [`${off} off`, 'lock L', 'unlock L', `${off} on`];
          const meets = first !== second && cpu === 0 && off !== 'irqs';
          texts.push(
            textOf(
              `handlers ${first} ${second} ${cpu} ${off}`,
              ['lock L spinlock'],
              [
                [`I cpu 0 irq ${first}`, body],
                [`J cpu ${cpu} irq ${second}`, body],
              ],
              meets ? [deadlock('I', 'J')] : [],
            ),
          );
        }
      }
    }
  }
  return texts;
}

/** N CPUs, on each a task and a handler of it, one lock: each pair of a CPU, unless the tasks mask. */
export function cpus(most: number): FamilyText[] {
  const texts: FamilyText[] = [];
  for (let n = 1; n <= most; n++) {
    for (const level of LEVELS) {
      for (const off of ['', 'irqs', 'bh']) {
        const tasks = Array.from({ length: n }, (_, i): TaskText[] => [
          [
            `t${i} cpu ${i}`,
            off === '' ? ['lock L', 'unlock L'] : [`${off} off`, 'lock L', 'unlock L', `${off} on`],
          ],
          [`i${i} cpu ${i} irq ${level}`, ['lock L', 'unlock L']],
        ]).flat();
        const pairs = Array.from({ length: n }, (_, i) => deadlock(`t${i}`, `i${i}`));
        const ends = keepsOut(off, level) ? [] : pairs;
        texts.push(textOf(`cpus ${n} ${level} ${off}`, ['lock L spinlock'], tasks, ends));
      }
    }
  }
  return texts;
}
