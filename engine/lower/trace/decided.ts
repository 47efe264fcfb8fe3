// Decided: a small recording searched whole; each deadlock in it as the little program of who holds and wants what.
import type { Capture } from '../../../corpus/schema/capture.js';
import type { LoweredProgram, Op, Program, ProgramTask } from '../../../corpus/schema/program.js';
import { compile } from '../../model/compile.js';
import { Machine } from '../../model/machine.js';
import { drain, reachSteps } from '../../shrink/reach.js';
import { asWritten } from '../as-written.js';
import { wholeRecording } from './whole-recording.js';

/** States of the search; beyond, the recording is not decided this way. */
const STATES = 150_000;

/** What stands in a deadlock: the program's tasks in it, each with the ops by which it holds, and the op it waits at. */
interface Standing {
  readonly task: ProgramTask;
  readonly holds: readonly Op[];
  readonly wants: Op;
}

/**
 * Every deadlock that a correct reordering of the events leads to, or null if the recording is too large to be searched
 * whole. An empty list is a proof that there is none.
 */
export function decidedRecording(
  capture: Capture,
  episode: number,
  from: number,
  to: number,
  name: string,
): LoweredProgram[] | null {
  const whole = wholeRecording(capture, from, to, name);
  if (whole === null) return null;
  const compiled = compile(whole);
  if (!compiled.ok) return null;
  const found = new Map<string, Standing[]>();
  const { complete } = drain(
    reachSteps(
      new Machine(compiled.compiled),
      {
        matches: (machine) => {
          const verdict = machine.finished();
          // A join stands behind the fork in every correct reordering: who joins a thread that has not begun is in no deadlock of it.
          if (verdict?.kind !== 'deadlock' || !verdict.cycle.every((t) => machine.hasBegun(t))) return false;
          const standing = verdict.cycle.map((t) => standingOf(whole, machine, t));
          const key = standing.map(
            ({ task, holds, wants }) => `${task.name} ${text(holds)} ${text([wants])}`,
          );
          found.set(key.sort().join('\n'), standing);
          return false;
        },
      },
      STATES,
    ),
  );
  if (!complete) return null;
  return [...found.values()].map((standing, i) => {
    const names = new Set(standing.map(({ task }) => task.name));
    const used = new Set<string>();
    const tasks = standing.map(({ task, holds, wants }): ProgramTask => {
      const taken = wants.do === 'lock' ? [...holds, wants] : holds;
      const body = [...holds, wants, ...[...taken].reverse().flatMap(unlocks)];
      for (const op of body) if ('lock' in op) used.add(op.lock);
      return { ...task, body: body.filter((op) => op.do !== 'join' || names.has(op.task)) };
    });
    return asWritten(
      { name: `${name}-${i}`, locks: whole.locks.filter(({ id }) => used.has(id)), flags: [], tasks },
      {
        episode,
        basis: 'recorded',
        ruledOut: [
          'the whole recording was searched: this state is reached with every read seeing what it saw, and every fork and join kept',
        ],
        byAddress: true,
      },
    );
  });
}

function text(ops: readonly Op[]): string {
  return ops.map((op) => ('lock' in op ? op.lock : op.do === 'join' ? op.task : '')).join(',');
}

function unlocks(op: Op): Op[] {
  if (op.do !== 'lock') return [];
  return [{ do: 'unlock', lock: op.lock, guard: null, site: null, frames: [], line: null }];
}

function standingOf(program: Program, machine: Machine, t: number): Standing {
  const task = program.tasks[t]!;
  const holds = machine.held(t).map(({ op }) => task.body[op]!);
  return { task, holds, wants: task.body[machine.pc(t)]! };
}
