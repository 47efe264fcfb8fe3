// The scenario table: who does what in which order, drawn as maintainers draw it in mails.
import type { Explanation } from '../explain.js';
import type { ExplainedMove, ExplainedTask, Scene } from '../scene.js';
import { MAIL_WIDTH, shortId, wrap } from './layout.js';

const MARGIN = 2;
const COLUMN = 34;
const GAP = 3;
/** Two columns where two tasks and their names fit, numbered rows otherwise. At most 75 wide but for long names. */
export function scenarioTable(scene: Scene): string[] {
  return columns(scene) ?? rows(scene);
}

/** The table alone, with its title, as `--form scenario` prints it. */
export function scenarioForm(explanation: Explanation): string[] {
  return [...headline(explanation), '', ...scenarioTable(explanation)];
}

/** `1f93  lock inversion: A <-> B` and the line of counts, grade and basis. */
export function headline(explanation: Explanation): string[] {
  const { witness } = explanation;
  return [...wrap(explanation.title, `${shortId(witness.id)}  `, '  '), ...factsLine(explanation)];
}

/** `2 tasks, 1 preemption, 4 ops    grade: minimal    basis: recorded`. */
export function factsLine(explanation: Explanation): string[] {
  const { witness, tasks } = explanation;
  const plural = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
  const counts = [
    plural(tasks.length, 'task'),
    plural(witness.preemptions, 'preemption'),
    plural(witness.steps, 'step'),
  ].join(', ');
  return [`${counts}    grade: ${witness.grade}    basis: ${witness.basis}`];
}

/** `T1 pci-remover/125 (remove_store)`; the function only where it says more than the name. */
export function taskTitle(task: ExplainedTask): string {
  const irq = task.irq === null ? '' : ` <${task.irq === 'hard' ? 'hardirq' : 'softirq'}>`;
  const what =
    task.function === null || task.name.startsWith(task.function) || task.function.startsWith(task.name)
      ? ''
      : ` (${task.function})`;
  return `${task.label} ${task.name}${irq}${what}`;
}

/** Who a move waits for: `WAITS for T2`, `for itself`, `for ever` where nobody can help; `WAITS` if it went on later. */
export function waitTail(scene: Scene, index: number): string {
  const move = scene.moves[index] as ExplainedMove;
  const last = scene.moves.findLastIndex((m) => m.task === move.task && m.outcome === 'waits');
  const wait = index === last ? scene.waits.find((w) => w.waiter === move.task) : undefined;
  if (wait === undefined) return 'WAITS';
  if (wait.holder === null) return 'WAITS for ever';
  if (wait.holder === wait.waiter) return 'WAITS for itself';
  return `WAITS for ${scene.tasks[wait.holder]?.label}`;
}

/** The cell lines of one move: the step, and how it went if it did not just happen. */
function cell(scene: Scene, index: number, width: number): string[] {
  const move = scene.moves[index] as ExplainedMove;
  switch (move.outcome) {
    case 'done':
      return [move.text];
    case 'skipped':
      return annotated(move.text, 'not taken', width);
    case 'missed':
      return annotated(move.text, 'busy', width);
    case 'waits':
      return annotated(move.text, waitTail(scene, index), width);
    default: {
      const never: never = move.outcome;
      return never;
    }
  }
}

function annotated(text: string, note: string, width: number): string[] {
  const line = `${text} <-- ${note}`;
  return line.length <= width ? [line] : [text, `  ^-- ${note}`];
}

/** Moves of an interrupt that begins in the middle of somebody else's work are announced as lockdep does. */
function beginsInterrupt(scene: Scene, index: number): boolean {
  const move = scene.moves[index] as ExplainedMove;
  return scene.tasks[move.task]?.irq !== null && scene.moves.findIndex((m) => m.task === move.task) === index;
}

/** An edge of the cycle that is not an attempt of its waiter: it was interrupted. */
function interruptNotes(scene: Scene): { readonly waiter: number; readonly text: string }[] {
  return scene.waits
    .filter((wait) => wait.how === 'interrupt' && wait.holder !== null)
    .map((wait) => ({
      waiter: wait.waiter,
      text: `(interrupted by ${scene.tasks[wait.holder as number]?.label})`,
    }));
}

function banner(scene: Scene): string {
  return `${' '.repeat(21)}*** ${scene.ends.toUpperCase()} ***`;
}

function columns(scene: Scene): string[] | null {
  const { tasks, moves } = scene;
  if (tasks.length === 0 || tasks.length > 2) return null;
  const titles = titlesFor(tasks);
  const steps = moves.flatMap((move, i) => {
    const lines = cell(scene, i, COLUMN);
    if (beginsInterrupt(scene, i)) lines.unshift('<Interrupt>');
    return lines.map((text) => ({ task: move.task, text }));
  });
  for (const note of interruptNotes(scene)) steps.push({ task: note.waiter, text: note.text });
  const cells = [...titles.flat(), ...steps.map((step) => step.text)];
  if (cells.some((text) => text.length > COLUMN)) return null;
  const line = (left: string, right: string) =>
    `${' '.repeat(MARGIN)}${left.padEnd(COLUMN + GAP)}${right}`.trimEnd();
  const rule = '-'.repeat(COLUMN);
  const height = Math.max(...titles.map((title) => title.length));
  const head: string[] = [];
  for (let i = 0; i < height; i++) head.push(line(titles[0]?.[i] ?? '', titles[1]?.[i] ?? ''));
  return [
    ...head,
    line(rule, tasks.length === 2 ? rule : ''),
    ...steps.map((step) => (step.task === 0 ? line(step.text, '') : line('', step.text))),
    '',
    banner(scene),
  ];
}

/** Titles of one line each where all fit, of two where a function must go below its task. */
function titlesFor(tasks: readonly ExplainedTask[]): string[][] {
  const whole = tasks.map(taskTitle);
  if (whole.every((title) => title.length <= COLUMN)) return whole.map((title) => [title]);
  return tasks.map((task) => {
    const title = taskTitle(task);
    const bare = taskTitle({ ...task, function: null });
    return title === bare ? [bare] : [bare, `   (${task.function})`];
  });
}

function rows(scene: Scene): string[] {
  const { tasks, moves } = scene;
  const digits = String(moves.length).length;
  const label = Math.max(2, ...tasks.map((task) => task.label.length));
  const indent = MARGIN + digits + 1 + label + 2;
  const out = tasks.flatMap((task) => wrap(taskTitle(task), '  ', ' '.repeat(5)));
  out.push(`  ${'-'.repeat(MAIL_WIDTH - MARGIN - 2)}`);
  for (const [i, move] of moves.entries()) {
    const who = (tasks[move.task]?.label ?? '').padEnd(label);
    const lines = cell(scene, i, MAIL_WIDTH - indent);
    if (beginsInterrupt(scene, i)) out.push(`${' '.repeat(MARGIN + digits + 1)}${who}  <Interrupt>`);
    out.push(`  ${String(i + 1).padStart(digits)} ${who}  ${lines[0]}`);
    for (const more of lines.slice(1)) out.push(`${' '.repeat(indent)}${more}`);
  }
  for (const note of interruptNotes(scene)) {
    const who = (tasks[note.waiter]?.label ?? '').padEnd(label);
    out.push(`${' '.repeat(MARGIN + digits + 1)}${who}  ${note.text}`);
  }
  return [...out, '', banner(scene)];
}
