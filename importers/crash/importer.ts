// The importer of sessions of crash(8) and drgn on a dump: stacks, states, owners of mutexes.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { LogSink } from '../kernel-log/read-log.js';
import { looksLikeMail } from '../mail/mail.js';
import type { Source } from '../source.js';

const SIGNS =
  /^[> ]*PID: *\d+ +TASK: *[0-9a-f]{4,16} *(?:\[\w\])? *CPU: *\d+!? +COMMAND:|^[> ]*crash(?:-\w+)?> |^[> ]*Mutex: 0x[0-9a-f]+|^ *DUMPFILE: \S|^>>> .*\bstack_trace\(/m;

export const crashImporter: Importer = {
  id: 'crash',
  priority: 300,
  title: 'crash(8) or drgn session: bt, foreach bt, ps, struct mutex, owners and waiters (docs/formats.md)',

  sniff(head) {
    return SIGNS.test(head) && !looksLikeMail(head);
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const sink = new LogSink(builder, true);
    for await (const block of source.blocks()) sink.block(block);
    sink.end();
  },
};
