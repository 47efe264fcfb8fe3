// Candidates: the small program that a cycle comes down to, put together from the tasks that it needs.
import { BASES, type Basis } from '../../corpus/schema/capture.js';
import type { LockKind } from '../../corpus/schema/lock.js';
import type { LoweredProgram, Op, Program, ProgramLock, ProgramTask } from '../../corpus/schema/program.js';
import { truncated } from '../shrink/bodies.js';
import { neededTasks, usesOf } from '../shrink/slice.js';
import type { GraphNode } from './cycles.js';
import { classKey, type PredictSource, sharesCapture } from './source.js';

export interface Candidate {
  readonly lowered: LoweredProgram;
  /** For each member of the cycle, in its order: task and op index in `lowered.program` where it must be blocked. */
  readonly goal: readonly { readonly task: number; readonly op: number }[];
  /** For each task of the program: index of the source it comes from. */
  readonly taskSources: readonly number[];
}

export type Composed =
  | { readonly ok: true; readonly candidate: Candidate }
  | {
      readonly ok: false;
      readonly why: string;
      /** True if the recordings say that the locks are not the same objects: then there is no such cycle. */
      readonly contradicted: boolean;
    };

/** Which locks (`nodeKey`) are taken for one object. */
export class Partition {
  private readonly parents = new Map<string, string>();

  find(key: string): string {
    let at = key;
    for (let up = this.parents.get(at); up !== undefined; up = this.parents.get(at)) at = up;
    return at;
  }

  unite(a: string, b: string): void {
    const [x, y] = [this.find(a), this.find(b)];
    if (x !== y) this.parents.set(y, x);
  }
}

function weaker(a: Basis, b: Basis): Basis {
  return BASES.indexOf(a) >= BASES.indexOf(b) ? a : b;
}

/** What is taken of one source. */
export interface Part {
  readonly index: number;
  readonly source: PredictSource;
  /** Indices of the tasks taken from it. */
  readonly tasks: readonly number[];
  /** Their bodies, cut behind the op at which a member of the cycle blocks (whole where a handler interrupts it). */
  readonly bodies: ReadonlyMap<number, readonly Op[]>;
}

function partOf(index: number, source: PredictSource, nodes: readonly GraphNode[], steered: boolean): Part {
  const { program } = source.lowered;
  const members = nodes.filter((n) => n.source === index);
  const tasks = neededTasks(
    program,
    members.flatMap((n) => {
      const { resource } = n.dependency.want;
      return resource.of === 'lock' ? [n.dependency.task] : [n.dependency.task, resource.task];
    }),
    steered,
  );
  const kinds = new Map(program.locks.map(({ id, kind }) => [id, kind]));
  const kindOf = (lock: string): LockKind | undefined => kinds.get(lock);
  const bodies = new Map<number, readonly Op[]>();
  for (const t of tasks) {
    const body = program.tasks[t]?.body ?? [];
    const at = members.find((n) => n.dependency.task === t)?.dependency;
    // The handler may come anywhere while the lock is held: what the task does until then has to be done.
    if (at === undefined || at.want.how === 'interrupted') bodies.set(t, body);
    else bodies.set(t, truncated(body, at.op, kindOf).body);
  }
  return { index, source, tasks, bodies };
}

/** Names a lock of a source. */
export const nodeKey = (source: number, lock: string): string => `${source} ${lock}`;

/** Locks that the cycle says are one object: wanted by one member, held (or wanted in the queue) by the next. */
function identify(nodes: readonly GraphNode[], same: Partition): void {
  nodes.forEach((from, i) => {
    const to = nodes[(i + 1) % nodes.length];
    const { resource } = from.dependency.want;
    if (to === undefined || resource.of !== 'lock') return;
    const at = to.holds.indexOf(from.want);
    const held = to.dependency.holds[at]?.resource ?? to.dependency.want.resource;
    if (held.of === 'lock') same.unite(nodeKey(from.source, resource.lock), nodeKey(to.source, held.lock));
  });
}

