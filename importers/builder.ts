// The customs officer: interns names, checks every invariant of a Capture; the only door to one.
import type {
  Basis,
  Capture,
  CaptureClass,
  CaptureLock,
  CaptureSite,
  CaptureTask,
  Episode,
} from '../corpus/schema/capture.js';
import { CAPTURE_VERSION } from '../corpus/schema/capture.js';
import type { EventColumns, EventContext, EventKind, KnownBy } from '../corpus/schema/event.js';
import { CONTEXTS, EVENT_KINDS, KNOWN_BY, NO_TIME } from '../corpus/schema/event.js';
import type {
  CaptureId,
  ClassId,
  EpisodeId,
  LockId,
  SiteId,
  StringId,
  TaskId,
} from '../corpus/schema/ids.js';
import { NONE } from '../corpus/schema/ids.js';
import type { LockKind, LockMode } from '../corpus/schema/lock.js';
import { LOCK_MODES } from '../corpus/schema/lock.js';
import type { Program } from '../corpus/schema/program.js';
import type { Report } from '../corpus/schema/report.js';
import { SkipCounter } from './skips.js';

/** An event as an importer hands it over; what is left out is "none", `task` context, exclusive mode. */
export interface NewEvent {
  readonly kind: EventKind;
  readonly task: TaskId;
  readonly episode: EpisodeId;
  readonly known: KnownBy;
  /** 1-based line or byte offset: provenance is never absent. */
  readonly where: number;
  readonly lock?: LockId;
  readonly mode?: LockMode;
  readonly site?: SiteId | null;
  readonly peer?: TaskId;
  readonly cpu?: number | null;
  readonly context?: EventContext;
  /** Bits of IRQ_STATE; left out: the record does not say. */
  readonly disabled?: number;
  readonly timeNs?: bigint | null;
}

/** An episode as an importer hands it over. */
export interface NewEpisode {
  readonly origin: string;
  readonly report?: number | null;
  readonly alsoReports?: readonly number[];
  readonly basis: Basis;
  readonly happened?: boolean;
  readonly leaks?: boolean;
  readonly assumes?: readonly string[];
  readonly ruledOut?: readonly string[];
}

const NEEDS_LOCK: ReadonlySet<EventKind> = new Set([
  'request',
  'acquire',
  'release',
  'refuse',
  'try-acquire',
  'wait',
  'signal',
  'read',
  'write',
]);

