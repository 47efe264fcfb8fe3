// Names of a Promela model: one variable for each part of the state, by number, so that any name of a task or lock will do.
import type { Program } from '../../corpus/schema/program.js';

/** What the statements of one model refer to. */
export class Names {
  /** CPUs: those that the program numbers, and one for each task that names none. */
  readonly cpus: number;
  readonly interrupted: boolean;
  private readonly contexts: readonly boolean[];
  private readonly cpuOfTask: (number | null)[];
  private readonly locks: ReadonlyMap<string, number>;
  private readonly flags: ReadonlyMap<string, number>;
  private readonly tasks: ReadonlyMap<string, number>;

  constructor(readonly program: Program) {
    this.locks = new Map(program.locks.map((lock, i) => [lock.id, i]));
    this.flags = new Map(program.flags.map((flag, i) => [flag.id, i]));
    this.tasks = new Map(program.tasks.map((task, i) => [task.name, i]));
    this.interrupted = program.tasks.some((task) => task.irq !== null);
    this.contexts = program.tasks.map((task) => task.body.some((op) => op.do === 'ww' && op.begin));
    const numbered = new Map<number, number>();
    let next = 0;
    this.cpuOfTask = program.tasks.map((task) => {
      if (task.cpu === null) return task.irq === null ? next++ : null;
      const known = numbered.get(task.cpu) ?? next++;
      numbered.set(task.cpu, known);
      return known;
    });
    this.cpus = Math.max(1, next);
  }

  /** Whether the task opens an acquire context somewhere. */
  opensContext(t: number): boolean {
    return this.contexts[t] === true;
  }

  lock(id: string): number {
    return found(this.locks, id);
  }

  flag(id: string): string {
    return `f${found(this.flags, id)}`;
  }

  task(name: string): number {
    return found(this.tasks, name);
  }

  /** The CPU of a task: a number, or the variable that holds it. */
  cpu(t: number): string {
    return this.cpuOfTask[t] === null ? `cpu${t}` : String(this.cpuOfTask[t]);
  }

  /** CPUs that an irq task may hit. */
  homes(t: number): number[] {
    const fixed = this.cpuOfTask[t];
    if (fixed !== null && fixed !== undefined) return [fixed];
    return Array.from({ length: this.cpus }, (_, cpu) => cpu);
  }

  /** Whether somebody forks the task, so that it waits for that. */
  isForked(name: string): boolean {
    return this.program.tasks.some((task) => task.body.some((op) => op.do === 'fork' && op.task === name));
  }
}

function found(map: ReadonlyMap<string, number>, name: string): number {
  const index = map.get(name);
  if (index === undefined) throw new Error(`nothing is named ${name}`);
  return index;
}
