// Session: what one run of a command may see and say - options, streams, database, signals.
import { existsSync } from 'node:fs';
import type { Problem } from '../corpus/schema/forms.js';
import type { Store } from '../corpus/store/store.js';
import { jsonText } from '../reports/text/json-text.js';
import { labelled, MAIL_WIDTH, wrap } from '../reports/text/layout.js';
import { plainText } from '../reports/text/plain-text.js';
import { EXIT, type ExitCode, Trouble } from './trouble.js';

export type OptionValue = string | boolean | readonly string[] | undefined;

/** Given to every command. Only `print` writes to stdout. */
export class Session {
  readonly args: readonly string[];
  readonly #options: Readonly<Record<string, OptionValue>>;
  readonly json: boolean;
  readonly quiet: boolean;
  /** True if stdout is a terminal on which escape codes are welcome. */
  readonly colour: boolean;
  /** True if stderr is a terminal: a progress line may be redrawn there. */
  readonly liveTalk: boolean;
  #store: Store | null = null;

  constructor(args: readonly string[], options: Readonly<Record<string, OptionValue>>) {
    this.args = args;
    this.#options = options;
    this.json = options['json'] === true;
    this.quiet = options['quiet'] === true;
    // no-color.org: present and not empty.
    const plain = (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb';
    this.colour = process.stdout.isTTY === true && !plain;
    this.liveTalk = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  }

  /** Value of `--name X`, or null. */
  text(name: string): string | null {
    const value = this.#options[name];
    return typeof value === 'string' ? value : null;
  }
  /** True for `--name`, false for `--no-name`, null if neither was given. */
  choice(name: string): boolean | null {
    const value = this.#options[name];
    return typeof value === 'boolean' ? value : null;
  }
  flag(name: string): boolean {
    return this.#options[name] === true;
  }
  list(name: string): readonly string[] {
    const value = this.#options[name];
    return Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
  }

  /** The database file: --db, else RELOCK_DB, else relock.db here. */
  get dbPath(): string {
    return this.text('db') ?? (process.env['RELOCK_DB'] || './relock.db');
  }
  get dbGiven(): boolean {
    return this.text('db') !== null;
  }

  /** Data: one chunk to stdout. */
  print(text: string): void {
    process.stdout.write(plainText(text, process.stdout.isTTY));
  }
  /** Data that is no text: bytes to stdout as they are. */
  printBytes(bytes: Uint8Array): void {
    process.stdout.write(bytes);
  }
  /** The one object of --json. */
  printJson(form: object): void {
    process.stdout.write(`${jsonText(form, 2)}\n`);
  }
  /** One JSON object a line, for --jsonl. */
  printJsonLines(forms: readonly object[]): void {
    process.stdout.write(forms.map((form) => `${jsonText(form)}\n`).join(''));
  }
  /** Talk: lines to stderr, unless -q. */
  talk(...lines: readonly string[]): void {
    if (!this.quiet) for (const line of lines) process.stderr.write(`${plainText(line)}\n`);
  }

  /** Trouble that does not end the command: to stderr, also with -q. */
  complain(problem: Problem, about = ''): void {
    process.stderr.write(`${plainText(problemLines(problem, about).join('\n'))}\n`);
  }

  /**
   * The database, opened at the first call and closed at the end. `read` on a file that is not there is trouble:
   * nobody wants an empty database because of a mistyped name.
   */
  async store(mode: 'read' | 'write'): Promise<Store> {
    if (this.#store !== null) return this.#store;
    if (mode === 'read' && !existsSync(this.dbPath))
      throw new Trouble(
        {
          title: 'THERE IS NO DATABASE HERE YET',
          facts: ['I looked for it where --db, RELOCK_DB or ./relock.db say, and found no file.'],
          next: `relock import dmesg.txt --db ${this.dbPath}`,
        },
        this.dbPath,
      );
    const { openStore } = await import('../corpus/store/open.js');
    const opened = openStore(this.dbPath, { mode });
    if (!opened.ok) throw new Trouble(opened.problem, this.dbPath);
    this.#store = opened.store;
    return opened.store;
  }

  /** Ends with 130 at INT or TERM, for commands whose every step is stored by itself. */
  exitOnInterrupt(words: string): void {
    this.onInterrupt(() => this.talk(words));
  }

  /** At INT or TERM says its last words and ends with 130. */
  onInterrupt(lastWords: () => void): void {
    const end = () => {
      lastWords();
      process.exit(EXIT.interrupted);
    };
    process.once('SIGINT', end).once('SIGTERM', end);
  }

  /** The options as words of a command line that is to be typed again. */
  optionsAgain(): string[] {
    return Object.entries(this.#options).flatMap(([name, value]) => {
      if (value === true) return [`--${name}`];
      if (typeof value === 'string') return [`--${name}`, value];
      return Array.isArray(value) ? value.flatMap((one: string) => [`--${name}`, one]) : [];
    });
  }

  close(): void {
    this.#store?.close();
    this.#store = null;
  }
}

/** Title, facts, next command, as lines of at most 75 columns. */
export function problemLines(problem: Problem, about = ''): string[] {
  const gap = MAIL_WIDTH - problem.title.length - about.length;
  const title =
    about === '' || gap < 2 ? [problem.title, about] : [`${problem.title}${' '.repeat(gap)}${about}`];
  return [
    ...title.filter((line) => line !== ''),
    ...problem.facts.flatMap((fact) => (fact.startsWith(' ') ? [fact] : wrap(fact, '', ''))),
    ...(problem.next === '' ? [] : [`    ${problem.next}`]),
  ];
}

/** Tells trouble: words on stderr, and with --json the object on stdout. */
export function tell(trouble: Trouble, json: boolean): ExitCode {
  process.stderr.write(`${plainText(problemLines(trouble.problem, trouble.about).join('\n'))}\n`);
  if (json) {
    const about = trouble.about === '' ? {} : { about: trouble.about };
    process.stdout.write(`${jsonText({ error: { ...trouble.problem, ...about } }, 2)}\n`);
  }
  return trouble.code;
}

/** The words for an exception that nobody expected: our own bug. */
export function ownBug(error: unknown, command: string, version: string): Trouble {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Trouble(
    {
      title: 'THIS IS A BUG IN RELOCK',
      facts: [
        `relock ${version} on Node ${process.versions.node}, command: relock ${command}`,
        'This is a bug in relock; nothing in your database was changed by the step that failed.',
        ...text.split('\n').map((line) => `  ${line.trim()}`),
      ],
      next: 'relock verify-db',
    },
    '',
    EXIT.trouble,
  );
}

/** A label with a hanging paragraph on stderr. */
export function talkLabelled(session: Session, label: string, text: string): void {
  session.talk(...labelled(label, text, label.length + 2, 80));
}
