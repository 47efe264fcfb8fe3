// Fuzzes one target in a process of its own: jsfuzz's corpus and mutations in one tight loop, no message for each input.
import { createHash } from 'node:crypto';
import { openSync, writeFileSync, writevSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Coverage } from './coverage.js';
import { nameOf, stackOf } from './failure.js';
import { jsfuzzCorpus } from './jsfuzz.js';
import type { FuzzTarget } from './targets.js';

/** Inputs between two looks at the clock and at the event loop. */
const STEP = 64;

const [build = '', id = '', counters = '0', seed = '1', seconds = '1'] = process.argv.slice(2);
const coverage = new Coverage(Number(counters));
const { targetOf } = (await import(pathToFileURL(`${build}/fuzz/targets.js`).href)) as {
  targetOf(id: string): FuzzTarget | null;
};
const target = targetOf(id);
if (target === null) throw new Error(`there is no target ${id}`);
const corpus = jsfuzzCorpus(['corpus'], target.text, Number(seed));
corpus.maxInputSize = target.maxBytes;

/** The input at hand stands in a file all the time: who ends this process finds it there. */
const current = openSync('current', 'w');
const header = Buffer.alloc(8);
let execs = 0;
const failures = new Set<string>();

function fail(bytes: Uint8Array, error: unknown): void {
  const name = nameOf(error);
  if (failures.has(name)) return;
  failures.add(name);
  writeFileSync(`crash-${createHash('sha256').update(bytes).digest('hex')}`, bytes);
  process.stdout.write(`FAILURE ${name}\n${stackOf(error)}\n`);
}

async function run(bytes: Buffer): Promise<void> {
  header.writeUInt32LE(execs, 0);
  header.writeUInt32LE(bytes.length, 4);
  writevSync(current, [header, bytes], 0);
  coverage.clear();
  execs++;
  try {
    await (target as FuzzTarget).run(bytes);
  } catch (error) {
    fail(bytes, error);
  }
}

/** The shorter of two: short inputs run faster, and are easier to read when they fail. */
function drawn(): Buffer {
  const one = corpus.inputs[corpus.rand(corpus.inputs.length)] ?? Buffer.alloc(0);
  const other = corpus.inputs[corpus.rand(corpus.inputs.length)] ?? one;
  return one.length <= other.length ? one : other;
}

let told = 0;
function tell(): void {
  told = Date.now();
  process.stdout.write(`#${execs} cov: ${coverage.places} corp: ${corpus.inputs.length}\n`);
}

const until = Date.now() + Number(seconds) * 1000;
// What a mutant adds is measured against what all seeds reach together.
for (const bytes of [...corpus.inputs]) {
  await run(bytes);
  coverage.isNew();
}
tell();
while (Date.now() < until) {
  for (let i = 0; i < STEP; i++) {
    const bytes = corpus.mutate(drawn());
    await run(bytes);
    if (coverage.isNew()) corpus.putBuffer(bytes);
  }
  if (Date.now() - told > 1000) tell();
  await new Promise((resolve) => setImmediate(resolve));
}
tell();
