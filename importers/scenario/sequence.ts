// What the cells of a drawn table amount to: steps with call chains, who holds and wants what, and whether that is a cycle.
import type { LockRef, ScenarioStep } from '../../corpus/schema/report.js';
import type { ColumnHead } from './heads.js';
import type { PlacedCell } from './rows.js';

/** State of one column when the drawing ends. */
export interface ColumnEnd {
  /** Locks held, in the order taken. */
  readonly holds: readonly LockRef[];
  readonly wants: LockRef | null;
}

/** A table that says something: its steps, and a cycle between its columns. */
export interface Sequence {
  readonly steps: readonly ScenarioStep[];
  readonly ends: readonly ColumnEnd[];
}

function refOf(lock: string, site: string | null, line: number): LockRef {
  return { lock, usage: null, address: null, site, line };
}

/** Functions of a column above the current cell. */
class Callers {
  readonly #root: string | null;
  readonly #nested: boolean;
  readonly #stack: { readonly indent: number; readonly function: string }[] = [];

  constructor(root: string | null, cells: readonly PlacedCell[]) {
    this.#root = root;
    // Where everything stands at one indentation, what came before is taken for the callers.
    this.#nested = new Set(cells.map(({ indent }) => indent)).size > 1;
  }

  at(indent: number): readonly string[] {
    if (this.#nested) while ((this.#stack.at(-1)?.indent ?? -1) >= indent) this.#stack.pop();
    const above = this.#stack.map((entry) => entry.function).reverse();
    return this.#root === null || above.at(-1) === this.#root ? above : [...above, this.#root];
  }

  /** Callers of a call to `name`; the root that a head names does not call itself. */
  of(indent: number, name: string): readonly string[] {
    const above = this.at(indent);
    return above.length === 1 && above[0] === name && name === this.#root ? [] : above;
  }

  enter(indent: number, name: string): void {
    this.at(indent);
    this.#stack.push({ indent, function: name });
  }
}

/** The steps of all columns in drawn order; `<Interrupt>` and waits included. */
function stepsOf(
  cells: readonly PlacedCell[],
  heads: readonly ColumnHead[],
  byClass: boolean,
): ScenarioStep[] {
  const callers = heads.map(
    (head, column) =>
      new Callers(
        head.function,
        cells.filter((cell) => cell.column === column),
      ),
  );
  const steps: ScenarioStep[] = [];
  for (const { column, indent, cell, line } of cells) {
    const above = callers[column];
    if (above === undefined) continue;
    switch (cell.is) {
      case 'call':
        steps.push({
          cpu: column,
          action: cell.function,
          lock: null,
          line,
          frames: above.of(indent, cell.function),
        });
        above.enter(indent, cell.function);
        break;
      case 'lock': {
        if (cell.caller !== null) above.enter(indent, cell.caller);
        const frames = cell.caller === null ? above.at(indent) : above.at(indent + 1);
        steps.push({
          cpu: column,
          action: cell.does,
          lock: byClass ? cell.class : cell.lock,
          line,
          frames: [...frames],
        });
        break;
      }
      case 'interrupt':
        steps.push({ cpu: column, action: '<Interrupt>', lock: null, line });
        break;
      case 'irqs-off':
        steps.push({ cpu: column, action: 'local_irq_disable', lock: null, line });
        break;
      case 'waits':
      case 'deadlock':
      case 'skip':
        break;
      default: {
        const never: never = cell;
        throw new Error(`scenario: unknown cell ${JSON.stringify(never)}`);
      }
    }
  }
  return steps;
}

/** What each column holds and last asked for. The last lock that a column takes is what it is drawn waiting for. */
function endsOf(steps: readonly ScenarioStep[], columns: number): ColumnEnd[] {
  const ends: ColumnEnd[] = [];
  for (let column = 0; column < columns; column++) {
    const taken: LockRef[] = [];
    let last: LockRef | null = null;
    for (const step of steps) {
      if (step.cpu !== column || step.lock === null) continue;
      if (step.action === 'unlock') {
        const lock: string = step.lock;
        const at = taken.findLastIndex((ref) => ref.lock === lock);
        if (at >= 0) taken.splice(at, 1);
        last = null;
      } else {
        last = refOf(step.lock, step.frames?.[0] ?? null, step.line ?? 0);
        taken.push(last);
      }
    }
    if (last !== null) taken.pop();
    ends.push({ holds: taken, wants: last });
  }
  return ends;
}

/** True if some columns wait for each other in a ring, or one for itself. */
export function hasCycle(ends: readonly ColumnEnd[]): boolean {
  const next = ends.map(({ wants }) =>
    wants === null
      ? []
      : ends.flatMap((other, k) => (other.holds.some((ref) => ref.lock === wants.lock) ? [k] : [])),
  );
  return ends.some((_, start) => {
    const seen = new Set<number>();
    const open = [...(next[start] ?? [])];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (at === start) return true;
      if (seen.has(at)) continue;
      seen.add(at);
      open.push(...(next[at] ?? []));
    }
    return false;
  });
}

/** The sequence of a drawing; null if it shows no deadlock: a race, a data flow, a list of calls. */
export function sequenceOf(cells: readonly PlacedCell[], heads: readonly ColumnHead[]): Sequence | null {
  // `device_lock(dev)` and `device_lock(&pdev->dev)` may name one device's lock: by class if not by name.
  for (const byClass of [false, true]) {
    const steps = stepsOf(cells, heads, byClass);
    const ends = endsOf(steps, heads.length);
    if (hasCycle(ends)) return { steps, ends };
  }
  return null;
}
