// Tests of what reports say about the machine: architecture by its own marks, drivers by modules and functions.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../corpus/schema/report.js';
import { MachineHints } from './platform.js';
import { reportOf } from './report-draft.js';

const hints = (...lines: readonly string[]): MachineHints => {
  const machine = new MachineHints();
  for (const line of lines) machine.note(line);
  return machine;
};
const withFrames = (...frames: readonly string[]): Report =>
  reportOf({ kind: 'hung-task', line: 1, title: 'x', backtrace: frames });

describe('MachineHints', () => {
  it.each([
    ['x86_64', 'RIP: 0033:0x47b7a0'],
    ['x86_64', ' entry_SYSCALL_64_after_hwframe+0x4b/0x53'],
    ['x86_64', ' [<ffffffff8163a909>] __schedule+0x2d9/0x900'],
    ['s390x', ' [<000003ffe0502c70>] __schedule+0x380/0x958 '],
    ['s390x', 'Hardware name: IBM 8561 T01 703 (LPAR)'],
    ['arm64', ' el0t_64_sync_handler+0x84/0x128'],
    ['arm64', 'pc : queued_spin_lock_slowpath+0x78/0x480'],
    ['ppc64', '[c000000095a24ad5] [c0000000016fc34d] __schedule+0x108/0x18c'],
    ['ppc64', 'NIP [c0000000000a1234] foo+0x1/0x2'],
    ['riscv64', 'epc : __schedule+0x10/0x20'],
    ['arm', '[<80c1e5e8>] (__schedule) from [<80c1eb20>] (schedule+0x60/0xfc)'],
  ])('%s by %s', (arch, line) => {
    expect(hints(line).arch(null)).toBe(arch);
  });

  it('goes by the release where nothing else tells', () => {
    expect(hints('nothing').arch('6.1.0-13-amd64')).toBe('x86_64');
    expect(hints('nothing').arch('5.14.0-70.el9.s390x')).toBe('s390x');
    expect(hints('nothing').arch('6.12.0')).toBeNull();
  });

  it('takes the architecture that most lines speak for', () => {
    const arm = ' el0_svc+0x1/0x2';
    expect(hints(' [<ffffffff8163a909>] foo+0x2d9/0x900', arm, arm).arch(null)).toBe('arm64');
  });

  it.each([
    [['intel-xe'], [' xe_pm_runtime_get+0x1/0x2 [xe]'], []],
    [['intel-xe'], [' foo+0x1/0x2 [xe 0123456789abcdef]'], []],
    [['intel-i915'], [], ['i915_driver_remove']],
    [['nouveau'], [], ['nouveau_bo_pin']],
    [['nvidia'], [' mlx5_unload_one+0x1/0x2 [mlx5_core]'], []],
    [['nvidia'], [' os_acquire_mutex+0x1/0x2 [nvidia]'], []],
    [['s390'], [' [<000003ffe0502c70>] foo+0x380/0x958'], ['zpci_deconfigure_device']],
    [[], [' [<ffffffff8163a909>] __schedule+0x2d9/0x900'], ['css_killed_work_fn', 'kthread']],
  ])('%j by %j and %j', (tags, lines, frames) => {
    expect(hints(...lines).platforms([withFrames(...frames)], null)).toEqual(tags);
  });
});
