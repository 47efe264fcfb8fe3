// Test of the families: a complete search of every text finds exactly the ends that its template is known to have.
import { describe, expect, it } from 'vitest';
import { explore } from '../../../engine/explore/exhaustive.js';
import { partsSteps } from '../../../engine/explore/parts.js';
import { parseLitmus } from '../../text/litmus.js';
import { cpus, handlers, interrupted, interruptInversions, interruptingReaders } from './contexts.laws.js';
import { completions, contexts, flags, gracePeriods, orders, releases, semaphores } from './events.laws.js';
import type { FamilyText } from './family.laws.js';
import {
  attempts,
  crossedReaders,
  gates,
  inversions,
  rings,
  takenAgain,
  waitingWriters,
} from './modes.laws.js';

/** Ends by complete search, or why there is none. */
function endsOf({ text }: FamilyText): readonly string[] {
  const read = parseLitmus(text);
  if (!read.ok) return read.problems.map(({ line, message }) => `line ${line}: ${message}`);
  const { program } = read.value;
  const { finds, complete } = explore(program, { states: 200_000 });
  if (!complete) return ['not complete'];
  const search = partsSteps(program, { states: 200_000 });
  let step = search.next();
  while (step.done !== true) step = search.next();
  const inParts = step.value.finds.map(({ kind, tasks }) => `${kind} ${tasks.join(' ')}`).sort();
  const whole = finds
    .map(
      ({ kind, tasks }) =>
        `${kind} ${tasks
          .map((t) => program.tasks[t]?.name)
          .sort()
          .join(' ')}`,
    )
    .sort();
  // As `relock check` has it, in parts.
  return step.value.complete && inParts.join() === whole.join()
    ? whole
    : [...whole, `in parts: ${inParts.join()}`];
}

const FAMILIES: readonly [string, readonly FamilyText[]][] = [
  ['inversions', inversions()],
  ['gates', gates()],
  ['waiting writers', waitingWriters()],
  ['taken again', takenAgain()],
  ['rings', rings(7)],
  ['attempts', attempts()],
  ['crossed readers', crossedReaders()],
  ['interrupted', interrupted()],
  ['interrupting readers', interruptingReaders()],
  ['interrupt inversions', interruptInversions()],
  ['handlers', handlers()],
  ['CPUs', cpus(3)],
  ['orders', orders()],
  ['completions', completions()],
  ['semaphores', semaphores()],
  ['releases', releases()],
  ['grace periods', gracePeriods()],
  ['flags', flags()],
  ['acquire contexts', contexts(3)],
];

describe('a complete search finds what follows from the template', () => {
  it.each(FAMILIES)('of %s', (_name, texts) => {
    const wrong = texts.flatMap((text) => {
      const found = endsOf(text);
      return found.join('\n') === text.ends.join('\n') ? [] : [{ text: text.text, found }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it('of thousands of texts, of which a good part ends badly', () => {
    const all = FAMILIES.flatMap(([, texts]) => texts);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(3000);
    const bad = all.filter(({ ends }) => ends.length > 0).length;
    expect(bad).toBeGreaterThan(1000);
    expect(bad).toBeLessThan(all.length - 1000);
  });
});
