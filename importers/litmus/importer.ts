// The importer of litmus texts: the programs that a file or mail carries outright.
import { parseLitmusFiles } from '../../corpus/text/litmus.js';
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import type { Source } from '../source.js';

/** A file of programs is written by people; what lies behind this many characters is not read. */
const MAX_CHARS = 16 << 20;

export const litmusImporter: Importer = {
  id: 'litmus',
  priority: 100,
  title: 'litmus text: a program with its locks, tasks and schedule, alone or in a mail (docs/litmus.md)',

  sniff(head) {
    // Another version, or a text without a name, is told as such and not as an unknown file.
    return /^[>|\s]*litmus (?:1 \S|\d+(?: \S+)?\s*$)/m.test(head);
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    let text = '';
    for await (const block of source.blocks()) {
      if (text.length >= MAX_CHARS) continue;
      text = text === '' ? block.text : `${text}\n${block.text}`;
    }
    for (const file of parseLitmusFiles(text)) {
      if (file.ok) {
        builder.program(file.value.program);
        builder.count('program');
      } else {
        for (const problem of file.problems) builder.skips.count('litmus_line_unreadable', problem.line);
      }
    }
  },
};
