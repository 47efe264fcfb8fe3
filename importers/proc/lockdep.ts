// The importer of /proc/lockdep: the graph of lock classes of a running kernel, with what each class was used in.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { lockFacts } from '../kernel-log/episodes/lock-facts.js';
import type { Source } from '../source.js';

/** kernel/locking/lockdep_proc.c l_show(): `ADDR OPS:n FD:  1 BD:  2 +.+.: name`; the counter only with DEBUG_LOCKDEP. */
const CLASS = /^([0-9a-f]{8,16}|\(\w+\))(?: OPS: *\d+)?(?: FD: *(\d+))?(?: BD: *(\d+))? ([-+.?]{2,8}): (.+)$/;
const DEPENDENCY = /^ -> \[([0-9a-f]{8,16}|\(\w+\))\] (.+)$/;

export const lockdepImporter: Importer = {
  id: 'lockdep',
  priority: 220,
  title: '/proc/lockdep: the graph of lock classes of a running kernel (docs/formats.md)',

  sniff(head) {
    return (
      /^all lock classes:/.test(head) ||
      /^[0-9a-f]{8,16} (?:OPS: *\d+ )?FD: *\d+ BD: *\d+ [-+.?]+: /m.test(head)
    );
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const episode = builder.episode({
      origin: 'trace',
      basis: 'aliased',
      assumes: ['the graph names classes: which objects were meant is not known'],
    });
    let current: { readonly name: string; readonly line: number; edges: number } | null = null;
    let no = 0;
    const lock = (name: string, instance: string) => {
      const { kind, single } = lockFacts(name, []);
      return builder.lock(builder.lockClass(name, kind, single), null, single ? name : `${name} ${instance}`);
    };
    for await (const batch of source.lines())
      for (const line of batch) {
        no++;
        const dependency = DEPENDENCY.exec(line);
        if (dependency !== null && current !== null) {
          builder.count('dependency');
          const to = dependency[2]!;
          const from = current.name;
          const edge = `${current.line} ${current.edges++}`;
          const task = builder.task(
            { name: `${from} -> ${to}`, pid: null, function: null, named: false, runs: 'task' },
            null,
          );
          const [outer, inner] = [lock(from, `outer ${edge}`), lock(to, `inner ${edge}`)];
          const about = { task, episode, known: 'reported' as const };
          builder.event({ ...about, kind: 'acquire', lock: outer, where: current.line });
          builder.event({ ...about, kind: 'acquire', lock: inner, where: no });
          builder.event({ ...about, kind: 'release', lock: inner, where: no });
          builder.event({ ...about, kind: 'release', lock: outer, where: no });
          continue;
        }
        const found = CLASS.exec(line);
        if (found !== null) {
          const [, , forward, backward, usage = '', name = ''] = found;
          builder.count('class');
          const { kind, single } = lockFacts(name, []);
          builder.lockClass(name, kind, single);
          current = { name, line: no, edges: 0 };
          builder.note({
            what: 'class-usage',
            where: no,
            text: `${name} {${usage}}`,
            facts: {
              class: name,
              usage,
              forward: forward === undefined ? null : Number(forward),
              backward: backward === undefined ? null : Number(backward),
            },
          });
        } else if (line.trim() !== '' && !/^(?:all lock classes:|#)/.test(line))
          builder.skips.count('chain_line_unreadable', no);
      }
  },
};
