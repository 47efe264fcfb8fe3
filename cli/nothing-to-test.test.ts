// End-to-end tests: recordings without any event of a lock are nothing to test, unless what was lost may have been of locks.
import { afterAll, describe, expect, it } from 'vitest';
import { Bench } from './spawned.laws.js';

const bench = new Bench();
afterAll(() => bench.remove());

const switchOn = (cpu: number, seconds: number, pid: number): string =>
  `            sh-${pid}     [00${cpu}] d..2.   ${seconds}.000001: sched_switch: prev_comm=sh prev_pid=${pid} prev_prio=120 prev_state=S ==> next_comm=swapper/${cpu} next_pid=0 next_prio=120`;
const TASKS_ONLY = ['# tracer: nop', '#', switchOn(0, 10, 101), switchOn(1, 11, 102), ''].join('\n');
const WITH_A_LOSS = TASKS_ONLY.replace('\n            sh-102', '\nCPU:1 [LOST 7 EVENTS]\n            sh-102');

describe('a recording without locks', () => {
  it.each(['check', 'import'])('is nothing to test for %s, which says how to record them', (command) => {
    const file = bench.write('tasks.txt', TASKS_ONLY);
    const { code, stderr } = bench.relock([command, '--db', 'a.db', file]);
    expect(code).toBe(4);
    expect(stderr).toContain('NO LOCK EVENTS IN THIS FILE');
    expect(stderr).toMatch(/^ {4}relock record$/m);
  });

  it('is open where something was lost', () => {
    const file = bench.write('loss.txt', WITH_A_LOSS);
    const { code, stdout } = bench.relock(['check', '--json', file]);
    expect(code).toBe(0);
    const { files } = JSON.parse(stdout) as { files: { verdict: string; complete: boolean }[] };
    expect(files.map(({ verdict, complete }) => [verdict, complete])).toEqual([['open', false]]);
  });
});
