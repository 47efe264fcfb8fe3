// A program that somebody wrote down, in the form of a lowered one: it rests on nothing else.
import type { LoweredProgram, Program } from '../../corpus/schema/program.js';

/** Wraps a program; `change` sets what is known of it besides. */
export function asWritten(program: Program, change: Partial<LoweredProgram> = {}): LoweredProgram {
  return {
    program,
    episode: null,
    basis: 'recorded',
    happened: false,
    observedSchedule: null,
    assumes: [],
    ruledOut: [],
    bystanders: [],
    expect: null,
    genome: null,
    ...change,
  };
}
