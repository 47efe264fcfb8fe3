// relock export: what the database holds, in forms for other tools.
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import type { Capture } from '../../corpus/schema/capture.js';
import type { EventColumns } from '../../corpus/schema/event.js';
import type { Store } from '../../corpus/store/store.js';
import { ndjsonText } from '../../corpus/text/ndjson.js';
import { noLosses, stdText } from '../../corpus/text/std.js';
import { junit } from '../../reports/ci/junit.js';
import { ktap } from '../../reports/ci/ktap.js';
import { mailForm } from '../../reports/mail/mail.js';
import { csv } from '../../reports/text/csv.js';
import { page } from '../../reports/text/layout.js';
import { explanationOf } from '../explaining.js';
import { campaignFile } from '../export-campaign.js';
import { campaignPlot } from '../export-plot.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, nearest, Trouble, usage } from '../trouble.js';

/** Each thing that can be exported: its text, and what it is called as JSON. */
const EXPORTS = {
  captures: (store) => json({ schema: 'relock.captures/1', captures: wholeCaptures(store) }),
  witnesses: (store) => json({ schema: 'relock.ls/1', witnesses: store.witnesses() }),
  mbox: (store) =>
    store
      .witnesses()
      .map((witness) => mboxMessage(page(mailForm(explanationOf(store, witness)))))
      .join(''),
  litmus: (store) =>
    store
      .witnesses()
      .map((witness) => `# ${witness.id}\n${witness.litmus.trimEnd()}\n\n`)
      .join(''),
  plots: (store) => coverage(store),
  junit: (store) => junit(store.witnesses()),
  ktap: (store) => ktap(store.witnesses()),
} as const satisfies Record<string, (store: Store) => string>;

/** What is written of one capture, in pieces, since it may be larger than a string. */
const OF_ONE_CAPTURE = {
  std: (session, capture) => std(session, capture),
  ndjson: (_session, capture) => ndjsonText(capture),
} as const satisfies Record<string, (session: Session, capture: Capture) => Iterable<string>>;

/** What is written of one campaign: the named one, or the one that was worked on last. */
const OF_ONE_CAMPAIGN = {
  plot: (store, name) => [campaignPlot(store, name)],
  campaign: (store, name) => [campaignFile(store, name)],
} as const satisfies Record<
  string,
  (store: Store, name: string | undefined) => Iterable<string> | Iterable<Uint8Array>
>;

type What = keyof typeof EXPORTS | keyof typeof OF_ONE_CAPTURE | keyof typeof OF_ONE_CAMPAIGN;
const WHATS = [
  ...Object.keys(EXPORTS),
  ...Object.keys(OF_ONE_CAPTURE),
  ...Object.keys(OF_ONE_CAMPAIGN),
] as What[];

export async function run(session: Session): Promise<ExitCode> {
  const [word = ''] = session.args;
  const what = WHATS.find((known) => known === word);
  if (what === undefined)
    throw usage(
      `I cannot export "${word}": I can export ${WHATS.join(', ')}.`,
      `relock export ${nearest(word, WHATS) ?? 'witnesses'}`,
    );
  const output = session.text('output');
  if (output !== null && output !== '-' && existsSync(output))
    throw new Trouble(
      {
        title: 'THE FILE EXISTS',
        facts: ['Nothing was touched: relock overwrites no file.'],
        next: `relock export ${what} > ${output}`,
      },
      output,
    );
  const store = await session.store('read');
  if (what === 'std' || what === 'ndjson')
    return writeChunks(
      session,
      what,
      output,
      OF_ONE_CAPTURE[what](session, oneCapture(session, store, what)),
    );
  if (what === 'campaign' && (output === null || output === '-') && (session.json || process.stdout.isTTY))
    throw new Trouble(
      {
        title: 'A CAMPAIGN IS BYTES, NOT TEXT',
        facts: ['I write it into a file or a pipe, and not to a terminal or into --json.'],
        next: 'relock export campaign -o campaign.relock',
      },
      session.dbPath,
    );
  if (what === 'plot' || what === 'campaign')
    return writeChunks(session, what, output, OF_ONE_CAMPAIGN[what](store, session.args[1]));
  const nothing =
    what === 'captures' ? store.captures().length === 0 : store.witnesses({ limit: 1 }).length === 0;
  if (nothing && what !== 'plots')
    throw new Trouble(
      {
        title: 'THERE IS NOTHING TO EXPORT',
        facts: [`The database holds no ${what}.`],
        next: 'relock fuzz --for 10s',
      },
      session.dbPath,
      EXIT.nothing,
    );
  const text = EXPORTS[what](store);
  if (output !== null && output !== '-') {
    write(output, [text]);
    session.talk(`${output} written, ${text.length} characters.`);
    if (session.json) session.printJson({ schema: 'relock.export/1', what, file: output });
  } else if (session.json && !text.startsWith('{')) {
    session.printJson({ schema: 'relock.export/1', what, text });
  } else session.print(text);
  return EXIT.fine;
}

