// Interpreter's world: tasks, locks, flags and CPUs as plain objects.
import type { Program, ProgramLock, ProgramTask } from '../../corpus/schema/program.js';

export interface Cpu {
  irqsOn: boolean;
  /** `bh off` nests. */
  bhOff: number;
  /** Handlers that have begun here and not ended, the innermost last. */
  handlers: number[];
}

export interface Hold {
  readonly task: number;
  readonly writing: boolean;
  depth: number;
  /** Op of the task that took it first. */
  readonly at: number;
}

export interface LockState {
  readonly spec: ProgramLock;
  holds: Hold[];
  /** Free units of a semaphore, or signals of a completion; Infinity after `signal-all`. */
  units: number;
}

export interface TaskState {
  readonly spec: ProgramTask;
  pc: number;
  began: boolean;
  waiting: boolean;
  /** Readers that a waiting `sync` waits for. */
  snapshot: Set<number> | null;
  /** The open acquire context: the op behind its `ww begin`, and when it was begun. */
  context: { readonly from: number; readonly stamp: number } | null;
  /** An older context wants what this one holds (wound-wait). */
  wounded: boolean;
  /** Has given all back and waits for the lock it stands before; then it begins again. */
  gaveWay: boolean;
  /** Null for an irq task that has not begun and names no CPU. */
  cpu: Cpu | null;
}

export class World {
  readonly tasks: TaskState[];
  readonly cpus: Cpu[] = [];
  readonly flags: Map<string, boolean>;
  readonly forked = new Set<string>();
  /** Entries of a schedule: task plus this times one more than the CPU (corpus/schema/schedule.ts). */
  readonly stride: number;
  private readonly lockStates: Map<string, LockState>;
  /** Contexts begun so far. */
  stamps = 0;
  steps = 0;
  last: number | null = null;
  violation: { task: number; op: number; reason: string } | null = null;

  constructor(readonly program: Program) {
    let stride = 32;
    while (stride < program.tasks.length) stride *= 2;
    this.stride = stride;
    this.flags = new Map(program.flags.map((flag) => [flag.id, flag.set]));
    this.lockStates = new Map(
      program.locks.map((spec) => [
        spec.id,
        { spec, holds: [], units: spec.kind === 'semaphore' ? spec.units : 0 },
      ]),
    );
    const numbered = new Map<number, Cpu>();
    const freshCpu = (): Cpu => {
      const cpu: Cpu = { irqsOn: true, bhOff: 0, handlers: [] };
      this.cpus.push(cpu);
      return cpu;
    };
    this.tasks = program.tasks.map((spec) => {
      let cpu: Cpu | null = null;
      if (spec.cpu !== null) {
        cpu = numbered.get(spec.cpu) ?? freshCpu();
        numbered.set(spec.cpu, cpu);
      } else if (spec.irq === null) cpu = freshCpu();
      return {
        spec,
        pc: 0,
        began: false,
        waiting: false,
        snapshot: null,
        context: null,
        wounded: false,
        gaveWay: false,
        cpu,
      };
    });
    if (this.cpus.length === 0) freshCpu();
  }

  lock(id: string): LockState {
    const lock = this.lockStates.get(id);
    if (lock === undefined) throw new Error(`no lock ${id} in ${this.program.name}`);
    return lock;
  }

  allLocks(): LockState[] {
    return [...this.lockStates.values()];
  }

  index(name: string): number {
    return this.tasks.findIndex((task) => task.spec.name === name);
  }

  /** Handlers that must end before the task moves: those on its CPU that interrupt what it is. */
  handlersOver(t: number): number[] {
    const { spec, began, cpu } = this.tasks[t]!;
    // A task without ops has no move that could be held up.
    if (spec.body.length === 0) return [];
    if (cpu === null || spec.irq === 'hard' || (spec.irq === 'soft' && !began)) return [];
    return cpu.handlers.filter((h) => h !== t && (spec.irq === null || this.tasks[h]!.spec.irq === 'hard'));
  }
}

export function makeWorld(program: Program): World {
  return new World(program);
}

/** A copy that moves on its own. */
export function copyWorld(world: World): World {
  const copy = new World(world.program);
  copy.cpus.forEach((cpu, i) => {
    Object.assign(cpu, world.cpus[i], { handlers: [...world.cpus[i]!.handlers] });
  });
  copy.tasks.forEach((task, t) => {
    const from = world.tasks[t]!;
    Object.assign(task, from, {
      snapshot: from.snapshot === null ? null : new Set(from.snapshot),
      cpu: from.cpu === null ? null : copy.cpus[world.cpus.indexOf(from.cpu)],
    });
  });
  for (const { id } of world.program.locks) {
    const from = world.lock(id);
    copy.lock(id).units = from.units;
    copy.lock(id).holds = from.holds.map((hold) => ({ ...hold }));
  }
  for (const [flag, set] of world.flags) copy.flags.set(flag, set);
  for (const name of world.forked) copy.forked.add(name);
  copy.stamps = world.stamps;
  copy.steps = world.steps;
  copy.last = world.last;
  copy.violation = world.violation;
  return copy;
}
