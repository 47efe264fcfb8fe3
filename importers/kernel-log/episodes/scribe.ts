// Writes what a report says about tasks and locks as events of one episode.
import type { CaptureTask } from '../../../corpus/schema/capture.js';
import type { EpisodeId, LockId, TaskId } from '../../../corpus/schema/ids.js';
import type { LockKind, LockMode } from '../../../corpus/schema/lock.js';
import type { CaptureBuilder } from '../../builder.js';
import { lockFacts } from './lock-facts.js';
import { siteFunction } from './primitives.js';

/** One lock that a task holds or wants, as an assembler puts it. */
export interface Taking {
  readonly lock: string;
  /** What tells two instances of the class apart in this episode: an address, or any word. */
  readonly instance: string | null;
  readonly address: string | null;
  readonly mode: LockMode;
  /** Call chain innermost first; may be empty. */
  readonly frames: readonly string[];
  /** Function to name; null to take it from the frames. */
  readonly site: string | null;
  /** 1-based line. */
  readonly line: number;
}

/** One task of an episode: what it takes one after another, and what it then asks for. */
export interface Actor {
  readonly task: CaptureTask;
  readonly key: string | null;
  readonly cpu: number | null;
  /** Interrupts off from the start, as `local_irq_disable()` in a scenario table. */
  readonly irqsOff: boolean;
  readonly takes: readonly Taking[];
  readonly wants: Taking | null;
}

/** Writes events of episodes into a builder, with the class and site of each lock. */
export class Scribe {
  readonly builder: CaptureBuilder;
  readonly #kinds: ReadonlyMap<string, LockKind>;

  /** `kinds` tells the kind of a lock where some call chain of the log shows the primitive that took it. */
  constructor(builder: CaptureBuilder, kinds: ReadonlyMap<string, LockKind>) {
    this.builder = builder;
    this.#kinds = kinds;
  }

  /** The kind of a lock by everything that the log says. */
  kindOf(lock: string): LockKind {
    return this.#kinds.get(lock) ?? lockFacts(lock, []).kind;
  }

  lock(taking: Taking, episode: EpisodeId): LockId {
    const facts = lockFacts(taking.lock, taking.frames);
    const classId = this.builder.lockClass(
      taking.lock,
      this.#kinds.get(taking.lock) ?? facts.kind,
      facts.single,
    );
    // A raw address names one object in the whole log; without one the instance is known inside its episode only.
    const key = facts.single
      ? `single ${taking.lock}`
      : taking.address !== null
        ? `at ${taking.address}`
        : `in ${episode} ${taking.lock} ${taking.instance ?? ''}`;
    return this.builder.lock(classId, taking.address, key);
  }

  /** All events of one task: acquisitions in order, then the request that is not (yet) granted. */
  write(actor: Actor, episode: EpisodeId): TaskId {
    const task = this.builder.task(actor.task, actor.key);
    const context = actor.task.runs;
    const cpu = actor.cpu;
    const first = actor.takes[0] ?? actor.wants;
    if (actor.irqsOff && first !== null && first !== undefined)
      this.builder.event({
        kind: 'irqs-off',
        task,
        episode,
        known: 'reported',
        where: first.line,
        cpu,
        context,
      });
    for (const taking of actor.takes) this.#take('acquire', taking, task, episode, actor);
    if (actor.wants !== null) this.#take('request', actor.wants, task, episode, actor);
    return task;
  }

  #take(kind: 'acquire' | 'request', taking: Taking, task: TaskId, episode: EpisodeId, actor: Actor): void {
    const at = taking.site ?? siteFunction(taking.frames);
    this.builder.event({
      kind,
      task,
      episode,
      known: 'reported',
      where: taking.line,
      lock: this.lock(taking, episode),
      mode: taking.mode,
      site: at === null ? null : this.builder.site(at, taking.frames),
      cpu: actor.cpu,
      context: actor.task.runs,
    });
  }
}
