// Promela: a program as a model for SPIN, so that a checker that shares nothing with ours can be asked.
import type { Program } from '../../corpus/schema/program.js';
import { askingOptions, asksInContext } from './asking.js';
import { contextDeclarations } from './contexts.js';
import type { Goal } from './goal.js';
import { Names } from './names.js';
import { statementOf, takers } from './statements.js';

/**
 * The model (Promela, G. J. Holzmann, "The Model Checker SPIN", IEEE TSE 1997). One process a task, one atomic
 * statement an op.
 *
 * With `goal` null, an error that pan reports is a bad end: an invalid end state is a deadlock or a stranded task, a failed
 * assertion a violation. No error is a proof that there is none.
 * With a goal, the one assertion fails exactly if that end can be reached; run pan with -E, since other ends do not count.
 * Throws if the program is ill-formed: compile it first.
 */
export function promelaOf(program: Program, goal: Goal | null): string {
  const names = new Names(program);
  const lines = [
    `/* ${comment(program.name)}: a lock program of relock as a model for SPIN.`,
    ' *',
    ' *   spin -a model.pml && cc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m100000' +
      (goal === null ? '' : ' -E'),
    ' *',
    goal === null
      ? ' * errors: 0 means that no schedule deadlocks, strands a task or breaks a requirement.'
      : ` * "assertion violated" confirms the ${goal.kind}; "errors: 0" would refute it.`,
    ' */',
    ...declarations(names),
    ...program.tasks.flatMap((_, t) => processOf(names, t, goal)),
    ...(goal === null || goal.kind === 'violated' ? [] : monitor(goal)),
  ];
  return `${lines.join('\n')}\n`;
}

function comment(text: string): string {
  return text.replaceAll('*/', '* /');
}

function declarations(names: Names): string[] {
  const { program } = names;
  const lines: string[] = [''];
  program.locks.forEach((lock, l) => {
    lines.push(`/* ${comment(lock.id)}: ${lock.kind} ${comment(lock.class)} */`);
    if (lock.kind === 'semaphore') lines.push(`short u${l} = ${lock.units};`);
    else if (lock.kind === 'completion') lines.push(`short u${l}; bit a${l};`);
    else {
      lines.push(`byte x${l}, r${l}, w${l};`);
      for (const t of takers(names, lock.id)) lines.push(`byte h${l}_${t};`);
    }
  });
  for (const flag of program.flags) lines.push(`bit ${names.flag(flag.id)} = ${flag.set ? 1 : 0};`);
  if (
    names.interrupted ||
    program.tasks.some((t) => t.body.some((op) => op.do === 'irqs' || op.do === 'bh'))
  ) {
    for (const what of ['irqs_off', 'bh_off', 'hard_on', 'soft_on'])
      lines.push(`byte ${what}[${names.cpus}];`);
  }
  program.tasks.forEach((task, t) => {
    lines.push(`byte pc${t}; bit ended${t}, forked${t};`);
    if (task.body.some((op) => op.do === 'sync')) lines.push(`int s${t};`);
    if (names.cpu(t).startsWith('cpu')) lines.push(`byte cpu${t};`);
  });
  lines.push(...contextDeclarations(names));
  return lines;
}

