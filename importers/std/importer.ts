// The importer of STD traces, the text that RAPID and the deadlock predictors of the papers read: `T0|acq(L1)|23`.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { HEAD_CHARS, type Source } from '../source.js';
import { MAX_LINE_BYTES } from '../text-blocks.js';
import { StdScanner } from './scanner.js';

const LF = 10;
const EVENT = /^[^|]*\|(?:(?:acq|rel|req|r|w|fork|join|begin|end|enter|exit)\(.*\)|begin|end)(?:\|[^|]*)?$/;
/** Operations of other dialects: they neither speak for the form nor against it. */
const DIALECT = /^[^|]*\|\w+\(.*\)(?:\|[^|]*)?$/;
/** Lines of the head that are looked at. */
const SNIFFED = 200;

export const stdImporter: Importer = {
  id: 'std',
  priority: 150,
  title: 'STD trace of RAPID and the predictors: T0|acq(L1)|23 (docs/formats.md)',

  sniff(head) {
    const lines = head.split('\n', SNIFFED + 1);
    // The last line may be cut by the length of the head.
    if (lines.length > SNIFFED || head.length >= HEAD_CHARS) lines.pop();
    let events = 0;
    let others = 0;
    for (const line of lines) {
      const text = line.trimEnd();
      if (text === '' || text.startsWith('#')) continue;
      if (EVENT.test(text)) events++;
      else if (!DIALECT.test(text)) others++;
    }
    return events > 0 && others * 3 <= events;
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const episode = builder.episode({ origin: 'trace', basis: 'recorded' });
    const scanner = new StdScanner(builder, episode);
    let rest: Uint8Array = new Uint8Array(0);
    let tooLong = false;
    let first = true;
    for await (let chunk of source.briefBytes()) {
      if (first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) chunk = chunk.subarray(3);
      first = false;
      const end = chunk.lastIndexOf(LF) + 1;
      if (end === 0) {
        // A line that is too long is thrown away as it comes.
        if (tooLong || rest.length + chunk.length > MAX_LINE_BYTES) {
          tooLong = true;
          rest = new Uint8Array(0);
        } else rest = Buffer.concat([rest, chunk]);
        continue;
      }
      let begin = 0;
      if (tooLong || rest.length > 0) {
        begin = chunk.indexOf(LF) + 1;
        if (tooLong) scanner.longLine();
        else scanner.read(Buffer.concat([rest, chunk.subarray(0, begin)]), 0, rest.length + begin);
      }
      scanner.read(chunk, begin, end);
      rest = new Uint8Array(chunk.subarray(end));
      tooLong = false;
    }
    if (tooLong) scanner.longLine();
    else if (rest.length > 0) scanner.read(Buffer.concat([rest, Uint8Array.of(LF)]), 0, rest.length + 1);
    scanner.end();
  },
};
