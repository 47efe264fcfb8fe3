// All program mutators, in the order in which they take turns.
import { aliasInstances } from './alias-instances.js';
import type { ProgramMutator } from './program-mutator.js';
import { spliceShapes } from './splice-shapes.js';

export const PROGRAM_MUTATORS: readonly ProgramMutator[] = [spliceShapes, aliasInstances];
