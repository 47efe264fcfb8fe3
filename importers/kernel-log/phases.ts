// Markers that test suites write into the kernel log, as phases in time: `[IGT] kms_flip: starting subtest basic`.
import type { CaptureBuilder } from '../builder.js';
import type { TextBlock } from '../text-blocks.js';
import { peelLine } from './prefix.js';

const MARK = '[IGT] ';
/** igt-gpu-tools lib/igt_core.c. A mail client may have cut the name of the subtest off. */
const PHASE =
  /^\[IGT\] ([\w.@+-]{1,200}): (?:(executing)|(starting|finished) (dynamic )?subtest(?: ([^\s,]{1,300}))?(?:, ([A-Z-]+))?|(exiting), ret=(-?\d{1,9}))\s*$/;
/** Markers that are kept in mind to tell a second telling of the same log (dmesg and journal in one file). */
const MOST_KNOWN = 100_000;

/** Notes the phases of one log, each once. */
export class PhaseNotes {
  readonly #builder: CaptureBuilder;
  readonly #seen = new Set<string>();

  constructor(builder: CaptureBuilder) {
    this.#builder = builder;
  }

  block(block: TextBlock): void {
    if (!block.text.includes(MARK)) return;
    block.text.split('\n').forEach((raw, i) => {
      if (raw.includes(MARK)) this.#line(raw, block.firstLine + i);
    });
  }

  #line(raw: string, where: number): void {
    for (const { text, timeNs } of peelLine(raw, where)) {
      const found = PHASE.exec(text.trim());
      if (found === null) continue;
      const [, test = '', executing, edge, dynamic, subtest, result, exiting, ret] = found;
      const timeUs = timeNs === null ? null : Number(timeNs / 1_000n);
      const key = `${timeUs} ${text.trim()}`;
      if (timeUs !== null && this.#seen.has(key)) continue;
      if (timeUs !== null && this.#seen.size < MOST_KNOWN) this.#seen.add(key);
      this.#builder.count('phase');
      this.#builder.note({
        what: 'phase',
        where,
        timeUs,
        clock: timeUs === null ? null : 'boot',
        text: text.trim(),
        facts: {
          suite: 'igt',
          test,
          phase: executing ?? edge ?? exiting ?? '',
          ...(edge === undefined ? {} : { subtest: subtest ?? null, dynamic: dynamic === undefined ? 0 : 1 }),
          ...(result === undefined ? {} : { result }),
          ...(ret === undefined ? {} : { ret: Number(ret) }),
        },
      });
    }
  }
}
