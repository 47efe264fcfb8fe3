// Interrupts: on which CPU a task is, which handlers sit on it, and where an interrupt can begin.
import { LEVEL_HARD, LEVEL_TASK } from './compile.js';
import type { Core } from './core.js';

/** CPU (index into `compiled.cpus`) that the task runs on, or -1: an irq task that has not chosen. */
export function cpuOfTask(m: Core, task: number): number {
  const fixed = m.compiled.taskCpu[task]!;
  return fixed >= 0 ? fixed : m.stateWords[m.layout.hit + task]! - 1;
}

/** Handlers that have to end before the task moves; none for a task without ops, which has no move to make. */
export function handlersOver(m: Core, t: number): number {
  const { compiled: c, layout: at, stateWords: s } = m;
  const level = c.taskLevel[t]!;
  if (level === LEVEL_HARD || c.emptyTasks & (1 << t)) return 0;
  if (level !== LEVEL_TASK && (s[at.begun]! & (1 << t)) === 0) return 0;
  const cpu = cpuOfTask(m, t);
  const hard = s[at.hardOn + cpu]!;
  const soft = level === LEVEL_TASK ? s[at.softOn + cpu]! : 0;
  return (hard !== 0 ? 1 << (hard - 1) : 0) | (soft !== 0 ? 1 << (soft - 1) : 0);
}

/** True if an interrupt of that level can begin on the CPU now. */
export function lets(m: Core, cpu: number, level: number): boolean {
  const { layout: at, stateWords: s } = m;
  if (s[at.irqsOff + cpu] !== 0 || s[at.hardOn + cpu] !== 0) return false;
  return level === LEVEL_HARD || (s[at.bhOff + cpu] === 0 && s[at.softOn + cpu] === 0);
}

/** Where a not yet begun irq task would begin, or -1. */
export function landing(m: Core, t: number): number {
  const c = m.compiled;
  const level = c.taskLevel[t]!;
  const fixed = c.taskCpu[t]!;
  if (fixed >= 0) return lets(m, fixed, level) ? fixed : -1;
  const last = m.stateWords[m.layout.last]!;
  const near = last < 0 ? -1 : cpuOfTask(m, last);
  if (near >= 0 && lets(m, near, level)) return near;
  for (let cpu = 0; cpu < c.cpus.length; cpu++) if (lets(m, cpu, level)) return cpu;
  return -1;
}

/** Begins irq task `t`: on CPU `wanted` if it may choose and that is none less than 0, else where it lands. */
export function interrupt(m: Core, t: number, wanted: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  const cpu = wanted >= 0 && c.taskCpu[t]! < 0 ? wanted : landing(m, t);
  if (cpu >= c.cpus.length || !lets(m, cpu, c.taskLevel[t]!)) {
    throw new Error(`task ${t} of ${c.program.name} cannot interrupt CPU ${cpu}`);
  }
  s[at.hit + t] = cpu + 1;
  s[(c.taskLevel[t] === LEVEL_HARD ? at.hardOn : at.softOn) + cpu] = t + 1;
  s[at.stale] = m.allTasks;
}
