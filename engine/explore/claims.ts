// Claims: ends that a search which goes on beyond them has seen, each confirmed on a machine that stops at it.
import type { SearchFind } from '../../corpus/schema/verdict.js';
import type { Machine } from '../model/machine.js';
import { confirm, nameOf } from './confirm.js';
import { smallestCycles } from './ends.js';
import { END, edgesAt, type PlainProgram } from './plain-program.js';

/** How often an end that was seen is looked for on another path, before the full search has to settle it. */
const TRIES = 64;

/** An end that was seen beyond others: whether a run ends with it first is another question. */
export type Claim = Pick<SearchFind, 'kind' | 'tasks'>;

interface Tried extends Claim {
  readonly times: number;
}

/** What of the ends of a program was seen, and what of it confirmed. */
export class Claims {
  /** What was confirmed, by name. */
  readonly finds = new Map<string, SearchFind>();
  private readonly tries = new Map<string, Tried>();
  /** A state had more cycles than are told. */
  private vague = false;

  constructor(private readonly machine: Machine) {}

  /** An end that the path seems to lead to; `pathTo` is asked only where it may be new. */
  claim(kind: SearchFind['kind'], tasks: readonly number[], pathTo: () => readonly number[]): void {
    const name = nameOf({ kind, tasks });
    if (this.finds.has(name)) return;
    const tried = this.tries.get(name) ?? { kind, tasks, times: 0 };
    if (tried.times >= TRIES) return;
    this.tries.set(name, { ...tried, times: tried.times + 1 });
    const find = confirm(this.machine, pathTo(), { kind, tasks });
    if (find !== null) this.finds.set(nameOf(find), find);
  }

  /**
   * Nobody can move in a plain program: how that ends is told by who stands behind whom.
   */
  judge(program: PlainProgram, at: Int32Array, pathTo: () => readonly number[]): void {
    const standing = [...at.keys()].filter((t) => program.kind[at[t]!] !== END);
    if (standing.length === 0) return;
    if (this.cyclesAmong(edgesAt(program, at), pathTo) === 0) this.claim('stranded', standing, pathTo);
  }

  /** Claims the smallest cycles of a waits-for graph, one mask of targets for each task; how many these are, or -1: too many to be told. */
  cyclesAmong(edges: Int32Array, pathTo: () => readonly number[]): number {
    const cycles = smallestCycles(edges);
    if (cycles === null) {
      this.cannotTell();
      return -1;
    }
    for (const cycle of cycles) {
      this.claim(
        'deadlock',
        cycle.sort((a, b) => a - b),
        pathTo,
      );
    }
    return cycles.length;
  }

  /** There are ends that cannot be named. */
  cannotTell(): void {
    this.vague = true;
  }

  /** The finds, and the ends that were seen and are not among them; null: some of these cannot be named. */
  told(): { readonly finds: SearchFind[]; readonly unsettled: readonly Claim[] | null } {
    const open = [...this.tries].flatMap(([name, claim]) => (this.finds.has(name) ? [] : [claim]));
    return { finds: [...this.finds.values()], unsettled: this.vague ? null : open };
  }
}
