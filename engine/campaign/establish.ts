// Establish: from a find to a witness - shrunk, printed, read back, replayed by the independent interpreter.
import { createHash } from 'node:crypto';
import type { Basis } from '../../corpus/schema/capture.js';
import type { CaptureId, WitnessId } from '../../corpus/schema/ids.js';
import type { LoweredProgram, Op, Program } from '../../corpus/schema/program.js';
import type { Genome, Schedule } from '../../corpus/schema/schedule.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import type { Grade, Witness, WitnessHold, WitnessTask } from '../../corpus/schema/witness.js';
import { parseLitmus, printLitmus } from '../../corpus/text/litmus.js';
import { withShortNames } from '../lower/short-names.js';
import { MAX_TASKS, taskIn } from '../model/choice.js';
import { compile, compileOrThrow, whyIllFormed } from '../model/compile.js';
import { expectationOf } from '../model/expectation.js';
import { runOf } from '../model/interpreted.js';
import { replay, replayGenome } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { MODEL_VERSION } from '../model/rules.js';
import { runGenome } from '../schedulers/genome.js';
import { indexGenome, nameGenome } from '../schedulers/genome-names.js';
import { genomeOfRun, plainGenomeOf } from '../schedulers/genome-of.js';
import { replaySchedule } from '../schedulers/replay.js';
import { supportOf } from '../shrink/assumptions.js';
import { follow, followIn, type Outcome, outcomeOf, standing } from '../shrink/outcome.js';
import { drain } from '../shrink/reach.js';
import { shrinkWithTasks } from '../shrink/same-tasks.js';
import { canonicalStart, sameShape, shapeOf } from '../shrink/shape.js';
import { type SameEnd, SHRINK_LIMITS, type ShrinkLimits, shrinkSteps } from '../shrink/shrink.js';
import { signatureOf } from './signature.js';

/** A capture that a witness rests on. */
export interface CaptureRef {
  readonly id: CaptureId;
  /** As named on the command line: what provenance shows. */
  readonly file: string;
}

export interface EstablishInput {
  readonly lowered: LoweredProgram;
  /** What leads to the bad end in `lowered.program`; carried on to its end if it stops short. */
  readonly run: { readonly schedule: Schedule } | { readonly genome: Genome };
  readonly captures: readonly CaptureRef[];
  /** For each task of the program the file it was read from; by default that of the only capture. */
  readonly files?: readonly (string | null)[];
  /** Version of the lock model; by default the one of this build. */
  readonly model?: string;
  /** ISO 8601 time of the find. */
  readonly foundAt?: string;
  readonly limits?: ShrinkLimits;
  /** By default any end of the same shape will do; `tasks` keeps its tasks too, where each end of a program is to be shown. */
  readonly same?: SameEnd;
}

export type Established =
  | { readonly ok: true; readonly witness: Witness }
  | { readonly ok: false; readonly reason: string };

/** What is to be written down: the smallest program found, and how it runs. */
interface Claim {
  readonly program: Program;
  readonly genome: Genome;
  readonly schedule: Schedule;
  readonly verdict: Verdict;
  readonly steps: number;
  readonly grade: Grade;
}

function outcomeOfRun(machine: Machine, run: EstablishInput['run']): Outcome {
  if ('schedule' in run) return follow(machine, run.schedule);
  return outcomeOf(machine, runGenome(machine, run.genome, Number.POSITIVE_INFINITY).schedule);
}

/**
 * Prints the claim, reads the text back and replays both its genome and the exact schedule with the interpreter,
 * which shares no code with the machine. Returns the text, or says what does not agree.
 */
function proveText(
  claim: Claim,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string } {
  const expected = expectationOf(claim.program, claim.verdict);
  if (expected === null) return { ok: false, reason: `the run ends ${claim.verdict.kind}` };
  const text = printLitmus({
    program: claim.program,
    genome: nameGenome(claim.program, claim.genome),
    expect: [expected],
  });
  const parsed = parseLitmus(text);
  if (!parsed.ok) {
    return {
      ok: false,
      reason: `its text does not read back: ${parsed.problems[0]?.message ?? 'no reason given'}`,
    };
  }
  const { program, genome, expect } = parsed.value;
  if (genome === null || expect === null) return { ok: false, reason: 'its text lost the schedule' };
  if (printLitmus(parsed.value) !== text) return { ok: false, reason: 'its text reads back as another one' };
  const byGenome = replayGenome(program, indexGenome(program, genome));
  const bySchedule = replay(program, claim.schedule);
  for (const [how, run] of [
    ['genome', byGenome],
    ['schedule', bySchedule],
  ] as const) {
    const end = expectationOf(program, run.verdict);
    if (end === null || end.kind !== expected.kind || end.tasks.join(' ') !== expected.tasks.join(' ')) {
      return {
        ok: false,
        reason: `the interpreter ends ${run.verdict.kind} by the ${how}, not ${expected.kind}`,
      };
    }
    if (run.steps !== claim.steps)
      return { ok: false, reason: `the interpreter takes ${run.steps} steps by the ${how}` };
  }
  return { ok: true, text };
}

