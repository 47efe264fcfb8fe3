// Shrink pass: a flag goes with all that sets, clears and requires it; what it guarded is done always.
import { edited, everything } from '../edit.js';
import type { ShrinkPass } from './pass.js';

export const dropFlag: ShrinkPass = {
  name: 'drop-flag',
  *candidates(program) {
    for (const flag of program.flags) {
      const kept = everything(program).map((k) => ({
        from: k.from,
        ops: k.ops.filter((i) => {
          const op = program.tasks[k.from]?.body[i];
          return op !== undefined && !('flag' in op && op.flag === flag.id);
        }),
      }));
      yield edited(program, kept, {
        op: (op) => (op.guard?.flag === flag.id ? { ...op, guard: null } : op),
      });
    }
  },
};
