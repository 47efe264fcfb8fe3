// Explains a stored witness: replays its text, and gathers what the database knows around it.
import type { Program } from '../corpus/schema/program.js';
import type { Schedule } from '../corpus/schema/schedule.js';
import type { Witness } from '../corpus/schema/witness.js';
import type { Store, TriedChange } from '../corpus/store/store.js';
import { parseLitmus } from '../corpus/text/litmus.js';
import { explore } from '../engine/explore/exhaustive.js';
import { compile } from '../engine/model/compile.js';
import { replayGenome } from '../engine/model/interpreter.js';
import { indexGenome } from '../engine/schedulers/genome-names.js';
import { type Change, changeText } from '../reports/changes.js';
import { type Explanation, explain } from '../reports/explain.js';
import { movesOf } from '../reports/moves.js';
import { logExcerpt } from './log-excerpt.js';
import { Trouble } from './trouble.js';
import { version } from './version.js';

/** Most states that are searched to see whether a rule change helps: a page must come at once. */
const RULE_SEARCH_STATES = 5_000;
const MOST_SIMILAR = 5;
const MAX_STEPS = 1_000_000;

/** Explains a witness of the database. Throws Trouble if its text no longer replays. */
export function explanationOf(store: Store, witness: Witness): Explanation {
  const sources = store.captures(witness.captures);
  return explanationAlone(witness, {
    sources,
    log: (file, lines) => logExcerpt(file, lines, new Set(sources.map((source) => source.id))),
    similar: store.similar(witness, MOST_SIMILAR),
  });
}

/** The single changes that were tried on a witness, for the database: what `relock query rules` sums up. */
export function triedChanges(witness: Witness): TriedChange[] {
  const { cures, remains } = explanationAlone(witness);
  const row = (change: Change, helps: boolean): TriedChange => ({
    how: change.how,
    class: change.how === 'rule' ? change.class : null,
    rule: change.how === 'rule' ? change.rule : null,
    change: changeText(change),
    cures: helps,
  });
  return [...cures.map((change) => row(change, true)), ...remains.map((change) => row(change, false))];
}

/** Explains a witness with what is handed in about where it came from. */
export function explanationAlone(
  witness: Witness,
  around: Pick<Parameters<typeof explain>[0], 'sources' | 'similar' | 'log'> = {},
): Explanation {
  const { program, schedule } = scheduleOf(witness);
  const { moves, verdict } = movesOf(program, schedule);
  return explain({ witness, program, moves, verdict, ...around, search: ruleSearch, tool: version() });
}

function scheduleOf(witness: Witness): { program: Program; schedule: Schedule } {
  const parsed = parseLitmus(witness.litmus);
  if (!parsed.ok)
    throw damaged(
      witness,
      parsed.problems.map(({ line, message }) => `line ${line}: ${message}`).slice(0, 5),
    );
  const { program, genome } = parsed.value;
  if (genome === null) throw damaged(witness, ['Its text has no schedule.']);
  return { program, schedule: replayGenome(program, indexGenome(program, genome), MAX_STEPS).schedule };
}

function damaged(witness: Witness, facts: readonly string[]): Trouble {
  return new Trouble(
    { title: 'THE TEXT OF THIS WITNESS CANNOT BE READ', facts, next: 'relock verify-db' },
    witness.id,
  );
}

function ruleSearch(program: Program): { finds: number } | null {
  // A reordering may leave a program that means nothing (an unlock before its lock); such a change is no cure.
  if (!compile(program).ok) return null;
  const result = explore(program, { states: RULE_SEARCH_STATES });
  if (result.finds.length > 0) return { finds: result.finds.length };
  return result.complete ? { finds: 0 } : null;
}
