// The lock order of one program: every lock held when another one is wanted.
import type { LockMode } from '../schema/lock.js';
import type { Op, Program, ProgramTask } from '../schema/program.js';

export interface OrderEdge {
  readonly classHeld: string;
  readonly classWanted: string;
  /** `exclusive -> read`: how the one is held and the other wanted; `wait` and `sync` are ways of wanting, too. */
  readonly mode: string;
  /** `task`, `soft` or `hard`. */
  readonly ctx: string;
  readonly task: string;
  readonly siteHeld: string | null;
  readonly siteWanted: string | null;
  readonly line: number | null;
}

interface Held {
  readonly lock: string;
  readonly mode: LockMode;
  readonly site: string | null;
}

/** Edges in order of the program's text. A trylock never waits, so it wants nothing; what it got is held. */
export function orderEdges(program: Program): OrderEdge[] {
  const classes = new Map(program.locks.map((lock) => [lock.id, lock.class]));
  const neverBlocks = new Set(
    program.locks.filter((l) => l.kind === 'rcu' || l.kind === 'srcu').map((l) => l.id),
  );
  return program.tasks.flatMap((task) => edgesOf(task, classes, neverBlocks));
}

function edgesOf(
  task: ProgramTask,
  classes: ReadonlyMap<string, string>,
  neverBlocks: ReadonlySet<string>,
): OrderEdge[] {
  const edges: OrderEdge[] = [];
  const held: Held[] = [];
  const classOf = (lock: string): string => {
    const name = classes.get(lock);
    if (name === undefined) throw new Error(`store: task ${task.name} names unknown lock ${lock}`);
    return name;
  };
  const want = (lock: string, mode: string, op: Op): void => {
    for (const outer of held)
      edges.push({
        classHeld: classOf(outer.lock),
        classWanted: classOf(lock),
        mode: `${outer.mode} -> ${mode}`,
        ctx: task.irq ?? 'task',
        task: task.name,
        siteHeld: outer.site,
        siteWanted: op.site,
        line: op.line,
      });
  };
  for (const op of task.body) {
    switch (op.do) {
      case 'lock':
        if (!op.attempt && !neverBlocks.has(op.lock)) want(op.lock, op.mode, op);
        held.push({ lock: op.lock, mode: op.mode, site: op.site });
        break;
      case 'unlock': {
        const last = held.findLastIndex((h) => h.lock === op.lock);
        if (last !== -1) held.splice(last, 1);
        break;
      }
      case 'wait':
      case 'sync':
        want(op.lock, op.do, op);
        break;
      case 'signal':
      case 'signal-all':
      case 'fork':
      case 'join':
      case 'set':
      case 'clear':
      case 'require':
      case 'irqs':
      case 'bh':
      case 'ww':
        break;
      default: {
        const never: never = op;
        throw new Error(`store: unknown op ${JSON.stringify(never)}`);
      }
    }
  }
  return edges;
}
