// Let/Then: the cycle in words, one sentence an edge, after Elle.
import type { Explanation } from '../explain.js';
import type { Place, Wait } from '../scene.js';
import { fileName, wrap } from './layout.js';
import { taskTitle } from './scenario.js';

/** The whole argument: `Let: T1 = ... Then: - T1 waits for T2: ...`. */
export function whyForm(explanation: Explanation): string[] {
  return ['Let:', ...letLines(explanation), '', 'Then:', ...thenLines(explanation)];
}

function letLines(explanation: Explanation): string[] {
  return explanation.tasks.flatMap((task) =>
    wrap(taskTitle(task).slice(task.label.length + 1), `  ${task.label} = `, '    '),
  );
}

function thenLines(explanation: Explanation): string[] {
  return thenSentences(explanation).flatMap((text) => wrap(text, '  - ', '    '));
}

/** The argument, one sentence an edge of the cycle. */
export function thenSentences(explanation: Explanation): string[] {
  const { waits, witness } = explanation;
  if (explanation.violation !== null) return [`${explanation.violation}.`];
  return waits.map((wait, i) => {
    const last = i === waits.length - 1;
    const end = last ? ending(witness.kind, waits) : '.';
    const however = last && waits.length > 1 && witness.kind !== 'stranded' ? 'However, ' : '';
    return `${however}${sentence(explanation, wait)}${end}`;
  });
}

function ending(kind: Explanation['witness']['kind'], waits: readonly Wait[]): string {
  if (kind === 'stranded') return '.';
  return waits.length === 1 ? ': a cycle of one.' : ': a cycle.';
}

/** One edge as a sentence without its full stop. */
export function sentence(explanation: Explanation, wait: Wait): string {
  const who = explanation.tasks[wait.waiter]?.label ?? '?';
  const self = wait.holder === wait.waiter;
  const other = wait.holder === null ? 'somebody' : (explanation.tasks[wait.holder]?.label ?? '?');
  const single = explanation.spans.length <= 1;
  const where = (site: string | null, place: Place | null) =>
    `${site === null ? '' : ` in ${called(site)}`}${placed(place, single)}`;
  const since = (site: string | null, place: Place | null) => {
    if (site !== null) return ` since ${called(site)}${placed(place, single)}`;
    return place === null
      ? ''
      : ` since ${single ? `line ${place.line}` : `${fileName(place.file)}:${place.line}`}`;
  };
  const head = wait.holder === null ? `${who} waits for ever` : `${who} waits for ${self ? 'itself' : other}`;
  switch (wait.how) {
    case 'lock': {
      const reading = wait.mode === 'exclusive' ? '' : ' for reading';
      const wants = `${head}: it wants ${wait.wants}${reading}${where(wait.site, wait.place)}`;
      if (wait.holder === null) {
        const by = wait.leftBy === null ? undefined : explanation.tasks[wait.leftBy]?.label;
        if (by === undefined) return `${wants}, and nobody who runs will release it`;
        return `${wants}, which ${by} has held${since(wait.heldSite, wait.heldPlace)} and will not give back`;
      }
      const held = wait.heldMode === null || wait.heldMode === 'exclusive' ? '' : ' for reading';
      return `${wants}, which ${self ? 'it has itself' : `${other} has`} held${held}${since(wait.heldSite, wait.heldPlace)}`;
    }
    case 'queue':
      return `${head}: it wants ${wait.wants}${wait.mode === 'exclusive' ? '' : ' for reading'}${where(wait.site, wait.place)}, for which ${other} already waits, and those who come later queue behind it`;
    case 'signal':
      return wait.holder === null
        ? `${head}: it waits for ${wait.wants} to be completed${where(wait.site, wait.place)}, and nobody who runs will do that`
        : `${head}: it waits for ${wait.wants} to be completed${where(wait.site, wait.place)}, which only ${self ? 'it' : other} can do`;
    case 'sync':
      return `${head}: it waits for the readers of ${wait.wants}${where(wait.site, wait.place)}, and ${self ? 'it has itself' : `${other} has`} been reading${since(wait.heldSite, wait.heldPlace)}`;
    case 'join':
      return `${head}: it waits for ${self ? 'its own end' : `the end of ${wait.wants}`}${where(wait.site, wait.place)}`;
    case 'start':
      return wait.holder === null
        ? `${head}: nobody who runs will start it`
        : `${head}: it starts only after ${other}`;
    case 'interrupt':
      return `${head}: ${other} is an interrupt on the CPU of ${who}, which does not move until ${other} has ended`;
    default: {
      const never: never = wait.how;
      return never;
    }
  }
}

/** `func()`: a site as a reader expects a function to be written. */
export function called(site: string): string {
  return /^[\w.$]+$/.test(site) ? `${site}()` : site;
}

function placed(place: Place | null, single: boolean): string {
  if (place === null) return '';
  return single ? ` (line ${place.line})` : ` (${fileName(place.file)}:${place.line})`;
}
