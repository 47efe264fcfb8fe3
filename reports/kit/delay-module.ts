// The kernel module of the reproducer kit: busy-waits where a named function is about to call a named lock function.
import type { DelayPoint } from './kit.js';

/**
 * C source for the points. A return probe's entry handler runs before the lock function does, and knows who called
 * it (`ri->ret_addr`) on every architecture. Handlers may not sleep, hence mdelay.
 */
export function delayModule(points: readonly DelayPoint[]): string[] {
  const functions = [...new Set(points.map((point) => point.acquire))];
  const handlers = functions.flatMap((acquire) => handlerOf(acquire, points));
  return [
    '// SPDX-License-Identifier: GPL-2.0',
    '#include <linux/module.h>',
    '#include <linux/kprobes.h>',
    '#include <linux/delay.h>',
    '#include <linux/kallsyms.h>',
    '',
    'static unsigned int delay_ms = 500;',
    'module_param(delay_ms, uint, 0644);',
    '',
    'static int hold_up(struct kretprobe_instance *ri, const char *const *sites)',
    '{',
    '\tchar caller[KSYM_SYMBOL_LEN];',
    '',
    '\tsnprintf(caller, sizeof(caller), "%ps", (void *)ri->ret_addr);',
    '\tfor (; *sites; sites++)',
    '\t\tif (!strcmp(caller, *sites)) {',
    '\t\t\tpr_info("relock: %s/%d held up in %s\\n", current->comm,',
    '\t\t\t\tcurrent->pid, caller);',
    '\t\t\tmdelay(delay_ms);',
    '\t\t}',
    '\treturn 1; /* the return itself is of no interest */',
    '}',
    '',
    ...handlers,
    'static struct kretprobe *probes[] = {',
    ...functions.map((name) => `\t&probe_${name},`),
    '};',
    '',
    'static int __init relock_delay_init(void)',
    '{',
    '\treturn register_kretprobes(probes, ARRAY_SIZE(probes));',
    '}',
    '',
    'static void __exit relock_delay_exit(void)',
    '{',
    '\tunregister_kretprobes(probes, ARRAY_SIZE(probes));',
    '}',
    '',
    'module_init(relock_delay_init);',
    'module_exit(relock_delay_exit);',
    'MODULE_DESCRIPTION("widens the window of one deadlock");',
    'MODULE_LICENSE("GPL");',
  ];
}

/** With lockdep these are macros of another function (include/linux/mutex.h, rtmutex.h). */
const NESTED: Readonly<Record<string, string>> = {
  mutex_lock: 'mutex_lock_nested',
  rt_mutex_lock: 'rt_mutex_lock_nested',
};

function handlerOf(acquire: string, points: readonly DelayPoint[]): string[] {
  const sites = points.filter((point) => point.acquire === acquire).map((point) => point.site);
  const nested = NESTED[acquire];
  return [
    `static const char *const sites_${acquire}[] = {`,
    ...sites.map((site) => `\t"${site}",`),
    '\tNULL',
    '};',
    '',
    `static int at_${acquire}(struct kretprobe_instance *ri,`,
    '\t\tstruct pt_regs *regs)',
    '{',
    `\treturn hold_up(ri, sites_${acquire});`,
    '}',
    '',
    `static struct kretprobe probe_${acquire} = {`,
    ...(nested === undefined
      ? [`\t.kp.symbol_name = "${acquire}",`]
      : [
          '#ifdef CONFIG_DEBUG_LOCK_ALLOC',
          `\t.kp.symbol_name = "${nested}",`,
          '#else',
          `\t.kp.symbol_name = "${acquire}",`,
          '#endif',
        ]),
    `\t.entry_handler = at_${acquire},`,
    '\t.maxactive = 64,',
    '};',
    '',
  ];
}
