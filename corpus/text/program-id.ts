// Program id: what names a program - the hash of its canonical litmus text.
import { createHash } from 'node:crypto';
import type { ProgramId } from '../schema/ids.js';
import type { Program } from '../schema/program.js';
import { printLitmus } from './litmus.js';

/** The program's litmus text without schedule and expectation: equal texts, equal programs. */
export function canonicalProgram(program: Program): string {
  return printLitmus({ program, genome: null, expect: null });
}

/** sha256 of `canonicalProgram` in UTF-8, 64 lower-case hex digits. */
export function programId(program: Program): ProgramId {
  return createHash('sha256').update(canonicalProgram(program), 'utf8').digest('hex') as ProgramId;
}
