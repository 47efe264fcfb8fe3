// Shrink pass: an op goes that takes no lock - a signal, wait, flag, fork, join, or a pair that switches interrupts.
import type { Op } from '../../../corpus/schema/program.js';
import { dropping, edited } from '../edit.js';
import type { ShrinkPass } from './pass.js';

/** Ops that go together with op `i`; empty if it cannot go by itself. */
function together(body: readonly Op[], i: number): number[] {
  const op = body[i];
  if (op === undefined) return [];
  switch (op.do) {
    case 'lock':
    // Without its context a task would wait where it gives way: another protocol, not a smaller program.
    case 'ww':
      return [];
    case 'unlock': {
      // Only one that gives back what this task never took: else the section goes as a whole.
      let held = 0;
      for (let j = 0; j < i; j++) {
        const other = body[j];
        if (other?.do === 'lock' && other.lock === op.lock) held++;
        else if (other?.do === 'unlock' && other.lock === op.lock && held > 0) held--;
      }
      return held > 0 ? [] : [i];
    }
    case 'irqs':
    case 'bh': {
      if (op.on) {
        const opened = body.slice(0, i).some((other) => other.do === op.do && 'on' in other && !other.on);
        return opened ? [] : [i];
      }
      const close = body.findIndex((other, j) => j > i && other.do === op.do && 'on' in other && other.on);
      return close < 0 ? [i] : [i, close];
    }
    case 'wait':
    case 'signal':
    case 'signal-all':
    case 'sync':
    case 'fork':
    case 'join':
    case 'set':
    case 'clear':
    case 'require':
      return [i];
    default: {
      const never: never = op;
      return never;
    }
  }
}

export const dropOp: ShrinkPass = {
  name: 'drop-op',
  *candidates(program) {
    for (let t = 0; t < program.tasks.length; t++) {
      const body = program.tasks[t]?.body ?? [];
      for (let i = body.length - 1; i >= 0; i--) {
        const dropped = together(body, i);
        if (dropped.length > 0) yield edited(program, dropping(program, t, new Set(dropped)));
      }
    }
  },
};
