// The importer of stacks that were read from /proc/PID/stack.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { TRIGGER } from '../kernel-log/headlines.js';
import { LogSink } from '../kernel-log/read-log.js';
import { looksLikeMail } from '../mail/mail.js';
import type { Source } from '../source.js';

const FRAME = /^\[<(?:0x)?0+>\] [A-Za-z_][\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+/gm;
/** Fewer frames than these are a quotation in some other text. */
const LEAST_FRAMES = 2;

export const procStackImporter: Importer = {
  id: 'proc-stack',
  priority: 310,
  title: 'stacks from /proc/PID/stack, each behind the line that names its task (docs/formats.md)',

  sniff(head) {
    TRIGGER.lastIndex = 0;
    if (looksLikeMail(head) || TRIGGER.test(head)) return false;
    return (head.match(FRAME)?.length ?? 0) >= LEAST_FRAMES;
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const sink = new LogSink(builder);
    for await (const block of source.blocks()) sink.block(block);
    sink.end();
  },
};