function uniqueName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted}.${n}`;
  taken.add(name);
  return name;
}

interface Assumption {
  readonly basis: Basis;
  readonly text: string;
  /** Who uses it: tasks of parts, one list for each instance. */
  readonly users: readonly (readonly { readonly part: Part; readonly task: number }[])[];
}

/** What has to be true for locks of several programs, or several instances of one program, to be one object. */
function assumption(group: readonly { part: Part; lock: ProgramLock }[]): Assumption | null {
  const first = group[0];
  if (first === undefined || group.length < 2) return null;
  const foreign = group.some((g) => !sharesCapture(g.part.source, first.part.source));
  const basis: Basis = foreign ? 'composed' : 'aliased';
  if (group.every((g) => g.part.source.single?.has(g.lock.class) === true))
    return { basis: 'recorded', text: '', users: [] };
  const using = group.map((g) =>
    g.part.tasks.filter((t) =>
      usesOf([{ ...g.part.source.lowered.program.tasks[t]!, body: g.part.bodies.get(t) ?? [] }]).locks.has(
        g.lock.id,
      ),
    ),
  );
  const names = group.map((g, i) => {
    return (using[i] ?? [])
      .map((t) => {
        const name = g.part.source.lowered.program.tasks[t]?.name ?? '?';
        // Across recordings nothing but class and place says that it may be the same object.
        const site = (g.part.bodies.get(t) ?? []).find(
          (op) => op.do === 'lock' && op.lock === g.lock.id && op.site !== null,
        )?.site;
        return foreign && site !== undefined ? `${name} in ${site}` : name;
      })
      .join(' and ');
  });
  return {
    basis,
    text: `the ${first.lock.class} of ${names.join(' and that of ')} are one object`,
    users: group.map(({ part }, i) => (using[i] ?? []).map((task) => ({ part, task }))),
  };
}

/**
 * Puts the candidate of a cycle together, or says why the recordings contradict it. `steered`: with the tasks that set the
 * flags which its members read.
 */
export function compose(
  sources: readonly PredictSource[],
  nodes: readonly GraphNode[],
  steered = true,
): Composed {
  const parts = [...new Set(nodes.map((n) => n.source))].flatMap((index) => {
    const source = sources[index];
    return source === undefined ? [] : [partOf(index, source, nodes, steered)];
  });
  const same = new Partition();
  identify(nodes, same);
  return joined(parts, same, nodes);
}

/**
 * Puts parts side by side as one program: locks that `same` unites are one object, and so are those of programs that use
 * one lock of a class each; what that rests on is in `basis` and `assumes`. `nodes` are the cycle that it is for, if any.
 */
export function joined(parts: readonly Part[], same: Partition, nodes: readonly GraphNode[]): Composed {
  const used = parts.map((part) => {
    const tasks = part.tasks.map((t) => ({
      ...part.source.lowered.program.tasks[t]!,
      body: part.bodies.get(t) ?? [],
    }));
    const { locks } = usesOf(tasks);
    return { part, locks: part.source.lowered.program.locks.filter((l) => locks.has(l.id)) };
  });
  // Programs that each use one lock of a class use the same one: what a cycle across them presumes anyway.
  const alone = new Map<string, string>();
  for (const { part, locks } of used) {
    for (const lock of locks) {
      const key = classKey(part.source, lock.class);
      if (locks.filter((l) => l.class === lock.class).length > 1) continue;
      const known = alone.get(key);
      if (known === undefined) alone.set(key, nodeKey(part.index, lock.id));
      else same.unite(known, nodeKey(part.index, lock.id));
    }
  }

  const groups = new Map<string, { part: Part; lock: ProgramLock }[]>();
  for (const { part, locks } of used) {
    for (const lock of locks) {
      const root = same.find(nodeKey(part.index, lock.id));
      groups.set(root, [...(groups.get(root) ?? []), { part, lock }]);
    }
  }
  for (const group of groups.values()) {
    const [first, ...rest] = group;
    if (first === undefined) continue;
    const other = rest.find(
      (g) =>
        g.lock.kind !== first.lock.kind || g.lock.units !== first.lock.units || g.lock.ww !== first.lock.ww,
    );
    if (other !== undefined)
      return {
        ok: false,
        why: `${first.lock.class} is a ${first.lock.kind} in one log and a ${other.lock.kind} in another`,
        contradicted: true,
      };
    for (const part of parts) {
      const mine = group.filter((g) => g.part === part).map((g) => g.lock.id);
      for (const t of part.tasks) {
        const { locks } = usesOf([
          { ...part.source.lowered.program.tasks[t]!, body: part.bodies.get(t) ?? [] },
        ]);
        if (mine.filter((id) => locks.has(id)).length > 1) {
          const name = part.source.lowered.program.tasks[t]?.name;
          return {
            ok: false,
            why: `${name} takes two different locks of class ${first.lock.class}, which would have to be one`,
            contradicted: true,
          };
        }
      }
    }
  }
  return { ok: true, candidate: assemble(parts, nodes, [...groups.values()]) };
}

function assemble(
  parts: readonly Part[],
  nodes: readonly GraphNode[],
  groups: readonly (readonly { part: Part; lock: ProgramLock }[])[],
): Candidate {
  const lockNames = new Set<string>();
  const renamed = new Map<string, string>();
  const locks: ProgramLock[] = [];
  const assumes: string[] = [];
  const presumed: { readonly id: string; readonly assumed: Assumption }[] = [];
  const own = parts.map((p) => p.source.lowered);
  // Orders that were not seen are at best recorded: what was observed is what its own schedule shows.
  let basis: Basis = own.reduce<Basis>((b, l) => weaker(b, l.basis), 'recorded');
  const foreign = parts.some((p) => parts.some((q) => !sharesCapture(p.source, q.source)));
  if (foreign) basis = weaker(basis, 'composed');
  for (const group of groups) {
    const first = group[0];
    if (first === undefined) continue;
    const id = uniqueName(first.lock.id, lockNames);
    for (const g of group) renamed.set(nodeKey(g.part.index, g.lock.id), id);
    locks.push({ ...first.lock, id, rules: [...new Set(group.flatMap((g) => g.lock.rules))].sort() });
    const assumed = assumption(group);
    if (assumed === null) continue;
    basis = weaker(basis, assumed.basis);
    if (assumed.text === '') continue;
    assumes.push(assumed.text);
    presumed.push({ id, assumed });
  }

  const taskNames = new Set<string>();
  const nameOf = new Map<string, string>();
  const flagNames = new Set<string>();
  const tasks: ProgramTask[] = [];
  const flags: Program['flags'][number][] = [];
  const place = new Map<string, number>();
  for (const part of parts) {
    const { program } = part.source.lowered;
    const taskName = new Map<string, string>();
    const flagName = new Map<string, string>();
    for (const t of part.tasks) {
      const name = program.tasks[t]?.name ?? '';
      taskName.set(name, uniqueName(name, taskNames));
      nameOf.set(`${part.index} ${t}`, taskName.get(name) ?? name);
    }
    const bodies = part.tasks.map((t) => ({ ...program.tasks[t]!, body: part.bodies.get(t) ?? [] }));
    const uses = usesOf(bodies);
    for (const flag of program.flags) {
      if (!uses.flags.has(flag.id)) continue;
      const lock = flag.of === undefined ? undefined : renamed.get(nodeKey(part.index, flag.of));
      if (flag.of !== undefined && lock !== undefined) {
        // A flag of an object: where locks are one object, it is one flag.
        const id = `${flag.id.slice(0, flag.id.length - flag.of.length)}${lock}`;
        flagName.set(flag.id, id);
        if (!flags.some((known) => known.id === id)) flags.push({ id, set: flag.set, of: lock });
        flagNames.add(id);
        continue;
      }
      flagName.set(flag.id, uniqueName(flag.id, flagNames));
      flags.push({ id: flagName.get(flag.id) ?? flag.id, set: flag.set });
    }
    const rename = (op: Op): Op => {
      const guard =
        op.guard === null ? null : { ...op.guard, flag: flagName.get(op.guard.flag) ?? op.guard.flag };
      if ('lock' in op) return { ...op, guard, lock: renamed.get(nodeKey(part.index, op.lock)) ?? op.lock };
      if ('flag' in op) return { ...op, guard, flag: flagName.get(op.flag) ?? op.flag };
      if ('task' in op) return { ...op, guard, task: taskName.get(op.task) ?? op.task };
      return { ...op, guard };
    };
    bodies.forEach((task, i) => {
      place.set(`${part.index} ${part.tasks[i]}`, tasks.length);
      tasks.push({
        ...task,
        name: taskName.get(task.name) ?? task.name,
        after: task.after === null ? null : (taskName.get(task.after) ?? task.after),
        body: task.body.map(rename),
      });
    });
  }
  const goal = nodes.map((n) => ({
    task: place.get(`${n.source} ${n.dependency.task}`) ?? -1,
    op: n.dependency.op,
  }));
  const namesOf = (list: readonly { readonly part: Part; readonly task: number }[]): string[] =>
    list.map(({ part, task }) => nameOf.get(`${part.index} ${task}`) ?? '');
  const [single] = own;
  const program: Program = {
    name:
      nodes
        .map((_, i) => tasks[goal[i]?.task ?? -1]?.function ?? tasks[goal[i]?.task ?? -1]?.name ?? '')
        .join('-vs-')
        .replace(/[^A-Za-z0-9_.+-]/g, '_')
        .slice(0, 60) || 'cycle',
    locks,
    flags,
    tasks,
  };
  return {
    lowered: {
      program,
      episode: parts.length === 1 ? (single?.episode ?? null) : null,
      basis,
      happened: false,
      observedSchedule: null,
      assumes: [...new Set([...own.flatMap((l) => l.assumes), ...assumes])],
      // What one recording rules out it does not rule out beside another one.
      ruledOut: foreign ? [] : [...new Set(own.flatMap((l) => l.ruledOut))],
      bystanders: [],
      expect: null,
      genome: null,
      parts: parts.map((part) => ({
        tasks: namesOf(part.tasks.map((task) => ({ part, task }))),
        captures: part.source.captures,
        basis: weaker(part.source.lowered.basis, 'recorded'),
        assumes: part.source.lowered.assumes,
      })),
      presumes: presumed.map(({ id, assumed: { text, basis: rests, users } }) => ({
        text,
        basis: rests,
        lock: id,
        users: users.map(namesOf),
      })),
    },
    goal,
    taskSources: parts.flatMap((part) => part.tasks.map(() => part.index)),
  };
}