/** Whether the state that the log shows is this very end: then it was observed, else only its parts were. */
function basisOf(lowered: LoweredProgram, outcome: Outcome, support: Basis): Basis {
  if (lowered.happened && lowered.observedSchedule !== null) {
    const machine = new Machine(compileOrThrow(lowered.program));
    const seen = replaySchedule(machine, lowered.observedSchedule);
    if (seen.verdict.kind !== 'out-of-steps' && sameShape(outcomeOf(machine, []).shape, outcome.shape))
      return 'observed';
  }
  return support === 'observed' ? 'recorded' : support;
}

/** Tasks of the end in waits-for order and canonical rotation, with what each holds and wants. */
function witnessTasks(
  claim: Claim,
  files: ReadonlyMap<string, string | null>,
): {
  readonly tasks: readonly WitnessTask[];
  readonly cycle: readonly string[];
} {
  const { program, verdict } = claim;
  const machine = runOf(program);
  for (const choice of claim.schedule) machine.act(choice);
  const at = standing(machine, program.tasks.length, verdict);
  const shape = shapeOf(program, verdict, at);
  let members: readonly number[] = [];
  if (verdict.kind === 'deadlock' && shape !== null) {
    const own = verdict.cycle.map((t) => shapeOf(program, { kind: 'stranded', tasks: [t] }, at)?.members[0]);
    const start = canonicalStart(own.filter((m) => m !== undefined));
    members = [...verdict.cycle.slice(start), ...verdict.cycle.slice(0, start)];
  } else if (verdict.kind === 'stranded') members = verdict.tasks;
  else if (verdict.kind === 'violated') members = [verdict.task];

  const tasks = members.map((t, i): WitnessTask => {
    const body = program.tasks[t]?.body ?? [];
    const file = files.get(program.tasks[t]?.name ?? '') ?? null;
    const before = members[(i + members.length - 1) % members.length];
    const wantedBefore = before === undefined || at[before] === null ? -1 : machine.wants(before);
    const holds = machine.held(t).map((h): WitnessHold & { readonly index: number } => {
      const lock = program.locks[h.lock];
      const site = body[h.op]?.site ?? null;
      const about = { lock: lock?.id ?? '', class: lock?.class ?? '', mode: h.mode, site };
      return { index: h.lock, ...about, ...placed(body[h.op], file) };
    });
    holds.sort((a, b) => Number(b.index === wantedBefore) - Number(a.index === wantedBefore));
    const op = body[verdict.kind === 'violated' ? verdict.op : (at[t] ?? -1)];
    const wanted = op !== undefined && 'lock' in op ? program.locks.find((l) => l.id === op.lock) : undefined;
    return {
      name: program.tasks[t]?.name ?? '?',
      holds: holds.map(({ index: _, ...hold }) => hold),
      wants:
        op === undefined || wanted === undefined
          ? null
          : {
              lock: wanted.id,
              class: wanted.class,
              mode: op.do === 'lock' ? op.mode : 'exclusive',
              site: op.site,
              ...placed(op, file),
            },
    };
  });
  return { tasks, cycle: tasks.flatMap((t) => (t.wants === null ? [] : [t.wants.class])) };
}

/** Where the op stands in the user's log; nothing where that is not known. */
function placed(op: Op | undefined, file: string | null): { readonly at?: string } {
  return op === undefined || op.line === null || file === null ? {} : { at: `${file}:${op.line}` };
}

/** `FILE:LINE` of each step, null where it is not known. */
function provenanceOf(claim: Claim, files: ReadonlyMap<string, string | null>): (string | null)[] {
  const machine = runOf(claim.program);
  const lines: (string | null)[] = [];
  for (const choice of claim.schedule) {
    const index = taskIn(claim.program.tasks.length, choice);
    const task = claim.program.tasks[index];
    const op = task?.body[machine.pc(index)];
    const steps = machine.steps;
    machine.act(choice);
    if (machine.steps === steps) continue;
    const file = task === undefined ? null : (files.get(task.name) ?? null);
    lines.push(file === null || op?.line === null || op?.line === undefined ? null : `${file}:${op.line}`);
  }
  return lines;
}