function writeChunks(
  session: Session,
  what: What,
  output: string | null,
  chunks: Iterable<string> | Iterable<Uint8Array>,
): ExitCode {
  if (output !== null && output !== '-') {
    write(output, chunks);
    session.talk(`${output} written.`);
    if (session.json) session.printJson({ schema: 'relock.export/1', what, file: output });
  } else if (session.json) session.printJson({ schema: 'relock.export/1', what, text: [...chunks].join('') });
  else
    for (const chunk of chunks)
      if (typeof chunk === 'string') session.print(chunk);
      else session.printBytes(chunk);
  return EXIT.fine;
}

/** The capture that is named by the beginning of its id or by its file, or the only one with events. */
function oneCapture(session: Session, store: Store, what: What): Capture {
  const [, wanted] = session.args;
  const known = store.captures().filter((capture) => capture.events > 0);
  const meant = known.filter(
    (capture) => wanted === undefined || capture.id.startsWith(wanted) || capture.file === wanted,
  );
  const [only] = meant;
  if (only === undefined)
    throw new Trouble(
      {
        title: 'THERE IS NOTHING TO EXPORT',
        facts: [
          wanted === undefined
            ? 'The database holds no capture with events.'
            : `No capture with events is called ${wanted}.`,
        ],
        next: 'relock import FILE',
      },
      session.dbPath,
      EXIT.nothing,
    );
  if (meant.length > 1)
    throw new Trouble(
      {
        title: 'WHICH CAPTURE?',
        facts: meant.map(({ id, file, format }) => `${id.slice(0, 12)}  ${format}  ${file}`),
        next: `relock export ${what} ${only.id.slice(0, 12)}`,
      },
      session.dbPath,
    );
  return store.capture(only.id)!;
}

/** STD text, and behind it what the form cannot say. */
function* std(session: Session, capture: Capture): Generator<string> {
  const losses = noLosses();
  yield* stdText(capture, losses);
  if (losses.readers > 0)
    session.talk(`${losses.readers} events of readers left out: the form knows exclusive locks only.`);
  if (losses.others > 0) session.talk(`${losses.others} events left out that the form has no word for.`);
  if (losses.releasedAtGaps > 0)
    session.talk(`${losses.releasedAtGaps} locks released where the recording lost events.`);
}

function json(form: object): string {
  return `${JSON.stringify(form, null, 1)}\n`;
}

function wholeCaptures(store: Store): object[] {
  return store.captures().flatMap((summary) => {
    const capture = store.capture(summary.id);
    return capture === null ? [] : [captureJson(capture)];
  });
}

/** A capture with its columns as arrays; nanoseconds as decimal text, which no JSON reader rounds. */
function captureJson(capture: Capture): object {
  const columns: Record<string, readonly (number | string)[]> = {};
  for (const [name, column] of Object.entries(capture.events as EventColumns))
    columns[name] =
      column instanceof BigInt64Array ? Array.from(column, String) : Array.from(column as Uint8Array);
  return { ...capture, events: columns };
}

/** The mboxrd form: a separator line, and `>` before lines that look like one. No sender and no time are known. */
function mboxMessage(mail: string): string {
  const quoted = mail.replace(/^(>*From )/gm, '>$1');
  const end = quoted.indexOf('\n');
  return `From relock Thu Jan  1 00:00:00 1970\n${quoted.slice(0, end)}\n${quoted.slice(end + 1)}\n`;
}

function coverage(store: Store): string {
  const result = store.queryReadOnly('SELECT * FROM coverage', {}, { maxRows: 1_000_000 });
  if (!result.ok) throw new Trouble(result.problem);
  return csv(result.columns, result.rows);
}

/** Writes a new file. A folder that is not there, no room, no permission: trouble of the user's, told as such. */
function write(output: string, chunks: Iterable<string | Uint8Array>): void {
  try {
    const file = openSync(output, 'wx');
    for (const chunk of chunks) writeFileSync(file, chunk);
    closeSync(file);
  } catch (error) {
    throw new Trouble(
      {
        title: 'I CANNOT WRITE THIS FILE',
        facts: [error instanceof Error ? error.message : String(error)],
        next: 'relock export -h',
      },
      output,
    );
  }
}
