// The importer of ftrace text in all its layouts and of `trace-cmd report` text.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import type { Source } from '../source.js';
import { Head, readDefaultHead, readLatencyHead, readVerboseHead } from './head.js';
import { TraceTextReader } from './reader.js';

const HEADER = /^# tracer: [\w-]+\s*$|^cpus=\d+\s*$/m;
/** Lines at the top that are looked at where no header stands. */
const LOOK_AT = 60;

function looksLikeRecords(head: string): boolean {
  const record = new Head();
  let records = 0;
  let others = 0;
  for (const raw of head.split('\n').slice(0, LOOK_AT)) {
    const line = raw.trimEnd();
    if (line === '' || line.startsWith('#') || /^\s?=> /.test(line) || line.startsWith('CPU:')) continue;
    if (
      readDefaultHead(record, line, 0, line.length) ||
      readLatencyHead(record, line, 0, line.length) ||
      readVerboseHead(record, line, 0, line.length)
    )
      records++;
    else others++;
  }
  return records > 0 && records >= others;
}

export const ftraceImporter: Importer = {
  id: 'ftrace',
  priority: 250,
  title: 'ftrace text: trace, trace_pipe, per_cpu traces, all tracers and options; trace-cmd report',

  sniff(head) {
    const top = head.slice(0, 4096);
    const header = HEADER.exec(top);
    // A header somewhere in prose is no recording: only comments may stand before it.
    if (header !== null && /^(?:#.*\n|\s*\n|version = \d+\n)*$/.test(top.slice(0, header.index))) return true;
    return looksLikeRecords(head);
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const reader = new TraceTextReader(builder);
    for await (const block of source.byteBlocks()) {
      if (block.bytes === null) reader.block(block.text, block.firstLine);
      else block.lines = reader.bytes(block.bytes, block.firstLine);
    }
    reader.finish();
  },
};
