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
  private readonly finds = new Map<string, SearchFind>();
  private readonly tries = new Map<string, Tried>();
  /** A state had more cycles than are told. */
  private vague = false;

  constructor(private readonly machine: Machine) {}

  /** An end that the path seems to lead to. */
  private claim(kind: SearchFind['kind'], tasks: readonly number[], pathTo: () => readonly number[]): void {
    const name = nameOf({ kind, tasks });
    if (this.finds.has(name)) return;
    const tried = this.tries.get(name) ?? { kind, tasks, times: 0 };
    if (tried.times >= TRIES) return;
    this.tries.set(name, { ...tried, times: tried.times + 1 });
    const find = confirm(this.machine, pathTo(), { kind, tasks });
    if (find !== null) this.finds.set(nameOf(find), find);
  }

  /**
   * Nobody can move in a plain program: how that ends is told by who stands behind whom. `pathTo` is asked only where
   * something may be new.
   */
  judge(program: PlainProgram, at: Int32Array, pathTo: () => readonly number[]): void {
    const standing = [...at.keys()].filter((t) => program.kind[at[t]!] !== END);
    if (standing.length === 0) return;
    const cycles = smallestCycles(edgesAt(program, at));
    if (cycles === null) this.vague = true;
    for (const cycle of cycles ?? []) {
      const tasks = cycle.sort((a, b) => a - b);
      this.claim('deadlock', tasks, pathTo);
    }
    if (cycles?.length === 0) this.claim('stranded', standing, pathTo);
  }

  /** The finds, and the ends that were seen and are not among them; null: some of these cannot be named. */
  told(): { readonly finds: SearchFind[]; readonly unsettled: readonly Claim[] | null } {
    const open = [...this.tries].flatMap(([name, claim]) => (this.finds.has(name) ? [] : [claim]));
    return { finds: [...this.finds.values()], unsettled: this.vague ? null : open };
  }
}
