// All mutators, in the order in which their yields are counted.
import { addPreemption } from './add-preemption.js';
import { dropPreemption } from './drop-preemption.js';
import { handOff } from './hand-off.js';
import { havoc } from './havoc.js';
import { interruptPlacement } from './interrupt-placement.js';
import { movePreemption } from './move-preemption.js';
import type { Mutator } from './mutator.js';
import { retargetPreemption } from './retarget-preemption.js';
import { swapOrder } from './swap-order.js';

export const MUTATORS: readonly Mutator[] = [
  addPreemption,
  movePreemption,
  dropPreemption,
  retargetPreemption,
  swapOrder,
  handOff,
  interruptPlacement,
  havoc,
];
