// Litmus parser: lines of one text to a program, its genome and its expectations, or the list of what is wrong.
import { LOCK_RULES, type LockRule } from '../schema/lock.js';
import type { Expectation, Op, Program, ProgramFlag, ProgramLock, ProgramTask } from '../schema/program.js';
import type { NamedGenome, Preemption } from '../schema/schedule.js';
import type { LitmusProblem, LitmusResult, LitmusTextResult } from './litmus.js';
import { checkProgram } from './litmus-check.js';
import { findTexts, splitComment, type TextLine } from './litmus-mail.js';
import { cleanSite, isOpWord, KIND_WORDS, parseKind, parseOp, wholeNumber } from './litmus-op.js';

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** What is known while a text is read. */
interface State {
  name: string;
  readonly locks: Draft<ProgramLock>[];
  readonly flags: ProgramFlag[];
  readonly tasks: (Draft<ProgramTask> & { body: Op[] })[];
  readonly rules: { readonly line: number; readonly name: string; readonly rules: readonly LockRule[] }[];
  order: string[] | null;
  readonly preempts: Preemption<string>[];
  expect: Expectation[] | null;
  none: boolean;
  /** Line at which a name was said, for what can be checked only at the end. */
  readonly said: { readonly line: number; readonly task: string; readonly what: string }[];
  readonly lineOfTask: Map<string, number>;
  /** Line of each declaration of a lock, a flag or a task, in the order of the text. */
  readonly declared: {
    readonly line: number;
    readonly what: 'lock' | 'flag' | 'task';
    readonly name: string;
  }[];
  readonly problems: LitmusProblem[];
}

/** Parses every litmus text found. */
export function parseTexts(text: string): LitmusTextResult[] {
  return findTexts(text).map((lines) => ({ ...parseLines(lines), line: lines[0]?.line ?? 1 }));
}

function parseLines(lines: readonly TextLine[]): LitmusResult {
  const state: State = {
    name: '',
    locks: [],
    flags: [],
    tasks: [],
    rules: [],
    order: null,
    preempts: [],
    expect: null,
    none: false,
    said: [],
    lineOfTask: new Map(),
    declared: [],
    problems: [],
  };
  for (const line of lines) {
    const { body, comment } = splitComment(line.text);
    if (body !== '') parseLine(state, line.line, body, comment);
  }
  applyRules(state);
  checkProgram(state, (line, message) => state.problems.push({ line, message }));
  if (state.problems.length > 0) {
    return { ok: false, problems: [...state.problems].sort((a, b) => a.line - b.line) };
  }
  const program: Program = { name: state.name, locks: state.locks, flags: state.flags, tasks: state.tasks };
  return { ok: true, value: { program, genome: genomeOf(state), expect: state.expect } };
}

function genomeOf(state: State): NamedGenome | null {
  if (state.order === null && state.preempts.length === 0) return null;
  return { order: state.order ?? [], preempts: [...state.preempts].sort((a, b) => a.step - b.step) };
}

function parseLine(state: State, line: number, body: string, comment: string): void {
  const words = body.split(/\s+/);
  const bad = (message: string): void => {
    state.problems.push({ line, message });
  };
  const first = words[0]!;
  switch (first) {
    case 'litmus':
      if (words[1] !== '1') bad(`litmus version ${words[1]} is not known; version 1 is`);
      state.name = words.slice(2).join(' ');
      if (state.name === '') bad('the program has no name: litmus 1 NAME');
      return;
    case 'flag':
      if (words.length < 2 || words.length > 3 || (words.length === 3 && words[2] !== 'set')) {
        bad('a flag is declared as: flag ID [set]');
      } else if (/[:!]/.test(words[1]!)) bad(`a flag's name has no ":" or "!": ${words[1]}`);
      else {
        state.flags.push({ id: words[1]!, set: words.length === 3 });
        state.declared.push({ line, what: 'flag', name: words[1]! });
      }
      return;
    case 'rules':
      parseRules(state, line, words.slice(1), bad);
      return;
    case 'task':
      parseTask(state, line, words.slice(1), bad);
      return;
    case 'order':
      state.order = [...(state.order ?? []), ...words.slice(1)];
      for (const task of words.slice(1)) state.said.push({ line, task, what: 'order' });
      return;
    case 'preempt':
      parsePreempt(state, line, words, bad);
      return;
    case 'expect':
      parseExpect(state, line, words.slice(1), bad);
      return;
    default:
      break;
  }
  // `lock` declares a lock before the first task, and takes one inside a task.
  if (first === 'lock' && state.tasks.length === 0) {
    parseLock(state, line, words.slice(1), bad);
    return;
  }
  const declared = first === 'lock' && words.length > 2 ? parseKind(words[2]!) : null;
  if (declared !== null) {
    parseLock(state, line, words.slice(1), bad);
    return;
  }
  if (!isOpWord(first)) {
    bad(`"${first}" begins no line of the litmus form`);
    return;
  }
  const task = state.tasks[state.tasks.length - 1];
  if (task === undefined) {
    bad(`"${first}" stands before the first task`);
    return;
  }
  const op = parseOp(words);
  if (typeof op === 'string') bad(op);
  else task.body.push({ ...op.action, guard: op.guard, site: cleanSite(comment), frames: [], line });
}

function parseLock(
  state: State,
  line: number,
  words: readonly string[],
  bad: (message: string) => void,
): void {
  const [id, kindWord] = words;
  if (id === undefined || kindWord === undefined) {
    bad('a lock is declared as: lock ID KIND [CLASS]');
    return;
  }
  const kind = parseKind(kindWord);
  if (kind === null) {
    bad(`"${kindWord}" is no kind of lock; the kinds: ${KIND_WORDS}`);
    return;
  }
  state.declared.push({ line, what: 'lock', name: id });
  state.locks.push({ id, ...kind, class: words.length > 2 ? words.slice(2).join(' ') : id, rules: [] });
}

