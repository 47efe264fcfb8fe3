// Shrink pass: a critical section goes - a lock op with the unlock that closes it, what is inside stays.
import { closingOp } from '../bodies.js';
import { dropping, edited } from '../edit.js';
import type { ShrinkPass } from './pass.js';

export const dropSection: ShrinkPass = {
  name: 'drop-section',
  *candidates(program) {
    for (let t = 0; t < program.tasks.length; t++) {
      const body = program.tasks[t]?.body ?? [];
      for (let i = body.length - 1; i >= 0; i--) {
        if (body[i]?.do !== 'lock') continue;
        const close = closingOp(body, i);
        yield edited(program, dropping(program, t, new Set(close === null ? [i] : [i, close])));
      }
    }
  },
};
