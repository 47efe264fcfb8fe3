// Reads a text for listings of stacks: sessions of crash(8) and drgn, and stacks from /proc/PID/stack.
import type { Report } from '../../corpus/schema/report.js';
import { peelLine } from '../kernel-log/prefix.js';
import type { TextBlock } from '../text-blocks.js';
import { DebuggerSession } from './debugger.js';
import { ProcStacks } from './proc-stacks.js';

/** What only listings have, in raw text: a block without it is passed over, unless a listing goes on in it. */
const DEBUGGER = /PID: *\d+ +TASK: *[0-9a-f]|crash> |^Mutex: 0x|^>>> .*stack_trace/m;
const PROC = /\[<0>\] |\/proc\/\d+\/(?:task\/\d+\/)?stack\b/;
/** In a log or mail nobody pastes more; a whole listing has its own importer. */
const MAX_CHARS = 1 << 22;

/** What a text's listings say. */
export interface Listings {
  readonly reports: readonly Report[];
  readonly modules: ReadonlySet<string>;
  readonly kernel: string | null;
  readonly machine: string | null;
  /** What was read, by name: `bt`, `ps`, `mutex`, `proc stack`. */
  readonly counts: ReadonlyMap<string, number>;
}

export class ListingReader {
  readonly #session = new DebuggerSession();
  readonly #proc = new ProcStacks();
  readonly #whole: boolean;
  #chars = 0;
  #debugging = false;
  #listing = false;

  /** `whole`: the file is a listing; else a log or mail that may quote one. */
  constructor(whole: boolean) {
    this.#whole = whole;
  }

  block(block: TextBlock): void {
    if (!this.#whole && this.#chars > MAX_CHARS) return;
    this.#chars += block.text.length;
    const debugging = this.#whole || DEBUGGER.test(block.text);
    const listing = PROC.test(block.text);
    if (!debugging && !this.#debugging && !listing && !this.#listing) return;
    const [toSession, toProc] = [debugging || this.#debugging, listing || this.#listing];
    // A stack may go on in the next block, and no further where nothing of its kind is met.
    this.#debugging = debugging;
    this.#listing = listing;
    let no = block.firstLine;
    for (const raw of block.text.split('\n')) {
      if (raw.length < 1_000)
        for (const line of peelLine(raw, no)) {
          if (toSession && this.#session.line(line)) continue;
          if (toProc) this.#proc.line(line);
        }
      no++;
    }
  }

  end(): Listings {
    const stacks = this.#proc.stacks;
    const told = (report: Report): boolean =>
      this.#whole || report.blocked.length > 0 || report.held.length > 0;
    const counts = new Map(this.#session.counts);
    if (stacks > 0) counts.set('proc stack', stacks);
    return {
      reports: [...this.#session.end(), ...this.#proc.end()].filter(told),
      modules: new Set([...this.#session.modules, ...this.#proc.modules]),
      kernel: this.#session.kernel,
      machine: this.#session.machine,
      counts,
    };
  }
}
