// Applies a patch to programs: each edit to all of them, with what it found to apply to.
import type { EditOutcome, Patch, PatchEdit } from '../../corpus/schema/patch.js';
import type { LoweredProgram, Program } from '../../corpus/schema/program.js';
import { slice } from '../shrink/slice.js';
import { callBefore } from './call.js';
import { chainsOf, impliedFunction, isTakenBy } from './chains.js';
import { dropLock } from './drop.js';
import { guardFunctions, switchFlag } from './flag.js';
import type { Edited } from './names.js';
import { overrideRules } from './rule.js';
import { takeLock } from './take.js';

export interface Patched {
  /** In the order of what was given. */
  readonly programs: readonly LoweredProgram[];
  /** In the order of the patch. */
  readonly outcomes: readonly EditOutcome[];
}

function edit(program: Program, patch: Patch, one: PatchEdit): Edited {
  switch (one.do) {
    case 'rule':
      return overrideRules(program, one.class, one.rules);
    case 'take':
      return takeLock(program, one.class, one.around, one.inside);
    case 'drop':
      return dropLock(program, one.class, one.inside);
    case 'call':
      return callBefore(program, one.call, one.class, one.inside);
    case 'flag':
    case 'guard': {
      const flag = patch.flags.find(({ name }) => name === one.flag);
      if (flag === undefined) throw new Error(`the patch ${patch.name} has no flag ${one.flag}`);
      return one.do === 'flag'
        ? switchFlag(program, flag, one.value, one.inside, one.before)
        : guardFunctions(program, flag, one.value, one.functions);
    }
    default: {
      const never: never = one;
      return never;
    }
  }
}

/** The patch with the classes of locks that its flags name by a function, as these programs have them. */
function resolved(patch: Patch, programs: readonly LoweredProgram[]): Patch {
  const flags = patch.flags.map((flag) => {
    const { takenIn } = flag;
    if (takenIn === null) return flag;
    const classes = new Set<string>();
    for (const { program } of programs)
      for (const task of program.tasks) {
        const chains = chainsOf(task);
        task.body.forEach((op, i) => {
          // One without a place may be anybody's: it says nothing about what the function takes.
          if (op.do !== 'lock' || op.site === null || !isTakenBy(op, chains[i] ?? [], takenIn)) return;
          classes.add(program.locks.find(({ id }) => id === op.lock)?.class ?? '');
        });
      }
    return { ...flag, of: [...classes].join('|') };
  });
  return { ...patch, flags };
}

/** Sentences that speak of what the log does not show. */
const NOT_IN_LOG = /^(\S+ goes on to .*): not in the log/;

/** Applies all edits of a patch, one after the other, to each program. What was seen is no longer seen once it is changed. */
export function applyPatch(written: Patch, programs: readonly LoweredProgram[]): Patched {
  const patch = resolved(written, programs);
  const applied = patch.edits.map(() => new Set<string>());
  const passed = patch.edits.map(() => new Set<string>());
  const changed = programs.map((lowered): LoweredProgram => {
    const named = withImplied(lowered.program);
    let program = named;
    const beyond = new Set<string>();
    patch.edits.forEach((one, index) => {
      const done = edit(program, patch, one);
      program = done.program;
      for (const text of done.applied) {
        applied[index]?.add(text);
        const assumed = NOT_IN_LOG.exec(text)?.[1];
        if (assumed !== undefined) beyond.add(assumed);
      }
      for (const text of done.passed) passed[index]?.add(text);
    });
    if (program === named || sameProgram(program, named)) return lowered;
    const pathsChanged = program.tasks.some((task, i) => task !== named.tasks[i]);
    lowered.program.tasks.forEach((task, i) => {
      const implied = impliedFunction(task);
      if (implied !== null && program.tasks[i] !== named.tasks[i])
        beyond.add(`${task.name} runs ${implied.function}(): ${implied.why}`);
    });
    const common = { ...lowered, program: slice(program, program.tasks), expect: null, genome: null };
    // Under other rules the tasks still do what the log shows; whether it ends as there, a replay says.
    if (!pathsChanged) return common;
    return {
      ...common,
      basis: lowered.basis === 'observed' ? 'recorded' : lowered.basis,
      happened: false,
      observedSchedule: null,
      assumes: [...lowered.assumes, `the code is as the patch ${patch.name} makes it`, ...beyond],
    };
  });
  return {
    programs: changed,
    outcomes: patch.edits.map(({ text }, i) => ({
      text,
      applied: [...(applied[i] ?? [])],
      passed: [...(passed[i] ?? [])],
    })),
  };
}

/** The program with the functions that its tasks must be running. */
function withImplied(program: Program): Program {
  if (program.tasks.every((task) => impliedFunction(task) === null)) return program;
  const tasks = program.tasks.map((task) => ({
    ...task,
    function: impliedFunction(task)?.function ?? task.function,
  }));
  return { ...program, tasks };
}

function sameProgram(a: Program, b: Program): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
