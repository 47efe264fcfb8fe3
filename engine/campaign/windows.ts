// Windows: of a program of more tasks than can be run at once, the groups of tasks that are run together.
import type { Program } from '../../corpus/schema/program.js';
import { meetings } from '../explore/meetings.js';
import { MAX_TASKS } from '../model/choice.js';
import { type Rng, xorshift } from '../rng.js';
import { needsOf, usesOf } from '../shrink/slice.js';

/** Tasks of one window, where those who need each other leave the choice: few, so that they meet often. */
const WINDOW = 12;
const MOST_WINDOWS = 64;

/**
 * Sets of task names, each with all whom its tasks need (`neededTasks`), so that a bad end of the set is one of the program: the
 * others may as well never have started. Every task that can be is in one; beside it stand such as use what it uses. The same
 * program has the same windows. Who needs more than fit is in none.
 */
export function windowsOf(program: Program): ReadonlySet<string>[] {
  const { tasks } = program;
  const index = new Map(tasks.map(({ name }, t) => [name, t]));
  const all = needsOf(program);
  const unsteered = needsOf(program, false);
  const needs = tasks.map((_, t) => {
    const steered = all([t]);
    return steered.length <= MAX_TASKS ? steered : unsteered([t]);
  });
  const things = tasks.map((task) => {
    const { locks, flags } = usesOf([task]);
    return new Set([...locks, ...[...flags].map((flag) => `flag ${flag}`)]);
  });
  const windows = new Map<string, ReadonlySet<string>>();
  const add = (window: ReadonlySet<number>): void => {
    const list = [...window].sort((a, b) => a - b);
    windows.set(list.join(' '), new Set(list.map((t) => tasks[t]!.name)));
  };
  const covered = new Set<number>();
  for (const group of meetings(program).map((members) => members.map(({ name }) => index.get(name)!))) {
    const rng = xorshift(1);
    for (const first of group) {
      if (covered.has(first) || windows.size >= MOST_WINDOWS) continue;
      const window = grown(first, group, needs, things, rng);
      for (const t of window) covered.add(t);
      if (window.size > 0) add(window);
    }
    // The same again from any task, so that more of them meet.
    for (let more = Math.ceil(group.length / WINDOW); more > 0 && windows.size < MOST_WINDOWS; more--)
      if (group.length > WINDOW) add(grown(group[rng.below(group.length)]!, group, needs, things, rng));
  }
  return [...windows.values()].filter((window) => window.size > 0);
}

/** A window around a task: those who use what its tasks use, drawn at random, while they fit with whom they need. */
function grown(
  first: number,
  group: readonly number[],
  needs: readonly (readonly number[])[],
  things: readonly ReadonlySet<string>[],
  rng: Rng,
): Set<number> {
  if (needs[first]!.length > MAX_TASKS) return new Set();
  const window = new Set(needs[first]);
  const used = new Set([...window].flatMap((t) => [...things[t]!]));
  const rest = group.filter((t) => !window.has(t));
  while (window.size < WINDOW && rest.length > 0) {
    const near = rest.filter((t) => [...things[t]!].some((thing) => used.has(thing)));
    const from = near.length > 0 ? near : rest;
    const next = from[rng.below(from.length)]!;
    rest.splice(rest.indexOf(next), 1);
    const wider = new Set([...window, ...needs[next]!]);
    if (wider.size > MAX_TASKS) continue;
    for (const t of needs[next]!) {
      window.add(t);
      for (const thing of things[t]!) used.add(thing);
    }
  }
  return window;
}
