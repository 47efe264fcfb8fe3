// The importer of /proc/lock_stat: who waited for whom, how often and how long, as annotations.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import type { Source } from '../source.js';

/** kernel/locking/lockdep_proc.c seq_stats(): the name right-aligned before a colon, then twelve numbers (four in old kernels less). */
const COLUMNS = [
  'con_bounces',
  'contentions',
  'wait_min_us',
  'wait_max_us',
  'wait_total_us',
  'wait_avg_us',
  'acq_bounces',
  'acquisitions',
  'hold_min_us',
  'hold_max_us',
  'hold_total_us',
  'hold_avg_us',
] as const;
const CLASS = /^ *(\S.*?): +((?:\d{1,20}(?:\.\d{1,9})? +){11}\d{1,20}(?:\.\d{1,9})?) *$/;
const POINT =
  /^ *(\S.*?) +(\d{1,20}) +\[<[0-9a-f()_a-z]+>\] ([A-Za-z_.][\w.]*)(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?/;
const RULE = /^ *-{4,}$/;

export const lockStatImporter: Importer = {
  id: 'lock-stat',
  priority: 230,
  title: '/proc/lock_stat: contention by class with the places of waiters and holders (docs/formats.md)',

  sniff(head) {
    return /^lock_stat version \d/m.test(head);
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    let no = 0;
    let lockClass: string | null = null;
    /** Rules seen behind the class: waiters stand behind the first, those they waited for behind the second. */
    let rules = 0;
    for await (const batch of source.lines())
      for (const line of batch) {
        no++;
        if (line.includes('lock debugging disabled')) builder.skips.count('lock_stat_disabled', no);
        if (RULE.test(line) && line.trimStart().length < 120) {
          rules++;
          continue;
        }
        const stats = CLASS.exec(line);
        if (stats !== null) {
          // `-W` and `-R` are added for classes that were taken for reading too.
          const name = stats[1]!;
          if (lockClass === null || name.replace(/-[RW]$/, '') !== lockClass) rules = 0;
          lockClass = name.replace(/-[RW]$/, '');
          const numbers = stats[2]!.trim().split(/ +/).map(Number);
          builder.count('class');
          builder.note({
            what: 'lock-stat',
            where: no,
            text: `${name}: ${numbers[1]} contentions, longest wait ${numbers[3]} us, longest hold ${numbers[9]} us`,
            facts: {
              class: lockClass,
              mode: /-R$/.test(name) ? 'read' : 'exclusive',
              ...Object.fromEntries(COLUMNS.map((column, i) => [column, numbers[i]!])),
            },
          });
          continue;
        }
        const point = POINT.exec(line);
        if (point === null || lockClass === null || rules === 0) continue;
        const role = rules === 1 ? 'waiter' : 'holder';
        builder.count(`contention ${role}`);
        builder.note({
          what: 'contention',
          where: no,
          text: `${lockClass}: ${role === 'waiter' ? 'waited for' : 'held'} in ${point[3]}, ${point[2]} times`,
          facts: { class: lockClass, role, times: Number(point[2]), site: point[3]! },
        });
      }
  },
};
