// Genomes as bytes: every byte string is some genome, so that a mutator made for files can work on schedules.
import type { Genome } from '../../corpus/schema/schedule.js';

/** Largest step that the two bytes of a preemption can say. */
const MAX_STEP = 0xffff;

/** One byte for each task of the order, then three for each preemption: step (big endian), task. */
export function packGenome(genome: Genome): Uint8Array {
  const bytes = new Uint8Array(genome.order.length + genome.preempts.length * 3);
  bytes.set(genome.order, 0);
  genome.preempts.forEach((p, i) => {
    const at = genome.order.length + i * 3;
    const step = Math.min(p.step, MAX_STEP);
    bytes[at] = step >> 8;
    bytes[at + 1] = step & 0xff;
    bytes[at + 2] = p.task;
  });
  return bytes;
}

/**
 * Reads any bytes as a genome of a program with `tasks` tasks: task numbers are taken modulo their count, a task
 * named twice in the order counts once, steps are taken modulo `steps + 1`, a rest of one or two bytes is left off.
 * Not in normal form: see `normalGenome`.
 */
export function unpackGenome(bytes: Uint8Array, tasks: number, steps: number): Genome {
  const order = [...new Set([...bytes.subarray(0, tasks)].map((b) => b % tasks))];
  const preempts: { step: number; task: number }[] = [];
  for (let at = tasks; at + 2 < bytes.length; at += 3) {
    const step = (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) % (steps + 1);
    preempts.push({ step, task: (bytes[at + 2] ?? 0) % tasks });
  }
  return { order, preempts };
}
