// Composition: paths side by side as one litmus text, with a header that says where it comes from.
import { parseLitmus, printLitmus } from '../../text/litmus.js';
import type { Path } from './paths.js';

/** Locks of the paths: short name, kind, class as the kernel prints it. */
const LOCKS: readonly { readonly id: string; readonly kind: string; readonly class: string }[] = [
  { id: 'R', kind: 'mutex', class: 'pci_rescan_remove_lock' },
  { id: 'D', kind: 'mutex', class: '&dev->mutex' },
  { id: 'V', kind: 'mutex', class: '&dev->mutex' },
  { id: 'U', kind: 'mutex', class: '&dev->mutex' },
  { id: 'K', kind: 'rwsem', class: 'kn->active' },
  { id: 'H', kind: 'rwsem', class: '&ctrl->reset_lock' },
  { id: 'C', kind: 'mutex', class: 'crw_handler_mutex' },
  { id: 'S', kind: 'mutex', class: '&zdev->state_lock' },
  { id: 'Sv', kind: 'mutex', class: '&zdev->state_lock' },
  { id: 'A', kind: 'mutex', class: 'zpci_add_remove_lock' },
  { id: 'Z', kind: 'spinlock', class: 'zpci_list_lock' },
  { id: 'B', kind: 'mutex', class: 'zbus_list_lock' },
];

/** An active reference that one task alone takes keeps nobody waiting: it is left out. */
const LEFT_OUT_ALONE = new Set(['K']);

export interface Scenario {
  readonly name: string;
  /** Lines of the header, without `# `. */
  readonly about: readonly string[];
  readonly paths: readonly Path[];
  /** Flags that are set at the start. */
  readonly set: readonly string[];
  /** Rules of `pci_rescan_remove_lock`. */
  readonly rules: readonly string[];
  /** `expect` lines without the word; empty: none. */
  readonly expect: readonly string[];
}

function lockOf(line: string): string | null {
  return /(?:^|: )(?:lock|unlock) (\S+)/.exec(line)?.[1] ?? null;
}

/** The text of a scenario: header, then the canonical litmus form. Throws if a path is not well written: our own bug. */
export function scenarioText(scenario: Scenario): string {
  const users = new Map<string, Set<string>>();
  for (const path of scenario.paths)
    for (const line of path.body) {
      const lock = lockOf(line);
      if (lock !== null) users.set(lock, (users.get(lock) ?? new Set()).add(path.task));
    }
  const left = (line: string): boolean => {
    const lock = lockOf(line);
    return lock !== null && LEFT_OUT_ALONE.has(lock) && users.get(lock)?.size === 1;
  };
  const bodies = scenario.paths.map((path) => ({ ...path, body: path.body.filter((line) => !left(line)) }));
  const used = new Set(bodies.flatMap((path) => path.body.map(lockOf)));
  const flags = new Set<string>();
  for (const { body } of bodies)
    for (const line of body)
      for (const found of line.matchAll(/(?:when|unless|set|clear|require) !?([A-Za-z0-9_-]+)/g))
        flags.add(found[1] ?? '');
  const lines = [
    `litmus 1 ${scenario.name}`,
    ...LOCKS.filter((lock) => used.has(lock.id)).map((lock) => `lock ${lock.id} ${lock.kind} ${lock.class}`),
    ...[...flags].sort().map((flag) => `flag ${flag}${scenario.set.includes(flag) ? ' set' : ''}`),
    ...(scenario.rules.length === 0 || !used.has('R') ? [] : [`rules R ${scenario.rules.join(' ')}`]),
    // A store that comes while its attribute is removed is refused, not queued (fs/kernfs/dir.c kernfs_get_active()).
    ...(used.has('K') ? ['rules K unfair'] : []),
    ...bodies.flatMap((path) => [
      `task ${path.task} ${path.function}`,
      ...path.body.map((line) => `  ${line}`),
    ]),
    ...(scenario.expect.length === 0 ? ['expect none'] : scenario.expect.map((end) => `expect ${end}`)),
  ];
  const parsed = parseLitmus(lines.join('\n'));
  if (!parsed.ok)
    throw new Error(`${scenario.name}: ${parsed.problems[0]?.line}: ${parsed.problems[0]?.message}`);
  const header = scenario.about.flatMap((line) => wrapped(line));
  return `${header.map((line) => `# ${line}`.trimEnd()).join('\n')}\n${printLitmus(parsed.value)}`;
}

/** Header lines of at most 75 columns with their `# `. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > 73) {
      lines.push(line);
      line = '  ';
    }
    line += line === '' || line === '  ' ? word : ` ${word}`;
  }
  return [...lines, line];
}
