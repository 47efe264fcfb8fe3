// Family: litmus texts made of templates whose ends follow from the contract's sentences, without any search.

/** One text with the ends that a complete search of it must find, as `expect` lines without the word. */
export interface FamilyText {
  readonly name: string;
  readonly text: string;
  readonly ends: readonly string[];
}

/** Task line (name, perhaps cpu, irq, after) and its ops. */
export type TaskText = readonly [string, readonly string[]];

export function deadlock(...tasks: string[]): string {
  return `deadlock ${[...tasks].sort().join(' ')}`;
}
export function stranded(...tasks: string[]): string {
  return `stranded ${[...tasks].sort().join(' ')}`;
}
export function violated(task: string): string {
  return `violated ${task}`;
}

/** `declared`: lines before the first task. */
export function textOf(
  name: string,
  declared: readonly string[],
  tasks: readonly TaskText[],
  ends: readonly string[],
): FamilyText {
  const once = [...new Set(ends)].sort();
  const word = name.replace(/[^\w.-]+/g, '-');
  const lines = [`litmus 1 ${word}`, ...declared];
  for (const [head, ops] of tasks) lines.push(`task ${head}`, ...ops.map((op) => `  ${op}`));
  lines.push(...(once.length === 0 ? ['expect none'] : once.map((end) => `expect ${end}`)), '');
  return { name: word, text: lines.join('\n'), ends: once };
}

/** A kind with how one task holds it and another one wants it, as words behind `lock ID`. */
export interface Encounter {
  readonly kind: string;
  readonly holds: '' | ' read' | ' recursive-read';
  readonly wants: '' | ' read' | ' recursive-read';
}

export const READINGS = ['', ' read', ' recursive-read'] as const;
export const EXCLUSIVE_KINDS = ['mutex', 'rtmutex', 'spinlock', 'ww_mutex', 'rwlock', 'rwsem'] as const;

/** Every kind in every pair of modes. */
export const ENCOUNTERS: readonly Encounter[] = [
  ...['mutex', 'rtmutex', 'spinlock', 'semaphore', 'semaphore:2', 'ww_mutex', 'rcu', 'srcu'].map(
    (kind): Encounter => ({ kind, holds: '', wants: '' }),
  ),
  ...['rwlock', 'rwsem'].flatMap((kind) =>
    READINGS.flatMap((holds) => READINGS.map((wants): Encounter => ({ kind, holds, wants }))),
  ),
];

/** Does who wants it wait for who holds it, if there is nobody else? */
export function conflicts({ kind, holds, wants }: Encounter): boolean {
  if (kind === 'rcu' || kind === 'srcu' || kind === 'semaphore:2') return false;
  return holds === '' || wants === '';
}

export function wordOf({ kind, holds, wants }: Encounter): string {
  return `${kind}${holds || ' write'}${wants || ' write'}`;
}

/** All ways to take `size` of a list, in the list's order. */
export function choose<T>(list: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return list.flatMap((first, i) => choose(list.slice(i + 1), size - 1).map((rest) => [first, ...rest]));
}

/** `lock A mode`, `lock B mode`, and both back in reverse order. */
export function nested(outer: string, inner: string): string[] {
  const id = (words: string): string => words.split(' ')[0] ?? '';
  return [`lock ${outer}`, `lock ${inner}`, `unlock ${id(inner)}`, `unlock ${id(outer)}`];
}
