// Shrink pass: a whole task goes.
import { edited, everything } from '../edit.js';
import type { ShrinkPass } from './pass.js';

export const dropTask: ShrinkPass = {
  name: 'drop-task',
  *candidates(program) {
    if (program.tasks.length < 2) return;
    for (let t = program.tasks.length - 1; t >= 0; t--) {
      yield edited(
        program,
        everything(program).filter((k) => k.from !== t),
      );
    }
  },
};
