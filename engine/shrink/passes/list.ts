// All shrink passes on programs, those that take most first.
import { dropFlag } from './drop-flag.js';
import { dropGuard } from './drop-guard.js';
import { dropOp } from './drop-op.js';
import { dropRule } from './drop-rule.js';
import { dropSection } from './drop-section.js';
import { dropTask } from './drop-task.js';
import type { ShrinkPass } from './pass.js';

export const PASSES: readonly ShrinkPass[] = [dropTask, dropSection, dropOp, dropFlag, dropGuard, dropRule];
