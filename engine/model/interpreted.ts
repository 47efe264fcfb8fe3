// Interpreted: a run of the interpreter asked as a machine is, for programs of more tasks than a machine has room for.
import type { Program } from '../../corpus/schema/program.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import { MAX_TASKS } from './choice.js';
import { compileOrThrow } from './compile.js';
import { abilities, judge, transition } from './interpreter.js';
import { makeWorld, type World } from './interpreter-world.js';
import { type HeldLock, Machine } from './machine.js';

/** What can be asked of a run, whoever makes it. */
export type Run = Pick<
  Machine,
  'reset' | 'act' | 'canAct' | 'finished' | 'pc' | 'isWaiting' | 'wants' | 'held' | 'holders' | 'steps'
>;

/** A machine, or the interpreter where the program has too many tasks. The program must be well formed. */
export function runOf(program: Program): Run {
  return program.tasks.length > MAX_TASKS
    ? new InterpretedRun(program)
    : new Machine(compileOrThrow(program));
}

/** Guards a world: only `act` and `reset` change it. Slow: each question is answered anew. */
export class InterpretedRun implements Run {
  private world: World;

  constructor(private readonly program: Program) {
    this.world = makeWorld(program);
  }

  reset(): void {
    this.world = makeWorld(this.program);
  }

  /** Tasks that can act, in their order. */
  able(): number[] {
    return this.finished() === null ? abilities(this.world) : [];
  }

  canAct(task: number): boolean {
    return this.able().includes(task);
  }

  act(choice: number): void {
    transition(this.world, choice);
  }

  finished(): Verdict | null {
    return judge(this.world);
  }

  get steps(): number {
    return this.world.steps;
  }

  get last(): number {
    return this.world.last ?? -1;
  }

  pc(task: number): number {
    return this.world.tasks[task]!.pc;
  }

  isWaiting(task: number): boolean {
    return this.world.tasks[task]!.waiting;
  }

  wants(task: number): number {
    const { spec, pc } = this.world.tasks[task]!;
    const op = spec.body[pc];
    return op !== undefined && 'lock' in op ? this.program.locks.findIndex(({ id }) => id === op.lock) : -1;
  }

  held(task: number): HeldLock[] {
    const { body } = this.program.tasks[task]!;
    const list = this.program.locks.flatMap(({ id }, lock) =>
      this.world
        .lock(id)
        .holds.filter((hold) => hold.task === task)
        .map(({ depth, at }): HeldLock => {
          const taker = body[at];
          return { lock, mode: taker?.do === 'lock' ? taker.mode : 'exclusive', depth, op: at };
        }),
    );
    return list.sort((a, b) => a.op - b.op);
  }

  holders(lock: number): number[] {
    const { id } = this.program.locks[lock]!;
    return this.world
      .lock(id)
      .holds.map(({ task }) => task)
      .sort((a, b) => a - b);
  }
}
