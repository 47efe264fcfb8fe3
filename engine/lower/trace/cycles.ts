// Cycles of a stretch of a trace: shapes of transactions that could wait for each other in a ring, whatever speaks against it.
import type { Capture } from '../../../corpus/schema/capture.js';
import type { Program, ProgramLock, ProgramTask } from '../../../corpus/schema/program.js';
import { type CycleLimits, enumerateCycles, type Fault, type GraphNode } from '../../predict/cycles.js';
import { dependenciesOf, resourceKey } from '../../predict/dependencies.js';
import type { Naming } from '../body.js';
import { lockRules } from '../rules.js';
import { opBodyOf } from './op-bodies.js';
import type { Shape } from './transactions.js';

/** One place in a ring: a shape, and its step that waits (-1: the task is interrupted there). */
export interface Member {
  readonly shape: Shape;
  readonly step: number;
  /** True if the member waits for the interrupt handler on top of it rather than for a lock. */
  readonly interrupted: boolean;
}

export interface TraceCycle {
  readonly members: readonly Member[];
  readonly fault: Fault['why'] | null;
  /** The lock that two members hold both, where that is the fault. */
  readonly gate: number | null;
}

export interface TraceCycles {
  readonly cycles: readonly TraceCycle[];
  readonly complete: boolean;
}

const LENGTHS = [2, 3, 5, 12] as const;

/** Actors of one shape that are looked at: two, since a shape may also wait for itself. */
const ACTORS = 2;

/** All cycles over the shapes, short ones first. */
export function cyclesOf(
  capture: Capture,
  shapes: readonly Shape[],
  interrupts: boolean,
  limits: CycleLimits,
): TraceCycles {
  const locks = new Map<number, ProgramLock>();
  const naming: Naming = {
    lockId: (lock) => {
      if (!locks.has(lock)) locks.set(lock, programLock(capture, lock, String(lock)));
      return String(lock);
    },
    kindOf: (lock) => capture.classes[capture.locks[lock]!.class]!.kind,
    taskName: (task) => String(task),
  };
  const tasks: ProgramTask[] = [];
  const about: { readonly shape: Shape; readonly actor: number; readonly stepOf: readonly number[] }[] = [];
  for (const shape of shapes) {
    const actors = [...shape.kept.keys()];
    const { ops, stepOf } = opBodyOf(capture, shape.steps, naming, { keeps: () => true, interrupts });
    for (const actor of new Set(actors.length <= ACTORS ? actors : [actors[0]!, actors.at(-1)!])) {
      about.push({ shape, actor, stepOf });
      tasks.push({
        name: `${tasks.length}`,
        function: null,
        cpu: null,
        irq: shape.level,
        after: null,
        body: ops,
      });
    }
  }
  const program: Program = { name: 'stretch', locks: [...locks.values()], flags: [], tasks };
  const nodes: GraphNode[] = dependenciesOf(program).map((dependency) => ({
    source: 0,
    who: String(about[dependency.task]!.actor),
    dependency,
    want: resourceKey(dependency.want.resource),
    holds: dependency.holds.map((hold) => resourceKey(hold.resource)),
  }));
  const byKey = new Map([...locks.keys()].map((l) => [resourceKey({ of: 'lock', lock: String(l) }), l]));
  const numbers = new Map(shapes.map((shape, i) => [shape, i]));
  const found = new Map<string, TraceCycle>();
  let complete = false;
  let longerThan = 0;
  for (const length of LENGTHS) {
    const cycles = enumerateCycles(nodes, { ...limits, length, longerThan });
    longerThan = length;
    for (let next = cycles.next(); ; next = cycles.next()) {
      if (next.done === true) {
        complete = next.value.complete;
        break;
      }
      if (next.value === null) continue;
      const members = next.value.nodes.map(({ dependency }): Member => {
        const { shape, stepOf } = about[dependency.task]!;
        return {
          shape,
          step: stepOf[dependency.op] ?? -1,
          interrupted: dependency.want.how === 'interrupted',
        };
      });
      const { fault: objection } = next.value;
      const fault = objection?.why ?? null;
      const gate = objection?.why === 'gate' ? (byKey.get(objection.key) ?? null) : null;
      const key = canonical(members.map((m) => `${numbers.get(m.shape)}:${m.step}:${m.interrupted}`));
      const known = found.get(key);
      if (known === undefined || (known.fault !== null && fault === null))
        found.set(key, { members, fault, gate });
    }
    if (complete) break;
  }
  return { cycles: [...found.values()], complete };
}

/** The same text whichever member of a ring comes first. */
function canonical(texts: readonly string[]): string {
  let best: string | null = null;
  for (let i = 0; i < texts.length; i++) {
    const turned = [...texts.slice(i), ...texts.slice(0, i)].join(' ');
    if (best === null || turned < best) best = turned;
  }
  return best ?? '';
}

/** A lock of the capture as a program has it. */
export function programLock(capture: Capture, lock: number, id: string): ProgramLock {
  const { name, kind } = capture.classes[capture.locks[lock]!.class]!;
  return { id, kind, units: 1, class: name, rules: lockRules(name) };
}