function parseRules(
  state: State,
  line: number,
  words: readonly string[],
  bad: (message: string) => void,
): void {
  let at = words.length;
  while (at > 1 && isRule(words[at - 1]!)) at--;
  const rules = words.slice(at).filter(isRule);
  if (at === 0 || rules.length === 0) {
    bad('rules are given as: rules ID|CLASS RULE..., RULE one of reentrant no-reentrant fair unfair');
    return;
  }
  if (rules.some((rule) => rules.includes(opposite(rule)))) {
    bad(`the rules contradict each other: ${rules.join(' ')}`);
    return;
  }
  state.rules.push({ line, name: words.slice(0, at).join(' '), rules });
}

function isRule(word: string): word is LockRule {
  return (LOCK_RULES as readonly string[]).includes(word);
}

function opposite(rule: LockRule): LockRule {
  switch (rule) {
    case 'reentrant':
      return 'no-reentrant';
    case 'no-reentrant':
      return 'reentrant';
    case 'fair':
      return 'unfair';
    case 'unfair':
      return 'fair';
    default: {
      const never: never = rule;
      return never;
    }
  }
}

/** A lock's ID goes before a class of the same name; a later line goes before an earlier one. */
function applyRules(state: State): void {
  for (const { line, name, rules } of state.rules) {
    const byId = state.locks.filter((lock) => lock.id === name);
    const targets = byId.length > 0 ? byId : state.locks.filter((lock) => lock.class === name);
    if (targets.length === 0) state.problems.push({ line, message: `no lock or class is named ${name}` });
    for (const lock of targets) {
      const kept = lock.rules.filter((rule) => !rules.includes(opposite(rule)));
      lock.rules = [...new Set([...kept, ...rules])].sort();
    }
  }
}

function parseTask(
  state: State,
  line: number,
  words: readonly string[],
  bad: (message: string) => void,
): void {
  const name = words[0];
  if (name === undefined) {
    bad('a task is declared as: task NAME [FUNCTION] [cpu N] [irq hard|soft] [after TASK]');
    return;
  }
  state.declared.push({ line, what: 'task', name });
  const second = words[1];
  const plain = taskOptions(words.slice(1));
  const withFunction = second === undefined ? 'no function' : taskOptions(words.slice(2));
  const options = typeof plain === 'string' ? withFunction : plain;
  // What is wrong with `irq medium` is the option; that a function could be called irq helps nobody.
  const isOption = second === 'cpu' || second === 'irq' || second === 'after';
  if (typeof options === 'string') {
    bad(isOption && typeof plain === 'string' ? plain : options);
    // The task is there all the same, so that its ops are not complained of.
    state.tasks.push({ name, function: null, cpu: null, irq: null, after: null, body: [] });
    return;
  }
  const runs = typeof plain === 'string' && second !== undefined ? second.replace(/(?:\(\))+$/, '') : '';
  state.tasks.push({ name, function: runs === '' ? null : runs, ...options, body: [] });
  if (!state.lineOfTask.has(name)) state.lineOfTask.set(name, line);
  if (options.after !== null) state.said.push({ line, task: options.after, what: 'after' });
}

type TaskOptions = Pick<ProgramTask, 'cpu' | 'irq' | 'after'>;

function taskOptions(words: readonly string[]): TaskOptions | string {
  const options: Draft<TaskOptions> = { cpu: null, irq: null, after: null };
  for (let i = 0; i < words.length; i += 2) {
    const value = words[i + 1];
    switch (words[i]) {
      case 'cpu': {
        const cpu = wholeNumber(value);
        if (cpu === null || options.cpu !== null) return 'cpu needs one number';
        options.cpu = cpu;
        break;
      }
      case 'irq':
        if ((value !== 'hard' && value !== 'soft') || options.irq !== null) return 'irq is hard or soft';
        options.irq = value;
        break;
      case 'after':
        if (value === undefined || options.after !== null) return 'after needs one task';
        options.after = value;
        break;
      default:
        return `"${words[i]}" is neither cpu, irq nor after`;
    }
  }
  return options;
}

function parsePreempt(
  state: State,
  line: number,
  words: readonly string[],
  bad: (message: string) => void,
): void {
  const step = wholeNumber(words[1]);
  const task = words[2];
  const over = words[4];
  const tailOk = words.length === 3 || (words.length === 5 && words[3] === 'over');
  if (step === null || task === undefined || !tailOk) {
    bad('a preemption is given as: preempt STEP TASK [over TASK], STEP a whole number');
    return;
  }
  state.preempts.push(over === undefined ? { step, task } : { step, task, over });
  for (const name of over === undefined ? [task] : [task, over]) {
    state.said.push({ line, task: name, what: 'preempt' });
  }
}

function parseExpect(
  state: State,
  line: number,
  words: readonly string[],
  bad: (message: string) => void,
): void {
  const [kind, ...tasks] = words;
  const before = state.expect;
  if (state.none || (kind === 'none' && before !== null)) {
    bad('"expect none" stands beside another expectation');
    return;
  }
  if (kind === 'none' && tasks.length === 0) {
    state.expect = [];
    state.none = true;
    return;
  }
  if ((kind !== 'deadlock' && kind !== 'stranded' && kind !== 'violated') || tasks.length === 0) {
    bad('an expectation is: expect none, or expect deadlock|stranded|violated TASK...');
    return;
  }
  state.expect = [...(before ?? []), { kind, tasks: [...new Set(tasks)].sort() }];
  for (const task of tasks) state.said.push({ line, task, what: 'expect' });
}
