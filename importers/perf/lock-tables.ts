// The importer of the tables of `perf lock contention` and `perf lock report`: who waited how long, as annotations.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { TRIGGER } from '../kernel-log/headlines.js';
import { looksLikeMail } from '../mail/mail.js';
import type { Source } from '../source.js';

/** tools/perf/builtin-lock.c: what the last columns of `perf lock contention` are, by option: none, -t, -l, -o. */
const CONTENTION =
  /^[> |\t]*contended +total wait +max wait +avg wait +(type +caller|pid +comm|address +symbol|pid +owner)\s*$/;
/** `perf lock report`; until 5.18 with the unit in the heads. */
const REPORT =
  /^[> |\t]*Name +acquired +contended +avg wait(?: \(ns\))? +total wait(?: \(ns\))? +max wait(?: \(ns\))? +min wait(?: \(ns\))?\s*$/;

/** What stands further right is no part of a table. */
const MOST_LINE = 400;

const TIME = '(\\d+(?:\\.\\d+)?) (ns|us|ms|s|m|h)';
const WAITED = new RegExp(`^[> |\\t]*(\\d+) +${TIME} +${TIME} +${TIME} +(\\S+)(?: +(\\S.*?))?\\s*$`);
const LOCK = new RegExp(
  `^[> |\\t]*(\\S.*?) +(\\d+) +(\\d+) +${TIME} +${TIME} +${TIME} +${TIME}\\s*$`.replaceAll(
    ' (ns|us|ms|s|m|h)',
    '(?: (ns|us|ms|s|m|h))?',
  ),
);
/** With -v each row has its call chain below it; frames of programs may have no name. */
const FRAME = /^[> |\t]*[ \t]0x[0-9a-f]+(?:\s+([A-Za-z_.$][\w.$]*)|\s*$)/;
/** Diagnostics behind a table. */
const BAD = /^[> |\t]*bad: (\d+), total: (\d+)/;
const CHATTER =
  /^[> |\t]*(?:=== output for debug|bad rate:|histogram of |(?:acquire|acquired|contended|release|task|stack|time|data): \d+\s*$)/;

const NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds as printed: perf rounds to two digits. */
function ns(value: string | undefined, unit: string | undefined): number {
  return Math.round(Number(value) * (NS[unit ?? 'ns'] ?? 1));
}

type Facts = Record<string, string | number | null>;

/** What stands behind the times, by the head of the table. */
function whoWaited(
  columns: string,
  first: string,
  rest: string,
): { readonly text: string; readonly facts: Facts } {
  const [head = '', tail = ''] = columns.split(/ +/);
  if (tail === 'caller') {
    const site = /^[A-Za-z_.$][\w.$]*/.exec(rest)?.[0] ?? null;
    return {
      text: `${first} in ${rest || 'an unknown place'}`,
      facts: { role: 'waiter', type: first, site },
    };
  }
  if (head === 'address') {
    // `-l` prints `rq_lock (spinlock)`, the symbol may be missing.
    const found = /^(.*?)\s*(?:\(([\w:-]+)\))?$/.exec(rest);
    const symbol = found?.[1] === undefined || found[1] === '' ? null : found[1];
    return {
      text: `lock ${symbol ?? first}`,
      facts: { role: 'lock', address: first, symbol, type: found?.[2] ?? null },
    };
  }
  const pid = /^-?\d+$/.test(first) ? Number(first) : null;
  const role = tail === 'owner' ? 'holder' : 'waiter';
  return {
    text: `${role === 'holder' ? 'held by' : 'waits of'} ${rest} ${first}`,
    facts: { role, pid, task: rest },
  };
}

interface Row {
  readonly where: number;
  readonly text: string;
  readonly facts: Facts;
  readonly frames: string[];
}

class TableReader {
  readonly #builder: CaptureBuilder;
  /** Columns of the table at hand, `report`, or null outside of one. */
  #table: string | null = null;
  #row: Row | null = null;
  /** Outside of a table other text is not ours. */
  #rows = 0;

  constructor(builder: CaptureBuilder) {
    this.#builder = builder;
  }

