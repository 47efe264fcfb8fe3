// STD text of a capture: one line `THREAD|OP(NAME)|LOCATION` per event that deadlock and race predictors know.
import type { Capture } from '../schema/capture.js';
import { EVENT_KINDS, type EventKind } from '../schema/event.js';
import { NONE } from '../schema/ids.js';
import { LOCK_MODES } from '../schema/lock.js';

/** What the form cannot say, counted while it is written. */
export interface StdLosses {
  /** Acquisitions by readers and their releases: the form has exclusive locks only. */
  readers: number;
  /** Waits, signals, wakes, interrupts, work items and missed trylocks. */
  others: number;
  /** Locks that a thread still held where the recording lost events: they are released there. */
  releasedAtGaps: number;
}

export function noLosses(): StdLosses {
  return { readers: 0, others: 0, releasedAtGaps: 0 };
}

/** What may not stand in a name, since readers of the form split lines at it. */
const NOT_IN_NAMES = /[|()\s]+/g;
const EXCLUSIVE = LOCK_MODES.indexOf('exclusive');
const CHUNK_CHARS = 1 << 16;

/** Names as the form wants them. An imported STD trace keeps its own. */
class Names {
  readonly #plain: boolean;
  readonly #tasks: string[];
  readonly #locks: string[];

  constructor(capture: Capture) {
    this.#plain = capture.format === 'std';
    const clean = (name: string): string => (this.#plain ? name : name.replace(NOT_IN_NAMES, '_'));
    const instances = new Map<number, number>();
    for (const lock of capture.locks) instances.set(lock.class, (instances.get(lock.class) ?? 0) + 1);
    this.#locks = unique(
      capture.locks.map((lock, id) => {
        const name = clean(capture.classes[lock.class]!.name);
        return this.#plain || instances.get(lock.class) === 1 ? name : `${name}@${lock.address ?? id}`;
      }),
      this.#plain,
    );
    this.#tasks = unique(
      capture.tasks.map((task) => clean(task.pid === null ? task.name : `${task.name}-${task.pid}`)),
      this.#plain,
    );
  }

  task(id: number): string {
    return this.#tasks[id]!;
  }
  lock(id: number): string {
    return this.#locks[id]!;
  }
}

/** The same names, with a number behind those that were given out before. */
function unique(names: readonly string[], asTheyAre: boolean): string[] {
  if (asTheyAre) return [...names];
  const seen = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 2; seen.has(free); n++) free = `${name}.${n}`;
    seen.add(free);
    return free;
  });
}

/** The word of an event kind, or null where the form has none. */
function wordOf(kind: EventKind): string | null {
  switch (kind) {
    case 'request':
      return 'req';
    case 'acquire':
    case 'try-acquire':
      return 'acq';
    case 'release':
      return 'rel';
    case 'read':
      return 'r';
    case 'write':
      return 'w';
    case 'fork':
    case 'join':
    case 'begin':
    case 'end':
      return kind;
    case 'refuse':
    case 'wait':
    case 'signal':
    case 'queue-work':
    case 'start-work':
    case 'end-work':
    case 'irq-enter':
    case 'irq-exit':
    case 'irqs-on':
    case 'irqs-off':
    case 'gap':
    case 'sleep':
    case 'wake':
    case 'exit':
      return null;
    default: {
      const never: never = kind;
      return never;
    }
  }
}
const WORDS = EVENT_KINDS.map(wordOf);
const ACQUIRES = new Set([EVENT_KINDS.indexOf('acquire'), EVENT_KINDS.indexOf('try-acquire')]);
const RELEASE = EVENT_KINDS.indexOf('release');

/**
 * Writes a capture's events in chunks of whole lines. Locations of an STD capture are printed as they were; elsewhere the
 * number of the site, 0 where none is known. No held lock crosses a loss of events: it is released there.
 *
 * @param losses counts what the form cannot say.
 */
export function* stdText(capture: Capture, losses: StdLosses = noLosses()): Generator<string> {
  const { events } = capture;
  const names = new Names(capture);
  const plain = capture.format === 'std';
  /** Locks held now, by task, as often as they were taken. */
  const held = new Map<number, number[]>();
  let text = '';
  let episode = events.kind.length === 0 ? 0 : events.episode[0]!;
  for (let i = 0; i < events.kind.length; i++) {
    const kind = events.kind[i]!;
    const task = events.task[i]!;
    const lock = events.lock[i]!;
    if (events.episode[i] !== episode) {
      episode = events.episode[i]!;
      for (const [holder, locks] of held)
        for (const open of locks.reverse()) {
          text += `${names.task(holder)}|rel(${names.lock(open)})|0\n`;
          losses.releasedAtGaps++;
        }
      held.clear();
    }
    const word = WORDS[kind]!;
    if (word === null) {
      losses.others++;
      continue;
    }
    if (!plain && events.mode[i] !== EXCLUSIVE) {
      losses.readers++;
      continue;
    }
    if (ACQUIRES.has(kind)) {
      const locks = held.get(task);
      if (locks === undefined) held.set(task, [lock]);
      else locks.push(lock);
    } else if (kind === RELEASE && !plain) {
      const locks = held.get(task) ?? [];
      const at = locks.lastIndexOf(lock);
      // Taken before the recording began, or by another task: readers of the form refuse such a release.
      if (at === -1) {
        losses.others++;
        continue;
      }
      locks.splice(at, 1);
    }
    const peer = events.peer[i]!;
    const argument = peer !== NONE ? `(${names.task(peer)})` : lock !== NONE ? `(${names.lock(lock)})` : '';
    const site = events.site[i]!;
    const place = site === NONE ? (plain ? '' : '|0') : `|${plain ? capture.sites[site]!.at : site + 1}`;
    text += `${names.task(task)}|${word}${argument}${place}\n`;
    if (text.length > CHUNK_CHARS) {
      yield text;
      text = '';
    }
  }
  if (text !== '') yield text;
}
