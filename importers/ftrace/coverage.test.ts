// Tests of what a trace as text says of records that it does not have.
import { describe, expect, it } from 'vitest';
import { importSource } from '../import.js';
import { sourceOf } from '../source.js';

const waking = (cpu: number) =>
  `          bash-55      [000] d..2.    24.20${cpu}588: sched_waking: comm=a b pid=23 prio=120 target_cpu=00${cpu}\n`;
const switching = (cpu: number) =>
  `          bash-55      [00${cpu}] d..2.    24.202848: sched_switch: prev_comm=sh prev_pid=55 prev_prio=120 prev_state=R+ ==> next_comm=a b next_pid=23 next_prio=120\n`;

async function missing(text: string): Promise<Readonly<Record<string, number>>> {
  const imported = await importSource(sourceOf('x', Buffer.from(text)));
  if (!imported.ok) throw new Error(imported.problem.title);
  return Object.fromEntries(imported.capture.skipped.map((skip) => [skip.stat, skip.count]));
}

describe('records that are missing', () => {
  it('counts CPUs on which tasks were woken, and that have no records', async () => {
    const woken = waking(1) + waking(1);
    expect(await missing(switching(0) + woken)).toEqual({ cpus_missing: 1 });
    expect(await missing(switching(0) + woken + switching(1))).toEqual({});
    // One wake-up may be the last thing recorded, and without switches a CPU at work may be silent.
    expect(await missing(switching(0) + waking(1))).toEqual({});
    expect(await missing(woken)).toEqual({});
  });
});
