// Tests of the classics and of the contract's sentences: complete search finds what each expects, by machine and by interpreter, and schedules replay.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SearchFind } from '../../corpus/schema/verdict.js';
import { type LitmusFile, parseLitmus, printLitmus } from '../../corpus/text/litmus.js';
import { compileOrThrow } from '../model/compile.js';
import { replay, replayGenome } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { LOCK_TABLE } from '../model/rules.js';
import { runGenome } from '../schedulers/genome.js';
import { indexGenome } from '../schedulers/genome-names.js';
import { genomeOf } from '../schedulers/genome-of.js';
import { explore } from './exhaustive.js';
import { findsByInterpreter } from './interpreter-search.js';
import { shortest } from './shortest.js';

const SCENARIOS = new URL('../../corpus/scenarios/', import.meta.url);
const LIMITS = { states: 100_000 };

/** Every text of a folder: its name, what it says, and the text itself. */
function all(folder: string): (readonly [string, LitmusFile, string])[] {
  return readdirSync(new URL(folder, SCENARIOS))
    .filter((name) => name.endsWith('.litmus'))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(`${folder}/${name}`, SCENARIOS), 'utf8');
      const result = parseLitmus(text);
      if (!result.ok) throw new Error(`${name}: ${JSON.stringify(result.problems)}`);
      return [name.replace('.litmus', ''), result.value, text] as const;
    });
}

const classics = all('classics');

function named(file: LitmusFile, finds: readonly SearchFind[]): string[] {
  const names = (tasks: readonly number[]): string[] => tasks.map((t) => file.program.tasks[t]!.name).sort();
  return finds.map((find) => `${find.kind} ${names(find.tasks).join(' ')}`).sort();
}

function expected(file: LitmusFile): string[] {
  return (file.expect ?? []).map(({ kind, tasks }) => `${kind} ${tasks.join(' ')}`).sort();
}

describe.each([...classics, ...all('contract')])('%s', (name, file, text) => {
  it('is named like its file, expects something, and is printed with the comments it has', () => {
    expect(file.program.name).toBe(name);
    expect(file.expect).not.toBeNull();
    expect(text.slice(text.indexOf('litmus 1 '))).toBe(printLitmus(file));
  });

  it('ends as expected, in all ways', () => {
    const reduced = explore(file.program, LIMITS);
    expect(reduced.complete).toBe(true);
    expect(named(file, reduced.finds)).toEqual(expected(file));
    // Eight philosophers and more have too many states to go through all of them here.
    const all = explore(file.program, LIMITS, false);
    if (all.complete) expect(named(file, all.finds)).toEqual(expected(file));
    if (all.states < 5000) {
      const indexed = all.finds.map((find) => `${find.kind} ${find.tasks.join(' ')}`).sort();
      expect(findsByInterpreter(file.program, 100_000)).toEqual(indexed);
    }
  });

  it('replays', () => {
    for (const find of explore(file.program, LIMITS).finds) {
      const least = shortest(file.program, find, LIMITS);
      const schedule = least.find?.schedule ?? (least.complete ? [] : find.schedule);
      expect(replay(file.program, schedule).verdict).toMatchObject({ kind: find.kind });
      const genome = genomeOf(file.program, schedule);
      if (least.complete) expect(genome.preempts.length).toBeLessThanOrEqual(least.preemptions + 1);
      expect(replayGenome(file.program, genome).verdict).toMatchObject({ kind: find.kind });
    }
    if (file.genome !== null) {
      const machine = new Machine(compileOrThrow(file.program));
      const { verdict } = runGenome(machine, indexGenome(file.program, file.genome), 1000);
      expect(verdict.kind).toBe(file.expect?.[0]?.kind ?? 'completed');
    }
  });
});

describe('the classics together', () => {
  it.each(LOCK_TABLE.map((row) => [`${row.kind} ${row.mode}`, row] as const))(
    'show %s both deadlocking and not',
    (_name, row) => {
      const using = classics.filter(([, file]) =>
        file.program.tasks.some((task) =>
          task.body.some((op) => {
            if (!('lock' in op)) return false;
            const { kind } = file.program.locks.find((lock) => lock.id === op.lock)!;
            return kind === row.kind && (op.do === 'wait' || (op.do === 'lock' && op.mode === row.mode));
          }),
        ),
      );
      expect(using.some(([, file]) => file.expect?.some((e) => e.kind === 'deadlock'))).toBe(true);
      expect(using.some(([, file]) => file.expect?.length === 0)).toBe(true);
    },
  );
});
