// First seeds for the pack reader: packed captures of small sizes, made on the spot, since their form has a version.
import { encodeCapture } from '../corpus/pack/pack.js';
import type { CaptureId } from '../corpus/schema/ids.js';
import { CaptureBuilder } from '../importers/builder.js';

/** A few packed captures: empty, one event, and some with names of every length class of MessagePack. */
export function packSeeds(): Uint8Array[] {
  return [0, 1, 40].map((events) => {
    const builder = new CaptureBuilder();
    const episode = builder.episode({ origin: 'seed', basis: 'recorded' });
    for (let i = 0; i < events; i++) {
      const name = 'x'.repeat(i * 9);
      const task = builder.task(
        { name: `t${name}`, pid: i, function: null, named: true, runs: 'task' },
        `task ${i}`,
      );
      const lock = builder.lock(builder.lockClass(`&${name}`, 'mutex', false), `${i}`, `lock ${i}`);
      builder.event({ kind: 'acquire', task, lock, episode, known: 'observed', where: i, timeNs: BigInt(i) });
    }
    return encodeCapture(
      builder.finish({
        id: '0'.repeat(64) as CaptureId,
        file: 'seed',
        bytes: events,
        format: 'seed',
        provenance: 'line',
      }),
    );
  });
}