  line(raw: string, where: number): void {
    const line = raw.length > MOST_LINE ? raw.slice(0, MOST_LINE) : raw;
    const contention = CONTENTION.exec(line)?.[1];
    if (contention !== undefined || REPORT.test(line)) {
      this.end();
      this.#table = contention ?? 'report';
      this.#rows = 0;
      return;
    }
    const { skips } = this.#builder;
    const bad = BAD.exec(line);
    if (bad !== null) {
      this.end();
      this.#table = null;
      if (Number(bad[1]) > 0) skips.count('perf_sequences_broken', where, Number(bad[1]));
      return;
    }
    if (this.#table === null) return;
    const frame = FRAME.exec(line);
    if (frame !== null && this.#row !== null) {
      if (frame[1] !== undefined) this.#row.frames.push(frame[1]);
      return;
    }
    this.end();
    if (/^[> |\t]*$/.test(line)) {
      // One empty line stands between the head and the rows.
      if (this.#rows > 0) this.#table = null;
      return;
    }
    // Behind the rows of a table other text may follow at once; a row that was cut still begins with its number.
    const isOver = this.#table !== 'report' && this.#rows > 0 && !/^[> |\t]*\d/.test(line);
    if (isOver || CHATTER.test(line)) {
      this.#table = null;
      return;
    }
    this.#row = this.#table === 'report' ? this.#lock(line, where) : this.#waits(this.#table, line, where);
    if (this.#row === null) skips.count('perf_line_unreadable', where);
    else this.#rows++;
  }

  #waits(columns: string, line: string, where: number): Row | null {
    const found = WAITED.exec(line);
    if (found === null) return null;
    const [, times, total, totalUnit, most, mostUnit, average, averageUnit, first = '', rest = ''] = found;
    const who = whoWaited(columns, first, rest);
    this.#builder.count('contention row');
    return {
      where,
      text: `${who.text}: ${times} waits, ${total} ${totalUnit} in all, longest ${most} ${mostUnit}`,
      facts: {
        ...who.facts,
        times: Number(times),
        wait_total_ns: ns(total, totalUnit),
        wait_max_ns: ns(most, mostUnit),
        wait_avg_ns: ns(average, averageUnit),
      },
      frames: [],
    };
  }

  #lock(line: string, where: number): Row | null {
    const found = LOCK.exec(line);
    if (found === null) return null;
    const [, name = '', acquired, contended, avg, avgUnit, total, totalUnit, max, maxUnit, min, minUnit] =
      found;
    this.#builder.count('report row');
    return {
      where,
      text: `${name}: acquired ${acquired} times, ${contended} waits, longest ${ns(max, maxUnit)} ns`,
      facts: {
        role: 'lock',
        class: name,
        acquired: Number(acquired),
        times: Number(contended),
        wait_total_ns: ns(total, totalUnit),
        wait_max_ns: ns(max, maxUnit),
        wait_min_ns: ns(min, minUnit),
        wait_avg_ns: ns(avg, avgUnit),
      },
      frames: [],
    };
  }

  /** Hands over the row at hand. */
  end(): void {
    const row = this.#row;
    if (row === null) return;
    this.#row = null;
    const { where, text, facts, frames } = row;
    this.#builder.note({
      what: 'contention',
      where,
      text,
      facts: frames.length === 0 ? facts : { ...facts, frames: frames.join(' < ') },
    });
  }
}

export const perfLockImporter: Importer = {
  id: 'perf-lock',
  priority: 270,
  title: 'tables of perf lock contention and perf lock report, as annotations (docs/formats.md)',

  sniff(head) {
    // A log or a mail with reports in it says more than a table that it quotes.
    TRIGGER.lastIndex = 0;
    if (looksLikeMail(head) || TRIGGER.test(head)) return false;
    return head.split('\n').some((raw) => {
      const line = raw.slice(0, MOST_LINE);
      return CONTENTION.test(line) || REPORT.test(line);
    });
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const reader = new TableReader(builder);
    let no = 0;
    for await (const batch of source.lines()) for (const line of batch) reader.line(line, ++no);
    reader.end();
  },
};
