// Whole transactions: all that a recording shows of certain lock classes, one task a transaction, whether it can deadlock there or not.
import type { Capture } from '../../../corpus/schema/capture.js';
import type { LoweredProgram, ProgramLock, ProgramTask } from '../../../corpus/schema/program.js';
import { asWritten } from '../as-written.js';
import type { Naming } from '../body.js';
import { lockName, TaskNames } from '../names.js';
import { programLock } from './cycles.js';
import { entryOf } from './entry.js';
import { HeldWalk } from './held-walk.js';
import { opBodyOf } from './op-bodies.js';
import { graphOf } from './relevance.js';
import { type Relevance, type Shape, transactionsOf } from './transactions.js';

/** Tasks of one program: the machine keeps sets of tasks in 31 bits. */
const MOST_TASKS = 31;

export interface WholeTransactions {
  readonly programs: readonly LoweredProgram[];
  /** False if there were more kinds of transactions than the limits. */
  readonly complete: boolean;
}

/** Runs of events of one episode of a tracer. */
function stretchesOf(capture: Capture): { episode: number; from: number; to: number }[] {
  const { episode } = capture.events;
  const stretches: { episode: number; from: number; to: number }[] = [];
  for (let from = 0; from < episode.length; ) {
    let to = from + 1;
    while (to < episode.length && episode[to] === episode[from]) to++;
    if (capture.episodes[episode[from]!]?.origin === 'trace')
      stretches.push({ episode: episode[from]!, from, to });
    from = to;
  }
  return stretches;
}

/** A pair of classes, the first held while the second was asked for. */
export type ClassPair = readonly [held: string, wanted: string];

/** The lock order of a recording by class, each pair once. Attempts cannot wait and count for nothing. */
export function classOrderOf(capture: Capture): ClassPair[] {
  const classes = capture.classes.length;
  const seen = new Set<number>();
  const classOf = (lock: number): number => capture.locks[lock]!.class;
  for (const { from, to } of stretchesOf(capture))
    new HeldWalk(capture).walk(from, to, {
      wants: (state, _event, lock, _mode, attempt) => {
        if (attempt) return;
        for (const held of state.locks) seen.add(classOf(held) * classes + classOf(lock));
      },
    });
  return [...seen].map((pair): ClassPair => {
    const held = Math.floor(pair / classes);
    return [capture.classes[held]!.name, capture.classes[pair - held * classes]!.name];
  });
}

/**
 * Programs of the transactions that take a lock of the classes asked for: one task for each kind of transaction, with
 * everything that it does to locks of these classes. No order between transactions is kept.
 */
export function wholeTransactions(
  capture: Capture,
  name: string,
  isWanted: (className: string) => boolean,
): WholeTransactions {
  const wanted = capture.classes.map((lockClass) => isWanted(lockClass.name));
  const locks = Uint8Array.from(capture.locks, (lock) => (wanted[lock.class] === true ? 1 : 0));
  const relevance: Relevance = {
    locks,
    matters: (_state, lock, _mode, attempt) => locks[lock] === 1 && !attempt,
  };
  const programs: LoweredProgram[] = [];
  let complete = true;
  for (const { episode, from, to } of stretchesOf(capture)) {
    const { atStart } = graphOf(capture, from, to);
    const { shapes, complete: all } = transactionsOf(capture, from, to, atStart, relevance);
    complete = complete && all;
    const nested = shapes.filter(({ steps }) => steps.length > 0);
    // Those that hold one lock while they want another one first: the others are only somebody's way round.
    nested.sort((a, b) => b.steps.length - a.steps.length);
    for (let i = 0; i < nested.length; i += MOST_TASKS) {
      const part = nested.slice(i, i + MOST_TASKS);
      programs.push(programOf(capture, episode, part, `${name}-whole-${programs.length}`));
    }
  }
  return { programs, complete };
}

function programOf(
  capture: Capture,
  episode: number,
  shapes: readonly Shape[],
  programName: string,
): LoweredProgram {
  const names = new TaskNames();
  const locks: ProgramLock[] = [];
  const ids = new Map<number, string>();
  const naming: Naming = {
    lockId: (lock) => {
      const given = ids.get(lock);
      if (given !== undefined) return given;
      const id = lockName(locks.length);
      ids.set(lock, id);
      locks.push(programLock(capture, lock, id));
      return id;
    },
    kindOf: (lock) => capture.classes[capture.locks[lock]!.class]!.kind,
    taskName: (task) => String(task),
  };
  const interrupts = shapes.some(({ level }) => level !== null);
  const tasks = shapes.flatMap((shape): ProgramTask[] => {
    const [first] = [...shape.kept.values()].flat();
    if (first === undefined) return [];
    const task = capture.tasks[first.task]!;
    const body = opBodyOf(capture, first.steps, naming, { keeps: () => true, interrupts });
    return [
      {
        name: names.name(task.name, task.pid),
        function: entryOf(capture, first),
        cpu: null,
        irq: shape.level,
        after: null,
        body: body.ops,
      },
    ];
  });
  const episodeOf = capture.episodes[episode];
  return asWritten(
    { name: programName.replace(/[^A-Za-z0-9_.+-]+/g, '-'), locks, flags: [], tasks },
    {
      episode,
      basis: 'recorded',
      assumes: episodeOf?.assumes ?? [],
      ruledOut: episodeOf?.ruledOut ?? [],
      byAddress: true,
    },
  );
}
