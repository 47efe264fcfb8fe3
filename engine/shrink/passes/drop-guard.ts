// Shrink pass: the guard of an op goes, so that the op is done always.
import { edited, everything } from '../edit.js';
import type { ShrinkPass } from './pass.js';

export const dropGuard: ShrinkPass = {
  name: 'drop-guard',
  *candidates(program) {
    for (let t = 0; t < program.tasks.length; t++) {
      const body = program.tasks[t]?.body ?? [];
      for (let i = 0; i < body.length; i++) {
        if (body[i]?.guard === null) continue;
        yield edited(program, everything(program), {
          op: (op, task, index) => (task === t && index === i ? { ...op, guard: null } : op),
        });
      }
    }
  },
};