/** Doubling columns of one event each. */
class Columns {
  #room = 1024;
  length = 0;
  kind = new Uint8Array(this.#room);
  task = new Uint32Array(this.#room);
  lock = new Int32Array(this.#room);
  mode = new Uint8Array(this.#room);
  site = new Int32Array(this.#room);
  peer = new Int32Array(this.#room);
  cpu = new Int32Array(this.#room);
  context = new Uint8Array(this.#room);
  known = new Uint8Array(this.#room);
  disabled = new Uint8Array(this.#room);
  episode = new Uint32Array(this.#room);
  timeNs = new BigInt64Array(this.#room).fill(NO_TIME);
  where = new Float64Array(this.#room);

  ensureRoom(): void {
    if (this.length < this.#room) return;
    this.#room *= 2;
    const grow = <A extends { set(from: A): void }>(make: new (n: number) => A, old: A): A => {
      const wider = new make(this.#room);
      wider.set(old);
      return wider;
    };
    this.kind = grow(Uint8Array, this.kind);
    this.task = grow(Uint32Array, this.task);
    this.lock = grow(Int32Array, this.lock);
    this.mode = grow(Uint8Array, this.mode);
    this.site = grow(Int32Array, this.site);
    this.peer = grow(Int32Array, this.peer);
    this.cpu = grow(Int32Array, this.cpu);
    this.context = grow(Uint8Array, this.context);
    this.known = grow(Uint8Array, this.known);
    this.disabled = grow(Uint8Array, this.disabled);
    this.episode = grow(Uint32Array, this.episode);
    this.timeNs = grow(BigInt64Array, this.timeNs).fill(NO_TIME, this.length);
    this.where = grow(Float64Array, this.where);
  }

  finish(): EventColumns {
    const n = this.length;
    return {
      kind: this.kind.slice(0, n),
      task: this.task.slice(0, n),
      lock: this.lock.slice(0, n),
      mode: this.mode.slice(0, n),
      site: this.site.slice(0, n),
      peer: this.peer.slice(0, n),
      cpu: this.cpu.slice(0, n),
      context: this.context.slice(0, n),
      known: this.known.slice(0, n),
      disabled: this.disabled.slice(0, n),
      episode: this.episode.slice(0, n),
      timeNs: this.timeNs.slice(0, n),
      where: this.where.slice(0, n),
    };
  }
}

/**
 * Collects what an importer reads and makes a Capture of it. Throws (our own bug, with the state) when an importer
 * hands over something that no capture may hold: an unknown id, an event without provenance, a lock event without a lock.
 */
export class CaptureBuilder {
  readonly skips = new SkipCounter();
  readonly #strings: string[] = [];
  readonly #stringIds = new Map<string, StringId>();
  readonly #tasks: CaptureTask[] = [];
  readonly #taskIds = new Map<string, TaskId>();
  readonly #classes: CaptureClass[] = [];
  readonly #classIds = new Map<string, ClassId>();
  readonly #locks: CaptureLock[] = [];
  readonly #lockIds = new Map<string, LockId>();
  readonly #variableIds = new Map<string, LockId>();
  readonly #sites: CaptureSite[] = [];
  readonly #siteIds = new Map<string, SiteId>();
  readonly #episodes: Episode[] = [];
  readonly #reports: Report[] = [];
  readonly #programs: Program[] = [];
  readonly #byEvent = new Map<string, number>();
  readonly #platform = new Set<string>();
  readonly #columns = new Columns();
  #arch: string | null = null;
  #kernel: string | null = null;

  string(text: string): StringId {
    const known = this.#stringIds.get(text);
    if (known !== undefined) return known;
    const id = this.#strings.push(text) - 1;
    this.#stringIds.set(text, id as StringId);
    return id as StringId;
  }

  /** A task, the same for the same `key`; without a key a new one. */
  task(task: CaptureTask, key: string | null): TaskId {
    const known = key === null ? undefined : this.#taskIds.get(key);
    if (known !== undefined) return known;
    const id = (this.#tasks.push(task) - 1) as TaskId;
    if (key !== null) this.#taskIds.set(key, id);
    return id;
  }

  /** The class of that name; the first caller's `kind` and `single` stand. */
  lockClass(name: string, kind: LockKind, single: boolean): ClassId {
    const known = this.#classIds.get(name);
    if (known !== undefined) return known;
    const id = (this.#classes.push({ name, kind, single }) - 1) as ClassId;
    this.#classIds.set(name, id);
    return id;
  }

  /** The instance of a class known under `key` (an address, or `episode:class` where no address is known). */
  lock(classId: ClassId, address: string | null, key: string): LockId {
    if (this.#classes[classId] === undefined) throw new Error(`builder: lock of unknown class ${classId}`);
    const known = this.#lockIds.get(key);
    if (known !== undefined) return known;
    const id = (this.#locks.push({ class: classId, address }) - 1) as LockId;
    this.#lockIds.set(key, id);
    return id;
  }

  /** What stands in the lock column and is no lock, by its name: a class and an instance of its own. */
  variable(name: string): LockId {
    const known = this.#variableIds.get(name);
    if (known !== undefined) return known;
    const classId = this.#classes.push({ name, kind: 'mutex', single: true, variable: true }) - 1;
    const id = (this.#locks.push({ class: classId, address: null }) - 1) as LockId;
    this.#variableIds.set(name, id);
    return id;
  }

  /** A call chain, innermost first, with the function that a reader would name. */
  site(at: string, frames: readonly string[]): SiteId {
    const key = `${at}\n${frames.join('\n')}`;
    const known = this.#siteIds.get(key);
    if (known !== undefined) return known;
    const id = (this.#sites.push({ at, frames: frames.map((frame) => this.string(frame)) }) - 1) as SiteId;
    this.#siteIds.set(key, id);
    return id;
  }

  episode(episode: NewEpisode): EpisodeId {
    const { report = null, alsoReports = [], assumes = [], ruledOut = [], happened = false } = episode;
    return (this.#episodes.push({
      origin: episode.origin,
      report,
      alsoReports,
      basis: episode.basis,
      happened,
      ...(episode.leaks === true ? { leaks: true } : {}),
      assumes,
      ruledOut,
    }) - 1) as EpisodeId;
  }

  event(event: NewEvent): void {
    if (this.#tasks[event.task] === undefined)
      throw new Error(`builder: event of unknown task ${event.task}`);
    if (this.#episodes[event.episode] === undefined)
      throw new Error(`builder: event of unknown episode ${event.episode}`);
    if (event.lock === undefined ? NEEDS_LOCK.has(event.kind) : this.#locks[event.lock] === undefined)
      throw new Error(`builder: ${event.kind} without a known lock (${event.lock})`);
    if (!(event.where >= 0)) throw new Error(`builder: ${event.kind} without provenance`);
    const columns = this.#columns;
    columns.ensureRoom();
    const i = columns.length++;
    columns.kind[i] = EVENT_KINDS.indexOf(event.kind);
    columns.task[i] = event.task;
    columns.lock[i] = event.lock ?? NONE;
    columns.mode[i] = LOCK_MODES.indexOf(event.mode ?? 'exclusive');
    columns.site[i] = event.site ?? NONE;
    columns.peer[i] = event.peer ?? NONE;
    columns.cpu[i] = event.cpu ?? NONE;
    columns.context[i] = CONTEXTS.indexOf(event.context ?? 'task');
    columns.known[i] = KNOWN_BY.indexOf(event.known);
    columns.disabled[i] = event.disabled ?? 0;
    columns.episode[i] = event.episode;
    columns.timeNs[i] = event.timeNs ?? NO_TIME;
    columns.where[i] = event.where;
  }

  /**
   * The same for importers that read millions of events: codes and ids as numbers, NONE for what is absent, no time
   * (`NO_TIME`), nothing allocated. Ids are checked against what this builder gave out; codes are the caller's.
   */
  append(
    kind: number,
    task: number,
    lock: number,
    mode: number,
    site: number,
    peer: number,
    cpu: number,
    context: number,
    known: number,
    episode: number,
    where: number,
  ): void {
    if (
      task >= this.#tasks.length ||
      lock >= this.#locks.length ||
      site >= this.#sites.length ||
      peer >= this.#tasks.length ||
      episode >= this.#episodes.length
    )
      throw new Error(`builder: event with an unknown id (${task} ${lock} ${site} ${peer} ${episode})`);
    const columns = this.#columns;
    columns.ensureRoom();
    const i = columns.length++;
    columns.kind[i] = kind;
    columns.task[i] = task;
    columns.lock[i] = lock;
    columns.mode[i] = mode;
    columns.site[i] = site;
    columns.peer[i] = peer;
    columns.cpu[i] = cpu;
    columns.context[i] = context;
    columns.known[i] = known;
    columns.episode[i] = episode;
    columns.where[i] = where;
  }

  /** Adds a report; returns its index. */
  report(report: Report): number {
    return this.#reports.push(report) - 1;
  }

  program(program: Program): void {
    this.#programs.push(program);
  }

  /** Counts a source record of that name, used or not. */
  count(name: string, times = 1): void {
    this.#byEvent.set(name, (this.#byEvent.get(name) ?? 0) + times);
  }

  /** The first kernel release or machine that the file names stands. */
  kernel(release: string): void {
    this.#kernel ??= release;
  }
  arch(arch: string): void {
    this.#arch ??= arch;
  }
  platform(tag: string): void {
    this.#platform.add(tag);
  }

  get reports(): readonly Report[] {
    return this.#reports;
  }
  get eventCount(): number {
    return this.#columns.length;
  }

  finish(about: {
    readonly id: CaptureId;
    readonly file: string;
    readonly bytes: number;
    readonly format: string;
    readonly provenance: 'line' | 'byte';
  }): Capture {
    return {
      version: CAPTURE_VERSION,
      id: about.id,
      file: about.file,
      bytes: about.bytes,
      format: about.format,
      arch: this.#arch,
      kernel: this.#kernel,
      platform: [...this.#platform].sort(),
      provenance: about.provenance,
      byEvent: Object.fromEntries([...this.#byEvent].sort(([a], [b]) => (a < b ? -1 : 1))),
      reports: this.#reports,
      skipped: this.skips.list(),
      strings: this.#strings,
      tasks: this.#tasks,
      classes: this.#classes,
      locks: this.#locks,
      sites: this.#sites,
      episodes: this.#episodes,
      events: this.#columns.finish(),
      programs: this.#programs,
    };
  }
}
