// Runs users' SQL in a process beside this one, with limits of rows and of time that hold for any query.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { QueryResult } from '../corpus/store/store.js';

/** To the child. */
export interface QueryAsked {
  readonly id: number;
  readonly sql: string;
  readonly parameters: Readonly<Record<string, string>> | readonly string[];
  readonly maxRows: number;
}

/** From the child. */
export interface QueryDone {
  readonly id: number;
  readonly result: QueryResult;
}

/** SQLite cannot be interrupted from JavaScript: what runs too long is killed with its process. */
export class QueryRunner {
  readonly #path: string;
  #child: ChildProcess | null = null;
  #next = 1;
  /** Queries run one after the other: a killed process takes only its own query with it. */
  #queue: Promise<unknown> = Promise.resolve();

  /** `path`: an existing database. */
  constructor(path: string) {
    this.#path = path;
  }

  run(
    sql: string,
    parameters: QueryAsked['parameters'],
    limits: { readonly maxRows: number; readonly ms: number },
  ): Promise<QueryResult> {
    const answer = this.#queue.then(() => this.#ask(sql, parameters, limits));
    this.#queue = answer.catch(() => {});
    return answer;
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  #ask(
    sql: string,
    parameters: QueryAsked['parameters'],
    limits: { readonly maxRows: number; readonly ms: number },
  ): Promise<QueryResult> {
    this.#child ??= fork(fileURLToPath(new URL('./query-child.js', import.meta.url)), [this.#path], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const child = this.#child;
    const id = this.#next++;
    return new Promise((done) => {
      const settle = (result: QueryResult) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        done(result);
      };
      const onMessage = (message: QueryDone) => {
        if (message.id === id) settle(message.result);
      };
      const onExit = () => {
        this.#child = null;
        settle(ended('The process that ran it ended: out of memory?', sql));
      };
      const timer = setTimeout(() => {
        child.off('exit', onExit);
        this.close();
        settle(ended(`It was stopped after ${limits.ms / 1000} seconds.`, sql));
      }, limits.ms);
      child.on('message', onMessage).on('exit', onExit);
      child.send({ id, sql, parameters, maxRows: limits.maxRows } satisfies QueryAsked);
    });
  }
}

function ended(fact: string, sql: string): QueryResult {
  return {
    ok: false,
    problem: {
      title: 'THIS QUERY TAKES TOO LONG',
      facts: [fact, `The query was: ${sql.trim().slice(0, 300)}`],
      next: 'relock query --timeout 5m SQL    or add a LIMIT; EXPLAIN QUERY PLAN tells what it reads',
    },
  };
}
