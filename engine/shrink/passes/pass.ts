// The interface of a shrink pass: ways to make a program smaller by one thing.
import type { Program } from '../../../corpus/schema/program.js';
import type { Edit } from '../edit.js';

/** One kind of thing that can go. Each candidate is lighter than the program (`weightOf`) and gives back what it takes. */
export interface ShrinkPass {
  readonly name: string;
  readonly candidates: (program: Program) => Iterable<Edit>;
}
