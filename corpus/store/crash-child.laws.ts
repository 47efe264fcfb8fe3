// The process that crash.test.ts kills: imports, finds, triages and checkpoints without end, telling what it has done.
import { encodeCapture } from '../pack/pack.js';
import { at, captureNo, programNo, witnessOf } from './fixtures.laws.js';
import { openStore } from './open.js';

/** One round of everything that a user's commands store; `who` keeps the rounds of two writers apart. */
function round(path: string, who: number, n: number): void {
  const opened = openStore(path, { mode: 'write', busyTimeoutMs: 60_000 });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problem));
  const store = opened.store;
  const number = who * 1_000_000 + n;
  const capture = captureNo(number);
  store.atomically(() => {
    store.addCapture(capture, encodeCapture(capture), at(n));
    store.putPrograms([programNo(number, capture.id), programNo(number + 500_000, capture.id)]);
  });
  const witness = witnessOf({
    bug: number % 10,
    variant: number,
    steps: 1000 - (n % 900),
    captures: [capture.id],
  });
  const put = store.putWitness(witness, { campaign: 'night', at: at(n) });
  store.triage(put.show, n % 2 === 0 ? 'fixed' : 'reported', `round ${n}`, 'child', at(n));
  store.saveCheckpoint(
    `night-${who}`,
    {
      seed: 1,
      execs: n,
      steps: n,
      seconds: n * 20,
      features: n,
      seeds: n,
      newSignatures: n,
      model: 'kernel/2',
      state: new Uint8Array(10_000).fill(n),
    },
    at(n),
  );
  store.close();
}

const [path, who, first, last] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: crash-child PATH WHO FIRST LAST');
for (let n = Number(first); n <= Number(last); n++) {
  round(path, Number(who), n);
  process.stdout.write(`${n}\n`);
}
