// Bytes and time for an event in a stored capture, beside JSON lines of the same rows.

import { decodeCapture, encodeCapture } from '../corpus/pack/pack.js';
import type { Capture } from '../corpus/schema/capture.js';
import type { CaptureId } from '../corpus/schema/ids.js';
import { CaptureBuilder } from '../importers/builder.js';
import { type Bench, bestOf } from './bench.js';

function made(events: number): Capture {
  const builder = new CaptureBuilder();
  const episode = builder.episode({ origin: 'made', basis: 'recorded' });
  const tasks = Array.from({ length: 40 }, (_, i) =>
    builder.task(
      { name: `kworker/${i}:1`, pid: 100 + i, function: null, named: true, runs: 'task' },
      `t${i}`,
    ),
  );
  const mutex = builder.lockClass('&dev->mutex', 'mutex', false);
  const locks = Array.from({ length: 500 }, (_, i) =>
    builder.lock(mutex, (0xff11000000000000n + BigInt(i) * 64n).toString(16), `l${i}`),
  );
  const site = builder.site('device_release_driver_internal', [
    '__mutex_lock',
    'device_release_driver_internal',
  ]);
  for (let i = 0; i < events; i++)
    builder.event({
      kind: i % 2 === 0 ? 'acquire' : 'release',
      task: tasks[i % 40]!,
      episode,
      known: 'observed',
      where: i + 1,
      lock: locks[(i >> 1) % 500]!,
      site,
      cpu: i % 4,
      timeNs: BigInt(i) * 1000n,
    });
  return builder.finish({
    id: '0'.repeat(64) as CaptureId,
    file: 'made',
    bytes: 1,
    format: 'made',
    provenance: 'line',
  });
}

export const packSize: Bench = {
  name: 'pack-size',
  about: 'bytes and time for an event in a stored capture, beside JSON lines',
  async run() {
    const events = 200_000;
    const capture = made(events);
    let packed: Uint8Array = new Uint8Array();
    const write = await bestOf(3, () => {
      packed = encodeCapture(capture);
    });
    const read = await bestOf(3, () => decodeCapture(packed));
    const e = capture.events;
    let json = '';
    const rows = (): void => {
      const lines: string[] = [];
      for (let i = 0; i < events; i++)
        lines.push(
          JSON.stringify({
            kind: e.kind[i],
            task: e.task[i],
            lock: e.lock[i],
            mode: e.mode[i],
            site: e.site[i],
            peer: e.peer[i],
            cpu: e.cpu[i],
            context: e.context[i],
            known: e.known[i],
            episode: e.episode[i],
            timeNs: String(e.timeNs[i]),
            where: e.where[i],
          }),
        );
      json = lines.join('\n');
    };
    const jsonWrite = await bestOf(2, rows);
    const jsonRead = await bestOf(2, () => json.split('\n').map((line) => JSON.parse(line) as unknown));
    return [
      {
        title: `${events} events written`,
        unit: 'events/s',
        rows: [
          { who: 'relock pack', seconds: write, rate: events / write },
          { who: 'JSON lines', seconds: jsonWrite, rate: events / jsonWrite },
        ],
        notes: [
          `${(packed.length / events).toFixed(1)} bytes an event, ${(json.length / events).toFixed(1)} as JSON`,
        ],
      },
      {
        title: `${events} events read`,
        unit: 'events/s',
        rows: [
          { who: 'relock pack', seconds: read, rate: events / read },
          { who: 'JSON lines', seconds: jsonRead, rate: events / jsonRead },
        ],
        notes: [],
      },
    ];
  },
};