function processOf(names: Names, t: number, goal: Goal | null): string[] {
  const task = names.program.tasks[t];
  if (task === undefined) throw new Error(`no task ${t}`);
  const lines = ['', `/* ${comment(task.name)} */`, `active proctype task${t}()`, '{'];
  const starts = startConditions(names, t);
  const cpu = names.cpu(t);
  const over =
    !names.interrupted || task.irq === 'hard'
      ? []
      : [`hard_on[${cpu}] == 0`, ...(task.irq === null ? [`soft_on[${cpu}] == 0`] : [])];
  const end = [`ended${t} = 1`];
  if (task.irq !== null) {
    end.push(`${task.irq}_on[${cpu}] = 0`, `irqs_off[${cpu}] = 0`);
    if (task.irq === 'soft') end.push(`bh_off[${cpu}] = 0`);
  }
  const goTo = (op: number): string[] => [`pc${t} = ${op}`, ...(op === task.body.length ? end : [])];
  if (task.body.length === 0) {
    lines.push(...blockedAtStart([all(...starts)], [[`ended${t} = 1`]]), '}');
    return lines;
  }
  if (task.irq !== null) {
    const homes = names.homes(t);
    const lets = homes.map((home) =>
      all(
        ...starts,
        `irqs_off[${home}] == 0`,
        `hard_on[${home}] == 0`,
        ...(task.irq === 'soft' ? [`bh_off[${home}] == 0`, `soft_on[${home}] == 0`] : []),
      ),
    );
    const hit = homes.map((home) => [
      ...(cpu.startsWith('cpu') ? [`${cpu} = ${home}`] : []),
      `${task.irq}_on[${home}] = 1`,
    ]);
    lines.push(...blockedAtStart(lets, hit));
  } else if (starts.length > 0) lines.push(...blockedAtStart([all(...starts)], [['skip']]));
  task.body.forEach((op, k) => {
    const does = statementOf(names, t, k);
    const flag = op.guard === null ? null : `${names.flag(op.guard.flag)} == ${op.guard.when ? 1 : 0}`;
    const ours = flag === null ? over : [...over, flag];
    const doIt = (more: readonly string[]): string =>
      [...breaks(does.must, t, k, goal), ...does.effect, ...more, ...goTo(k + 1)].join('; ');
    lines.push(`  /* ${k}: ${comment(op.do)}${op.site === null ? '' : ` # ${comment(op.site)}`} */`, '  if');
    if (op.guard !== null) {
      const not = `${names.flag(op.guard.flag)} == ${op.guard.when ? 0 : 1}`;
      lines.push(`  :: atomic { ${all(...over, not)} -> ${goTo(k + 1).join('; ')} }`);
    }
    const can = does.can === null ? [] : [does.can];
    const inContext = asksInContext(names, t, op);
    if (!inContext) lines.push(`  :: atomic { ${all(...ours, ...can)} -> ${doIt([])} }`);
    if (inContext) {
      lines.push(...askingOptions(names, t, k, { over: all(...over), ours: all(...ours), goTo }));
    } else if (does.orElse !== null && does.can !== null) {
      const away = [...goTo(does.orElse), `goto op${does.orElse}`].join('; ');
      lines.push(`  :: atomic { ${all(...ours, `!(${does.can})`)} -> ${away} }`);
    } else if (does.can !== null && (does.wait !== null || op.guard !== null)) {
      // A waiter is seen by others, or is past its guard.
      const begin = [...(does.wait?.begin ?? []), 'skip'].join('; ');
      const still = does.wait?.can ?? does.can;
      lines.push(
        `  :: atomic { ${all(...ours, `!(${does.can})`)} -> ${begin} };`,
        `     atomic { ${all(...over, still)} -> ${doIt(does.wait?.end ?? [])} }`,
      );
    }
    lines.push('  fi;', ...(isTarget(names, t, k + 1) ? [`op${k + 1}:`] : []));
  });
  lines.push('  skip', '}');
  return lines;
}

/** What must have happened before the task starts. */
function startConditions(names: Names, t: number): string[] {
  const task = names.program.tasks[t];
  if (task === undefined) return [];
  return [
    ...(task.after === null ? [] : [`ended${names.task(task.after)}`]),
    ...(names.isForked(task.name) ? [`forked${t}`] : []),
  ];
}

/** One that has not begun and never will is no error: its label starts with `end`. */
function blockedAtStart(conditions: readonly string[], effects: readonly (readonly string[])[]): string[] {
  const ways = conditions.map((when, i) => `  :: atomic { ${when} -> ${(effects[i] ?? []).join('; ')} }`);
  return ['end_not_begun:', '  if', ...ways, '  fi;'];
}

function isTarget(names: Names, t: number, op: number): boolean {
  const body = names.program.tasks[t]?.body ?? [];
  const before = body[op - 1];
  if (before?.do === 'ww' && before.begin) return true;
  return body.some((_, k) => statementOf(names, t, k).orElse === op);
}

function all(...conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : conditions.join(' && ');
}

/** A broken rule: an assertion where it is asked for; else the task stays there for ever, as the run would end. */
function breaks(must: string | null, t: number, k: number, goal: Goal | null): string[] {
  if (must === null) return [];
  if (goal === null) return [`assert(${must})`];
  const here = goal.kind === 'violated' && goal.at.some(({ task, op }) => task === t && op === k);
  return [here ? `assert(${must})` : `(${must})`];
}

/** Fails its assertion where nobody can move and the tasks of the goal stand before their ops. */
function monitor(goal: Goal): string[] {
  const there = goal.at.map(({ task, op }) => `pc${task} == ${op} && !ended${task}`);
  return [
    '',
    'active proctype monitor()',
    '{',
    'end_monitor:',
    `  atomic { timeout && ${there.join(' && ')} -> assert(false) }`,
    '}',
  ];
}