/** `establish`, with pauses every few milliseconds. */
export function* establishSteps(input: EstablishInput): Generator<number, Established> {
  const { lowered } = input;
  if (lowered.program.tasks.length > MAX_TASKS) return establishLarge(input);
  const compiled = compile(lowered.program);
  if (!compiled.ok) return { ok: false, reason: compiled.reason };
  const machine = new Machine(compiled.compiled);
  const outcome = outcomeOfRun(machine, input.run);
  if (outcome.shape === null) return { ok: false, reason: `the run ends ${outcome.verdict.kind}` };

  const limits = input.limits ?? SHRINK_LIMITS;
  const ends = input.same === 'tasks' ? expectationOf(lowered.program, outcome.verdict)?.tasks : undefined;
  const small =
    ends === undefined
      ? yield* shrinkSteps(lowered.program, outcome.schedule, limits)
      : yield* shrinkWithTasks(lowered.program, outcome.schedule, ends, limits);
  let claim: Claim;
  // Before locks and tasks get shorter names.
  let support = supportOf(lowered, small.ok ? small.shrunk.program : lowered.program);
  let proof: ReturnType<typeof proveText>;
  if (small.ok) {
    claim = { ...small.shrunk, program: withShortNames(small.shrunk.program) };
    proof = proveText(claim);
  } else {
    proof = { ok: false, reason: small.reason };
    claim = { ...rawClaim(lowered.program, machine, outcome) };
  }
  if (!proof.ok) {
    // What shrinking made does not stand: then the find itself, as it is.
    claim = rawClaim(lowered.program, machine, outcome);
    const raw = proveText(claim);
    if (!raw.ok) return raw;
    proof = raw;
    support = supportOf(lowered, lowered.program);
  }

  const basis = basisOf(lowered, outcome, support.basis);
  return { ok: true, witness: witnessOf(input, outcome, claim, { ...support, basis }, proof.text) };
}

/** A cycle of more tasks than a machine has room for, as it was found: nothing is shrunk, all else is the same. */
function establishLarge(input: EstablishInput): Established {
  const { lowered, run } = input;
  const { program } = lowered;
  const reason = whyIllFormed(program);
  if (reason !== null) return { ok: false, reason };
  const outcome = 'schedule' in run ? followIn(program, run.schedule) : null;
  if (outcome === null || outcome.shape === null)
    return { ok: false, reason: `the run ends ${outcome?.verdict.kind ?? 'nowhere'}` };
  const { schedule, verdict, steps } = outcome;
  const genome = plainGenomeOf(program, schedule);
  const claim: Claim = { program, genome, schedule, verdict, steps, grade: 'raw' };
  const proof = proveText(claim);
  if (!proof.ok) return proof;
  const support = supportOf(lowered, program);
  const basis = support.basis === 'observed' ? 'recorded' : support.basis;
  return { ok: true, witness: witnessOf(input, outcome, claim, { ...support, basis }, proof.text) };
}

function witnessOf(
  input: EstablishInput,
  outcome: Outcome,
  claim: Claim,
  support: ReturnType<typeof supportOf>,
  text: string,
): Witness {
  const { lowered } = input;
  if (outcome.shape === null) throw new Error(`${lowered.program.name} ends well`);
  const used = input.captures.filter(({ id }) => support.captures?.includes(id) ?? true);
  const only = input.captures.length === 1 ? (input.captures[0]?.file ?? null) : null;
  const files = new Map(lowered.program.tasks.map((t, i) => [t.name, input.files?.[i] ?? only]));
  const { tasks, cycle } = witnessTasks(claim, files);
  const id = createHash('sha256').update(text).digest('hex').slice(0, 12) as WitnessId;
  const queued = outcome.verdict.kind === 'deadlock' ? outcome.verdict.bystanders : [];
  const bystanders = [
    ...new Set([...lowered.bystanders, ...queued.map((t) => lowered.program.tasks[t]?.name ?? '?')]),
  ].filter((name) => !tasks.some((t) => t.name === name));
  return {
    id,
    signature: signatureOf(outcome.shape),
    kind: outcome.shape.kind,
    basis: support.basis,
    grade: claim.grade,
    tasks,
    cycle,
    preemptions: claim.genome.preempts.length,
    steps: claim.steps,
    captures: used.map((c) => c.id),
    assumes: support.assumes,
    model: input.model ?? MODEL_VERSION,
    litmus: text,
    state: 'open',
    ruledOut: lowered.ruledOut,
    bystanders,
    provenance: provenanceOf(claim, files),
    ...(input.foundAt === undefined ? {} : { found_at: input.foundAt }),
  };
}

function rawClaim(program: Program, machine: Machine, outcome: Outcome): Claim {
  const genome = genomeOfRun(machine, outcome.schedule);
  const run = runGenome(machine, genome, Number.POSITIVE_INFINITY);
  return { program, genome, schedule: run.schedule, verdict: run.verdict, steps: run.steps, grade: 'raw' };
}

/**
 * Makes a witness of a find, or says why it cannot be one. Nothing is claimed that the independent interpreter did
 * not repeat from the printed text.
 */
export function establish(input: EstablishInput): Established {
  return drain(establishSteps(input));
}
