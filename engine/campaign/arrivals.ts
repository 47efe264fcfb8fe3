// Arrivals: whether a result from another host fits the job and can be believed; witnesses are replayed here.
import { createHash } from 'node:crypto';
import type { Program } from '../../corpus/schema/program.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { whyIllFormed } from '../model/compile.js';
import { expectationOf } from '../model/expectation.js';
import { replayGenome } from '../model/interpreter.js';
import { MODEL_VERSION } from '../model/rules.js';
import { indexGenome } from '../schedulers/genome-names.js';
import type { Job, JobResult } from './job.js';
import { unpackLane } from './lane-pack.js';

/** A witness that runs for longer than this is none. */
const MAX_STEPS = 1_000_000;

/**
 * Why the result is not taken, or null. Finds of searches, slices and predictions need no look here: the ledger runs
 * their schedules before it claims anything. That a search was complete cannot be seen from its result.
 */
export function faultOf(job: Job, result: JobResult): string | null {
  if (job.kind !== result.kind) return `a result of ${result.kind} for a job of ${job.kind}`;
  switch (result.kind) {
    case 'observe':
    case 'search':
      return null;
    case 'predict': {
      const sources = job.kind === 'predict' ? job.sources.length : 0;
      for (const { sources: from, taskSources, candidate, find } of result.prediction.cycles) {
        if ([...from, ...taskSources].some((index) => index >= sources)) return 'a cycle of unknown programs';
        if (candidate !== null && taskSources.length < candidate.program.tasks.length)
          return 'a cycle of tasks from nowhere';
        if (find !== null && (candidate === null || whyIllFormed(candidate.program) !== null))
          return 'a find in a program that cannot run';
      }
      return null;
    }
    case 'fuzz': {
      const state = unpackLane(result.slice.fuzz);
      if (state === null) return "a lane's state that cannot be read";
      return state.execs === result.slice.execs && state.steps === result.slice.steps
        ? null
        : "figures that are not those of the lane's state";
    }
    case 'establish': {
      if (!result.established.ok) return null;
      const { witness } = result.established;
      if (`establish ${witness.signature}` !== job.id) return 'a witness of another signature';
      const given = new Set(job.kind === 'establish' ? job.input.captures.map((c) => c.id) : []);
      if (witness.captures.some((id) => !given.has(id))) return 'a witness of other captures';
      return faultOfWitness(witness);
    }
    default: {
      const never: never = result;
      return never;
    }
  }
}

/** Reads its text and runs it with the interpreter, as `relock replay` does. */
function faultOfWitness(witness: Witness): string | null {
  const { litmus, id, model, steps } = witness;
  if (model !== MODEL_VERSION) return 'a witness of another lock model';
  if (id !== createHash('sha256').update(litmus).digest('hex').slice(0, 12))
    return 'a witness whose id is not that of its text';
  const parsed = parseLitmus(litmus);
  if (!parsed.ok || parsed.value.genome === null) return 'a witness whose text cannot be read';
  const { program, genome, expect } = parsed.value;
  const run = replayGenome(program, indexGenome(program, genome), MAX_STEPS);
  const end = expectationOf(program, run.verdict);
  const [expected] = expect ?? [];
  if (end === null || expected === undefined) return 'a witness that does not deadlock when it is replayed';
  if (end.kind !== expected.kind || end.tasks.join(' ') !== expected.tasks.join(' ') || run.steps !== steps)
    return 'a witness that ends otherwise when it is replayed';
  return namesOf(program, witness);
}

/** The tasks that it tells of must be those of its program. */
function namesOf(program: Program, { tasks }: Witness): string | null {
  const names = new Set(program.tasks.map(({ name }) => name));
  return tasks.every(({ name }) => names.has(name)) ? null : 'a witness that tells of tasks it has not';
}
