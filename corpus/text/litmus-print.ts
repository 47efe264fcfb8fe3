// Litmus printer: the one canonical text of a program with its genome and expectations.
import type { Op, ProgramLock, ProgramTask } from '../schema/program.js';
import type { LitmusFile } from './litmus.js';

/** Widest line, so that a mail with two levels of quoting stays under 80 columns. */
const WIDTH = 75;

export function litmusText(file: LitmusFile): string {
  const { program, genome, expect } = file;
  const lines = [`litmus 1 ${program.name}`];
  for (const lock of program.locks) lines.push(lockLine(lock));
  for (const flag of program.flags) lines.push(`flag ${flag.id}${flag.set ? ' set' : ''}`);
  for (const lock of program.locks) {
    if (lock.rules.length > 0) lines.push(`rules ${lock.id} ${[...lock.rules].sort().join(' ')}`);
  }
  for (const task of program.tasks) lines.push(taskLine(task), ...bodyLines(task.body));
  if (genome !== null) {
    lines.push(...wrapped('order', genome.order));
    for (const { step, task, over } of [...genome.preempts].sort((a, b) => a.step - b.step)) {
      lines.push(`preempt ${step} ${task}${over === undefined ? '' : ` over ${over}`}`);
    }
  }
  if (expect !== null && expect.length === 0) lines.push('expect none');
  for (const { kind, tasks } of expect ?? []) lines.push(`expect ${kind} ${[...tasks].sort().join(' ')}`);
  return `${lines.join('\n')}\n`;
}

function lockLine(lock: ProgramLock): string {
  const count = lock.kind === 'semaphore' && lock.units !== 1 ? `:${lock.units}` : '';
  const kind = `${lock.kind}${count}${lock.ww === undefined ? '' : `:${lock.ww}`}`;
  // A class is one line, and a blank before `#` would make it a comment.
  const name = lock.class.replace(/\s+/g, ' ').trim().replace(/ #/g, '#').replace(/^#/, '');
  return `lock ${lock.id} ${kind}${name === lock.id || name === '' ? '' : ` ${name}`}`;
}

/** One word that the parser takes for the function: a hand-drawn head may call `foo (CPU 1)` one. */
function functionWord(name: string): string {
  const word = name.replace(/[\s#]+/g, '_').replace(/(?:\(\))+$/, '');
  // A function may be called like one of the options; with parentheses it is no option.
  return /^(?:cpu|irq|after)$/.test(word) ? `${word}()` : word;
}

function taskLine(task: ProgramTask): string {
  const words = ['task', task.name];
  const runs = task.function === null ? '' : functionWord(task.function);
  if (runs !== '') words.push(runs);
  if (task.cpu !== null) words.push('cpu', String(task.cpu));
  if (task.irq !== null) words.push('irq', task.irq);
  if (task.after !== null) words.push('after', task.after);
  return words.join(' ');
}

/** Comments stand in one column, unless a line would get too wide: there two blanks part them. */
function bodyLines(body: readonly Op[]): string[] {
  const plain = body.map((op) => `  ${opText(op)}`);
  // A site is one line, whatever bytes a recording has for a place.
  const sites = body.map(({ site }) => site?.replace(/\s+/g, ' ').trim() ?? '');
  const column = Math.max(0, ...plain.map((text, i) => (sites[i] === '' ? 0 : text.length))) + 2;
  return plain.map((text, i) => {
    const site = sites[i];
    if (site === '') return text;
    const aligned = `${text.padEnd(column)}# ${site}`;
    return aligned.length <= WIDTH ? aligned : `${text}  # ${site}`;
  });
}

/** An op without its comment, as a line of the body has it. */
export function opText(op: Op): string {
  const guard = op.guard === null ? '' : `${op.guard.when ? 'when' : 'unless'} ${op.guard.flag}: `;
  return guard + actionText(op);
}

function actionText(op: Op): string {
  switch (op.do) {
    case 'lock':
      return `lock ${op.lock}${op.mode === 'exclusive' ? '' : ` ${op.mode}`}${op.attempt ? ' try' : ''}`;
    case 'unlock':
    case 'wait':
    case 'signal':
    case 'signal-all':
    case 'sync':
      return `${op.do} ${op.lock}`;
    case 'fork':
    case 'join':
      return `${op.do} ${op.task}`;
    case 'set':
    case 'clear':
      return `${op.do} ${op.flag}`;
    case 'require':
      return `require ${op.value ? '' : '!'}${op.flag}`;
    case 'irqs':
    case 'bh':
      return `${op.do} ${op.on ? 'on' : 'off'}`;
    case 'ww':
      return `ww ${op.begin ? 'begin' : 'end'}`;
    default: {
      const never: never = op;
      return never;
    }
  }
}

/** `order` in as many lines as it needs; they add up. */
function wrapped(word: string, names: readonly string[]): string[] {
  const lines = [word];
  for (const name of names) {
    const last = lines[lines.length - 1]!;
    if (last !== word && last.length + 1 + name.length > WIDTH) lines.push(`${word} ${name}`);
    else lines[lines.length - 1] = `${last} ${name}`;
  }
  return lines;
}
