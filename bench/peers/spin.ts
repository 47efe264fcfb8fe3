// SPIN as a peer: programs of mutexes written for it, built with gcc, and what a run of it took.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../../corpus/schema/program.js';

/** What a search took, ours or SPIN's. */
export interface SearchRun {
  readonly states: number;
  /** CPU time. */
  readonly seconds: number;
  /** Megabytes that the process took at most; NaN: not told. */
  readonly megabytes: number;
}

/** A program of mutexes as anybody would write it for SPIN: one statement an op. */
function promela(program: Program): string {
  const at = new Map(program.locks.map((lock, i) => [lock.id, i]));
  const tasks = program.tasks.map((task, t) => {
    const ops = task.body.map((op) => {
      const lock = 'lock' in op ? `l[${at.get(op.lock)}]` : '';
      return op.do === 'lock' ? `  atomic { !${lock} -> ${lock} = 1 }` : `  ${lock} = 0`;
    });
    return `active proctype T${t}() {\n${ops.join(';\n')}\n}`;
  });
  return [`bool l[${program.locks.length}];`, ...tasks, ''].join('\n');
}

/** Builds pan into `folder`; null: SPIN or gcc is missing. `hashBits`: its table has two to the power of so many slots. */
export function pan(
  folder: string,
  program: Program,
  flags: readonly string[],
  hashBits: number,
): (() => SearchRun) | null {
  const binary = join(folder, `pan${flags.join('')}`);
  try {
    writeFileSync(join(folder, 'm.pml'), promela(program));
    execFileSync('spin', ['-a', 'm.pml'], { cwd: folder, stdio: 'ignore' });
    const build = ['-O2', '-DSAFETY', '-DMEMLIM=16000', ...flags, '-o', binary, 'pan.c'];
    execFileSync('gcc', build, { cwd: folder, stdio: 'ignore' });
  } catch {
    return null;
  }
  return () => {
    // -c0: go on beyond the deadlock, as our search does. `times` tells the CPU time of the shell's children.
    const command = `${binary} -c0 -m100000 -w${hashBits}; times`;
    const { stdout } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' });
    const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
    const [, minutes, seconds, systemMinutes, systemSeconds] =
      /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(stdout)?.map(Number) ?? [];
    const time =
      60 * ((minutes ?? 0) + (systemMinutes ?? 0)) + (seconds ?? Number.NaN) + (systemSeconds ?? Number.NaN);
    return {
      states: number(/([\d.e+]+) states, stored/),
      seconds: Math.max(time, 0.005),
      megabytes: number(/([\d.]+)\s+total actual memory usage/),
    };
  };
}
