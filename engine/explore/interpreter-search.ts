// Interpreter search: every end that the interpreter can reach, for small programs; the check on the real search.
import type { Program } from '../../corpus/schema/program.js';
import { choices, judge, transition } from '../model/interpreter.js';
import { copyWorld, makeWorld, type World } from '../model/interpreter-world.js';
import { findOf } from './find.js';

/** Sorted "kind task task..." of all finds, or null if more than `limit` states were seen. */
export function findsByInterpreter(program: Program, limit: number): string[] | null {
  const finds = new Set<string>();
  const seen = new Set<string>();
  const open: World[] = [makeWorld(program)];
  for (let world = open.pop(); world !== undefined; world = open.pop()) {
    const verdict = judge(world);
    if (verdict !== null) {
      const found = findOf(verdict);
      if (found !== null) finds.add(`${found.kind} ${found.tasks.join(' ')}`);
      continue;
    }
    for (const choice of choices(world)) {
      const next = copyWorld(world);
      transition(next, choice);
      const key = keyOf(next);
      if (seen.has(key)) continue;
      if (seen.size >= limit) return null;
      seen.add(key);
      open.push(next);
    }
  }
  return [...finds].sort();
}

/** All that a world holds, as text. */
function keyOf(world: World): string {
  return JSON.stringify([
    world.tasks.map((task) => [
      task.pc,
      task.began,
      task.waiting,
      task.snapshot === null ? null : [...task.snapshot].sort(),
      task.cpu === null ? -1 : world.cpus.indexOf(task.cpu),
      // Of stamps only who is older counts.
      task.context === null
        ? null
        : [
            task.context.from,
            world.tasks.filter((u) => (u.context?.stamp ?? 1e9) < task.context!.stamp).length,
          ],
      task.wounded,
      task.gaveWay,
    ]),
    world.cpus,
    world.program.locks.map(({ id }) => [
      world
        .lock(id)
        .holds.map((hold) => [hold.task, hold.writing, hold.depth, hold.at])
        .sort(),
      String(world.lock(id).units),
    ]),
    [...world.flags]
      .filter(([, set]) => set)
      .map(([id]) => id)
      .sort(),
    [...world.forked].sort(),
    world.violation,
  ]);
}
