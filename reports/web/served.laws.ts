// A database with a witness of each kind and of hostile names, and the application over it, for the tests of pages.
import type { Hono } from 'hono';
import { encodeCapture } from '../../corpus/pack/pack.js';
import type { Signature, WitnessId } from '../../corpus/schema/ids.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { at, captureNo, hashOf, programNo } from '../../corpus/store/fixtures.laws.js';
import { openStore } from '../../corpus/store/open.js';
import type { Store } from '../../corpus/store/store.js';
import { classic, EXAMPLE_NAMES, EXAMPLES, explainInput } from '../examples.laws.js';
import { type ExplainInput, explain } from '../explain.js';
import { HOSTILE } from '../hostile.laws.js';
import { createApp } from './app.js';

export interface ServedStore {
  readonly app: Hono;
  readonly store: Store;
  readonly witnesses: readonly Witness[];
  close(): void;
}

/** Fills a new database at `path`. */
export function servedStore(path: string): ServedStore {
  const opened = openStore(path, { mode: 'write' });
  if (!opened.ok) throw new Error(opened.problem.title);
  const { store } = opened;
  const inputs = new Map<string, ExplainInput>();
  const witnesses: Witness[] = [];
  const hostileName = HOSTILE[0] as string;
  const capture = {
    ...captureNo(1),
    file: `logs/${hostileName}`,
    kernel: hostileName,
    platform: ['s390', hostileName],
  };
  store.addCapture(capture, encodeCapture(capture), at(0));
  store.putPrograms([programNo(0, capture.id)]);
  const put = (input: ExplainInput, n: number) => {
    const witness = { ...input.witness, captures: [capture.id] };
    store.putWitness(witness, { campaign: 'night', at: at(n) });
    inputs.set(witness.id, { ...input, witness });
    witnesses.push(witness);
  };
  for (const [i, name] of EXAMPLE_NAMES.entries()) put(explainInput(classic(EXAMPLES[name])), i + 1);
  for (const [i, name] of HOSTILE.entries()) put(hostile(name, i), 20 + i);
  const [first] = witnesses;
  store.triage(first?.id ?? '', 'reported', 'sent https://lore.kernel.org/r/x', hostileName, at(50));
  store.saveCheckpoint(
    hostileName,
    {
      seed: 1,
      execs: 5,
      steps: 9,
      seconds: 61,
      features: 3,
      seeds: 1,
      newSignatures: 1,
      model: 'kernel/2',
      state: new Uint8Array(1),
    },
    at(60),
  );
  const app = createApp({
    store,
    explain: (witness) => explain({ ...(inputs.get(witness.id) as ExplainInput), witness }),
    runQuery: async (sql, parameters) => store.queryReadOnly(sql, parameters, { maxRows: 100 }),
    where: path,
  });
  return { app, store, witnesses, close: () => store.close() };
}

/** The seed's witness with every name of a class, site and log made of `name`. */
function hostile(name: string, n: number): ExplainInput {
  const input = explainInput(classic(EXAMPLES.seed));
  const litmus = input.witness.litmus.replace('litmus 1 ', `litmus 1 hostile-${n}-`);
  const hold = { lock: 'A', class: name, mode: 'exclusive' as const, site: name };
  return {
    ...input,
    program: {
      ...input.program,
      locks: input.program.locks.map((lock) => ({ ...lock, class: `${name} ${lock.id}` })),
      tasks: input.program.tasks.map((task) => ({
        ...task,
        body: task.body.map((op) => ({ ...op, site: name })),
      })),
    },
    witness: {
      ...input.witness,
      id: hashOf(litmus).slice(0, 12) as WitnessId,
      signature: hashOf(`hostile ${n}`).slice(0, 12) as Signature,
      litmus,
      cycle: [name, `${name} 2`],
      assumes: [name],
      ruledOut: [name],
      bystanders: [name],
      tasks: input.witness.tasks.map((task) => ({ ...task, holds: [hold], wants: hold })),
    },
  };
}
