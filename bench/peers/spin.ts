// SPIN as a peer: programs written for it, built with gcc, and what a run of it took.
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

/**
 * A program as anybody would write it for SPIN, one statement an op: mutexes and semaphores (how many have them), completions (signals
 * to be had), flags, attempts and guards. Throws for what is none of these.
 */
function promela({ locks, flags, tasks }: Program): string {
  const lockAt = new Map(locks.map((lock, i) => [lock.id, { ...lock, at: `l[${i}]` }]));
  const flagAt = new Map(flags.map((flag, i) => [flag.id, `f[${i}]`]));
  const bodies = tasks.map(({ body }, t) => {
    const missed = new Set<number>();
    const ops = body.map((op, i) => {
      const lock = 'lock' in op ? lockAt.get(op.lock) : undefined;
      const at = lock?.at ?? '';
      const [free, take, give] =
        lock?.kind === 'semaphore'
          ? [`${at} < ${lock.units}`, `${at}++`, `${at}--`]
          : lock?.kind === 'completion'
            ? [`${at} > 0`, `${at}--`, `${at}++`]
            : [`!${at}`, `${at} = 1`, `${at} = 0`];
      const guard = op.guard === null ? null : `${op.guard.when ? '' : '!'}${flagAt.get(op.guard.flag)}`;
      const guarded = (needs: string | null, does: string): string => {
        const both = [guard, needs].filter((part) => part !== null).join(' && ');
        const done = both === '' ? does : `atomic { ${both} -> ${does} }`;
        return guard === null ? done : `if :: ${done} :: !(${guard}) fi`;
      };
      switch (op.do) {
        case 'lock': {
          if (!op.attempt) return guarded(free, take);
          if (guard !== null) throw new Error('an attempt behind a guard');
          const behind =
            body.findIndex((other, k) => k > i && other.do === 'unlock' && other.lock === op.lock) + 1;
          missed.add(behind);
          return `if :: atomic { ${free} -> ${take} } :: !(${free}) -> goto o${behind} fi`;
        }
        case 'wait':
          return guarded(free, take);
        case 'unlock':
        case 'signal':
          return guarded(null, give);
        case 'set':
        case 'clear':
          return guarded(null, `${flagAt.get(op.flag)} = ${op.do === 'set' ? 1 : 0}`);
        default:
          throw new Error(`${op.do} is not written for SPIN here`);
      }
    });
    const lines = ops.map((op, i) => `${missed.has(i) ? `o${i}: ` : '  '}${op}`);
    if (missed.has(ops.length)) lines.push(`o${ops.length}: skip`);
    return `active proctype T${t}() {\n${lines.join(';\n')}\n}`;
  });
  const counts = locks.some(({ kind }) => kind === 'semaphore' || kind === 'completion');
  return [
    `${counts ? 'byte' : 'bool'} l[${locks.length}];`,
    ...(flags.length > 0 ? [`bool f[${flags.length}];`] : []),
    ...bodies,
    '',
  ].join('\n');
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
