// Shrink pass: a rule that overrides what a kind of lock does goes.
import { edited, everything } from '../edit.js';
import type { ShrinkPass } from './pass.js';

export const dropRule: ShrinkPass = {
  name: 'drop-rule',
  *candidates(program) {
    for (const lock of program.locks) {
      for (const rule of lock.rules) {
        yield edited(program, everything(program), {
          lock: (l) => (l.id === lock.id ? { ...l, rules: l.rules.filter((r) => r !== rule) } : l),
        });
      }
    }
  },
};
