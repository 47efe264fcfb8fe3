// Programs for benchmarks, of any size: tasks that keep one lock order, and philosophers who do not.
import type { Program } from '../corpus/schema/program.js';
import { parseLitmus } from '../corpus/text/litmus.js';
import { xorshift } from '../engine/rng.js';

function parsed(lines: readonly string[]): Program {
  const result = parseLitmus(`${lines.join('\n')}\n`);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value.program;
}

/** `tasks` bodies that take and release two of `locks` in rising order, again and again: no deadlock, long runs. */
export function ordered(tasks: number, locks: number, ops: number): Program {
  const lines = ['litmus 1 ordered'];
  for (let l = 0; l < locks; l++) lines.push(`lock L${l} mutex`);
  const rng = xorshift(7);
  for (let t = 0; t < tasks; t++) {
    lines.push(`task T${t}`);
    for (let done = 0; done < ops; done += 4) {
      const a = rng.below(locks - 1);
      const b = a + 1 + rng.below(locks - 1 - a);
      lines.push(`  lock L${a}`, `  lock L${b}`, `  unlock L${b}`, `  unlock L${a}`);
    }
  }
  return parsed(lines);
}

/** `n` left-handed philosophers. */
export function philosophers(n: number): Program {
  const lines = ['litmus 1 philosophers'];
  for (let i = 0; i < n; i++) lines.push(`lock F${i} mutex`);
  for (let i = 0; i < n; i++) {
    const right = (i + 1) % n;
    lines.push(`task P${i}`, `  lock F${i}`, `  lock F${right}`, `  unlock F${right}`, `  unlock F${i}`);
  }
  return parsed(lines);
}

/** `n` philosophers who only try for their second fork, and tell by a flag that somebody has eaten. */
export function trying(n: number): Program {
  const lines = ['litmus 1 trying', 'flag fed'];
  for (let i = 0; i < n; i++) lines.push(`lock F${i} mutex`);
  for (let i = 0; i < n; i++) {
    const right = `F${(i + 1) % n}`;
    lines.push(`task P${i}`, `  lock F${i}`, `  lock ${right} try`, '  set fed', `  unlock ${right}`);
    lines.push(`  unlock F${i}`, `  unless fed: lock ${right}`, `  unless fed: unlock ${right}`);
  }
  return parsed(lines);
}

/** `n` philosophers of whom a semaphore lets all but one sit down, each called by a completion of the one before. */
export function called(n: number): Program {
  const lines = ['litmus 1 called', `lock SEATS semaphore:${n - 1}`];
  for (let i = 0; i < n; i++) lines.push(`lock F${i} mutex`, `lock C${i} completion`);
  for (let i = 0; i < n; i++) {
    const right = (i + 1) % n;
    lines.push(`task P${i}`, '  lock SEATS', `  lock F${i}`, `  signal C${right}`, `  lock F${right}`);
    lines.push(`  unlock F${right}`, `  unlock F${i}`, '  unlock SEATS', `  wait C${i}`);
  }
  return parsed(lines);
}

/**
 * Text of a program that no search finishes: `tasks` bodies over `locks` mutexes and rwsems and a completion that the
 * first task gives at its end. All keep one lock order but the last two, who are at odds about one pair.
 */
export function endless(seed: number, tasks = 12, locks = 17): string {
  const rng = xorshift(seed);
  const lines = [`litmus 1 endless-${seed}`];
  for (let l = 0; l < locks; l++) lines.push(`lock L${l} ${l % 4 === 3 ? 'rwsem' : 'mutex'}`);
  lines.push('lock DONE completion');
  for (let t = 0; t < tasks; t++) {
    lines.push(`task T${t}`);
    for (let section = 0; section < 9; section++) {
      if (t > 0 && t % 5 === 0 && section === 6) lines.push('  wait DONE');
      const held = new Set<number>();
      while (held.size < 4) held.add(rng.below(locks));
      const rising = [...held].sort((a, b) => a - b);
      for (const l of rising) lines.push(`  lock L${l}${l % 4 === 3 && rng.below(2) === 0 ? ' read' : ''}`);
      for (const l of rising.reverse()) lines.push(`  unlock L${l}`);
    }
    if (t === 0) lines.push('  signal-all DONE');
    if (t >= tasks - 2) {
      const pair = t === tasks - 1 ? [1, 0] : [0, 1];
      for (const l of pair) lines.push(`  lock L${l}`);
      for (const l of pair.reverse()) lines.push(`  unlock L${l}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/**
 * `tasks` bodies of `ops` ops that nest up to `depth` of `locks`, always in rising order: no deadlock. `push`: chance in percent
 * that a task goes deeper where it can.
 */
export function nested(
  tasks: number,
  locks: number,
  ops: number,
  shape: { readonly depth: number; readonly push: number; readonly seed: number },
): Program {
  const lines = ['litmus 1 nested'];
  for (let l = 0; l < locks; l++) lines.push(`lock L${l} mutex`);
  const rng = xorshift(shape.seed);
  for (let t = 0; t < tasks; t++) {
    lines.push(`task T${t}`);
    const held: number[] = [];
    for (let done = 0; done < ops; done++) {
      const top = held[held.length - 1] ?? -1;
      const deeper = top < locks - 1 && held.length < shape.depth && ops - done > held.length + 1;
      if (held.length === 0 || (deeper && rng.below(100) < shape.push)) {
        held.push(top + 1 + rng.below(Math.min(locks - 1 - top, 4)));
        lines.push(`  lock L${held[held.length - 1]}`);
      } else lines.push(`  unlock L${held.pop()}`);
    }
  }
  return parsed(lines);
}

/** Two tasks that take two locks in opposite orders: one behind `filler` sections of its own, the other before as many. */
export function skewed(filler: number): Program {
  const lines = ['litmus 1 skewed', 'lock A mutex', 'lock B mutex', 'lock P mutex', 'lock Q mutex'];
  const sections = (lock: string): string[] =>
    Array.from({ length: filler }, () => [`  lock ${lock}`, `  unlock ${lock}`]).flat();
  lines.push('task late', ...sections('P'), '  lock A', '  lock B', '  unlock B', '  unlock A');
  lines.push('task early', '  lock B', '  lock A', '  unlock A', '  unlock B', ...sections('Q'));
  return parsed(lines);
}

/** As `ordered`, but that the second task takes one pair of locks, which the first takes in its middle, the other way round. */
export function inverted(tasks: number, locks: number, ops: number): Program {
  const program = ordered(tasks, locks, ops);
  const middle = Math.floor(ops / 8) * 4;
  const [first, second, ...others] = program.tasks;
  const pair = first?.body.slice(middle, middle + 4) ?? [];
  const [a, b] = pair;
  if (first === undefined || second === undefined || a === undefined || b === undefined)
    throw new Error('an inversion takes two tasks and four ops');
  const [c, d] = pair.slice(2);
  const reverse = [b, a, d, c].flatMap((op) => (op === undefined ? [] : [op]));
  // Given back in reverse, too.
  const body = [...second.body.slice(0, middle), ...reverse, ...second.body.slice(middle + 4)];
  return { ...program, tasks: [first, { ...second, body }, ...others] };
}
