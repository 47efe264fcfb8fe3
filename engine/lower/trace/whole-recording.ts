// Whole recording: a small trace with reads and writes (RAPID STD) as one program that keeps what each read saw.
import type { Capture } from '../../../corpus/schema/capture.js';
import { EVENT_KINDS } from '../../../corpus/schema/event.js';
import type {
  Op,
  OpAction,
  Program,
  ProgramFlag,
  ProgramLock,
  ProgramTask,
} from '../../../corpus/schema/program.js';
import { lockName, TaskNames } from '../names.js';
import { programLock } from './cycles.js';

/** Tasks of one program, and ops in all: beyond, a search of the whole has no hope. */
const MOST_TASKS = 31;
const MOST_OPS = 4000;

/** Accesses of one variable, in file order: who, and whether it writes. */
interface Access {
  readonly task: number;
  readonly writes: boolean;
}

/** Names of what stands for a variable: the lock that makes a write one step, and a flag for each value that is read. */
interface Variable {
  readonly lock: string;
  readonly flags: readonly string[];
}

/**
 * The program of events `from` to `to` of one episode, each thread with everything it did, or null if it is too large.
 * Locks may be taken again by their owner, as in Java. A value that is read is a flag that its write sets and the
 * next write clears; a read is a `require`, so that an order in which it would see another value ends there and goes no further
 * (a correct reordering: U. Mathur et al., "The Complexity of Dynamic Data Race Prediction", LICS 2020).
 */
export function wholeRecording(capture: Capture, from: number, to: number, name: string): Program | null {
  const { events } = capture;
  if (to - from > MOST_OPS) return null;
  const kindOf = (e: number) => EVENT_KINDS[events.kind[e]!]!;
  const accesses = new Map<number, Access[]>();
  const threads = new Map<number, Op[]>();
  for (let e = from; e < to; e++) {
    const task = events.task[e]!;
    if (!threads.has(task)) threads.set(task, []);
    const kind = kindOf(e);
    // A thread of which nothing was recorded can be started and joined all the same.
    const peer = events.peer[e]!;
    if ((kind === 'fork' || kind === 'join') && peer >= 0 && !threads.has(peer)) threads.set(peer, []);
    if (kind !== 'read' && kind !== 'write') continue;
    const list = accesses.get(events.lock[e]!) ?? [];
    list.push({ task, writes: kind === 'write' });
    accesses.set(events.lock[e]!, list);
  }
  if (threads.size > MOST_TASKS) return null;

  const names = new TaskNames();
  const taskNames = new Map<number, string>();
  for (const task of threads.keys())
    taskNames.set(task, names.name(capture.tasks[task]!.name, capture.tasks[task]!.pid));
  const locks: ProgramLock[] = [];
  const flags: ProgramFlag[] = [];
  const lockIds = new Map<number, string>();
  const lockId = (lock: number): string => {
    const known = lockIds.get(lock);
    if (known !== undefined) return known;
    const id = lockName(locks.length);
    locks.push({ ...programLock(capture, lock, id), rules: ['reentrant'] });
    lockIds.set(lock, id);
    return id;
  };
  const variables = new Map<number, Variable>();
  for (const [variable, list] of accesses) {
    // What one thread alone touches, and what nobody writes, orders nobody.
    if (new Set(list.map(({ task }) => task)).size < 2 || !list.some(({ writes }) => writes)) continue;
    const id = `V${variables.size}`;
    const values = list.filter(({ writes }) => writes).length;
    const own: ProgramFlag[] = Array.from({ length: values + 1 }, (_, k) => ({
      id: `${id}.${k}`,
      set: k === 0,
    }));
    flags.push(...own);
    locks.push({ id, kind: 'mutex', units: 1, class: id, rules: [] });
    variables.set(variable, { lock: id, flags: own.map((flag) => flag.id) });
  }

  const value = new Map<number, number>();
  for (let e = from; e < to; e++) {
    const body = threads.get(events.task[e]!)!;
    const push = (action: OpAction): void => {
      const site = capture.sites[events.site[e]!];
      body.push({
        ...action,
        guard: null,
        site: site?.at ?? null,
        frames: site === undefined ? [] : site.frames.map((frame) => capture.strings[frame] ?? ''),
        line: capture.provenance === 'line' ? events.where[e]! : null,
      });
    };
    const lock = events.lock[e]!;
    const variable = variables.get(lock);
    const peer = taskNames.get(events.peer[e]!);
    switch (kindOf(e)) {
      case 'acquire':
        push({ do: 'lock', lock: lockId(lock), mode: 'exclusive', attempt: false });
        break;
      case 'try-acquire':
        push({ do: 'lock', lock: lockId(lock), mode: 'exclusive', attempt: true });
        break;
      case 'release':
        push({ do: 'unlock', lock: lockId(lock) });
        break;
      case 'fork':
      case 'join':
        if (peer !== undefined) push({ do: kindOf(e) as 'fork' | 'join', task: peer });
        break;
      case 'read':
        if (variable !== undefined)
          push({ do: 'require', flag: variable.flags[value.get(lock) ?? 0]!, value: true });
        break;
      case 'write': {
        if (variable === undefined) break;
        const next = (value.get(lock) ?? 0) + 1;
        value.set(lock, next);
        push({ do: 'lock', lock: variable.lock, mode: 'exclusive', attempt: false });
        for (const flag of variable.flags) if (flag !== variable.flags[next]) push({ do: 'clear', flag });
        push({ do: 'set', flag: variable.flags[next]! });
        push({ do: 'unlock', lock: variable.lock });
        break;
      }
      default:
        // Requests stand before their acquisition; beginnings and ends of threads say nothing more.
        break;
    }
  }
  const tasks = [...threads].map(
    ([task, body]): ProgramTask => ({
      name: taskNames.get(task)!,
      function: null,
      cpu: null,
      irq: null,
      after: null,
      body,
    }),
  );
  return { name, locks, flags, tasks };
}
