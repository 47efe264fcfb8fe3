// Read-only SQL for users: one SELECT at a time, and the canned queries of the folder beside this file.
import { readdirSync, readFileSync } from 'node:fs';
import type { Cell, Problem } from '../schema/forms.js';
import { type Database, type SqlValue, sqliteCode } from './sqlite.js';
import type { CannedQuery, QueryLimits, QueryResult } from './store.js';
import { problemOf } from './trouble.js';

/** The folder holds the same files in the sources and in the build. */
const FOLDER = new URL('./queries/', import.meta.url);

export function cannedQueries(): CannedQuery[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const sql = readFileSync(new URL(file, FOLDER), 'utf8');
      const title = sql.match(/^-- (.*)$/m)?.[1] ?? '';
      return { name: file.slice(0, -'.sql'.length), title, sql, parameters: parametersOf(sql) };
    });
}

/** Named parameters outside of comments and texts, each once. */
function parametersOf(sql: string): string[] {
  const code = sql.replace(/--.*$/gm, '').replace(/'(?:[^']|'')*'/g, "''");
  return [...new Set([...code.matchAll(/:([A-Za-z_]\w*)/g)].map((match) => match[1] ?? ''))];
}

/**
 * Runs one statement that only reads. The connection must be read-only: that, not the checks here, is what keeps the
 * data safe; the checks turn down what would change the connection (PRAGMA, ATTACH) and say so in plain words.
 */
export function queryReadOnly(
  db: Database,
  path: string,
  sql: string,
  parameters: Readonly<Record<string, string>> | readonly string[],
  limits: QueryLimits,
): QueryResult {
  const first = withoutComments(sql)
    .match(/^[A-Za-z]+/)?.[0]
    .toUpperCase();
  if (first === undefined || !['SELECT', 'WITH', 'VALUES', 'EXPLAIN'].includes(first))
    return refused(['Only a SELECT can be run here; the database is never changed by a query.'], sql);
  try {
    const statement = db.prepare(sql);
    if (!statement.reader || !statement.readonly)
      return refused(['This statement would change the database; only a SELECT can be run here.'], sql);
    const columns = statement.columns().map((column) => column.name);
    const rows: Cell[][] = [];
    const bound = Array.isArray(parameters) ? parameters : [parameters];
    let truncated = false;
    for (const row of statement.raw().iterate(...bound) as Iterable<SqlValue[]>) {
      if (rows.length >= limits.maxRows || limits.expired?.() === true) {
        truncated = true;
        break;
      }
      rows.push(row.map(cellOf));
    }
    return { ok: true, columns, rows, truncated };
  } catch (error) {
    const problem = problemOf(error, path);
    if (problem !== null) return { ok: false, problem };
    // RangeError and TypeError: how better-sqlite3 tells of several statements and of missing parameters.
    if (sqliteCode(error) !== null || error instanceof RangeError || error instanceof TypeError)
      return refused([`SQLite says: ${error instanceof Error ? error.message : String(error)}.`], sql);
    throw error;
  }
}

function withoutComments(sql: string): string {
  let rest = sql.trimStart();
  for (;;) {
    const comment = rest.match(/^(?:--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))\s*/)?.[0];
    if (comment === undefined) return rest;
    rest = rest.slice(comment.length);
  }
}

function cellOf(value: SqlValue): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return `blob of ${value.byteLength} bytes`;
}

function refused(facts: readonly string[], sql: string): { readonly ok: false; readonly problem: Problem } {
  const shown = sql.length <= 300 ? sql.trim() : `${sql.slice(0, 300).trim()} ...`;
  return {
    ok: false,
    problem: {
      title: 'THIS QUERY CANNOT BE RUN',
      facts: shown === '' ? facts : [...facts, `The query was: ${shown}`],
      next: 'relock query    lists the canned queries; the views are described in docs/database.md',
    },
  };
}
