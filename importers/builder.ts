// The customs officer: interns names, checks every invariant of a Capture; the only door to one.
import type {
  Basis,
  Capture,
  CaptureClass,
  CaptureLock,
  CaptureSite,
  CaptureTask,
  Episode,
  Note,
} from '../corpus/schema/capture.js';
import { CAPTURE_VERSION } from '../corpus/schema/capture.js';
import type { EventContext, EventKind, KnownBy } from '../corpus/schema/event.js';
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
import { type EventBlock, PlainColumns } from './plain-columns.js';
import { RowColumns } from './row-columns.js';
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

/** Notes that one capture keeps. */
const MOST_NOTES = 100_000;

/** How much of each a capture may hold that is fed by records without end: more than that and it would not fit into 300 MB. */
export interface Room {
  readonly rows: number;
  readonly locks: number;
  readonly classes: number;
  readonly tasks: number;
  readonly sites: number;
}
const ROOM: Room = { rows: 3 << 20, locks: 1 << 18, classes: 1 << 16, tasks: 1 << 17, sites: 1 << 17 };

/** The last record before a capture is full makes a handful of rows. */
const ROWS_OF_A_RECORD = 64;

/**
 * Collects what an importer reads and makes a Capture of it. Throws (our own bug, with the state) when an importer
 * hands over something that no capture may hold: an unknown id, an event without provenance, a lock event without a lock.
 */
export class CaptureBuilder {
  readonly skips = new SkipCounter();
  /** True once there is no room for more of something. Nothing is refused; who reads records for hours counts the rest of them. */
  isFull = false;
  readonly #room: Room;
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
  readonly #notes: Note[] = [];
  readonly #byEvent = new Map<string, number>();
  readonly #platform = new Set<string>();
  readonly #columns = new RowColumns();
  /** Rows that came in blocks. An importer hands over the one or the other. */
  #plain: PlainColumns | null = null;
  #plainEpisode = -1;
  #arch: string | null = null;
  #kernel: string | null = null;

  constructor(room: Partial<Room> = {}) {
    this.#room = { ...ROOM, ...room };
  }

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
    if (this.#tasks.length >= this.#room.tasks) this.isFull = true;
    return id;
  }

  /** The class of that name; the first caller's `kind` and `single` stand. */
  lockClass(name: string, kind: LockKind, single: boolean): ClassId {
    const known = this.#classIds.get(name);
    if (known !== undefined) return known;
    const id = (this.#classes.push({ name, kind, single }) - 1) as ClassId;
    this.#classIds.set(name, id);
    if (this.#classes.length >= this.#room.classes) this.isFull = true;
    return id;
  }

  /** The instance of a class known under `key` (an address, or `episode:class` where no address is known). */
  lock(classId: ClassId, address: string | null, key: string): LockId {
    const known = this.#lockIds.get(key);
    if (known !== undefined) return known;
    const id = this.newLock(classId, address);
    this.#lockIds.set(key, id);
    return id;
  }
  /** A lock that its importer knows again by itself: a recording has hundreds of thousands, and a key of each would be most of them. */
  newLock(classId: ClassId, address: string | null): LockId {
    if (this.#classes[classId] === undefined) throw new Error(`builder: lock of unknown class ${classId}`);
    if (this.#locks.length + 1 >= this.#room.locks) this.isFull = true;
    return (this.#locks.push({ class: classId, address }) - 1) as LockId;
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
    if (this.#sites.length >= this.#room.sites) this.isFull = true;
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
    const time = event.timeNs ?? NO_TIME;
    const row = this.#columns.push(
      EVENT_KINDS.indexOf(event.kind),
      event.task,
      event.lock ?? NONE,
      LOCK_MODES.indexOf(event.mode ?? 'exclusive'),
      event.peer ?? NONE,
      event.cpu ?? NONE,
      CONTEXTS.indexOf(event.context ?? 'task'),
      KNOWN_BY.indexOf(event.known),
      event.disabled ?? 0,
      event.episode,
      Number(BigInt.asIntN(32, time >> 32n)),
      Number(BigInt.asIntN(32, time)),
      event.where,
    );
    if (event.site !== undefined && event.site !== null) this.#columns.setSite(row, event.site);
  }

  /**
   * Appends the first `count` rows of a block: for importers that read millions of events. Nothing is allocated for an
   * event; what a block has no column for is exclusive, in task context, without CPU and time, and was observed.
   */
  append(block: EventBlock, count: number, episode: EpisodeId): void {
    const { kind, task, lock, site, peer } = block;
    if (episode >= this.#episodes.length) throw new Error(`builder: events of unknown episode ${episode}`);
    for (let i = 0; i < count; i++)
      if (
        task[i]! >= this.#tasks.length ||
        lock[i]! >= this.#locks.length ||
        site[i]! >= this.#sites.length ||
        peer[i]! >= this.#tasks.length
      )
        throw new Error(`builder: ${EVENT_KINDS[kind[i]!]} with an unknown id`);
    if (this.#plain === null) {
      this.#plain = new PlainColumns(episode);
      this.#plainEpisode = episode;
    }
    if (this.#columns.length > 0 || episode !== this.#plainEpisode)
      throw new Error('builder: blocks of a second episode, or beside single rows');
    this.#plain.append(block, count);
  }

  /** Tells that about so many rows will be added, so that columns need not grow on the way. */
  expectRows(rows: number): void {
    this.#columns.reserve(Math.min(rows, this.#room.rows + ROWS_OF_A_RECORD));
  }

  /**
   * Adds an event by the codes of its columns and returns its row: the way of importers with millions of records. The time is
   * given as the halves of a signed 64-bit number of ns; NO_TIME is (-0x80000000, 0).
   */
  row(
    kind: number,
    task: number,
    lock: number,
    mode: number,
    peer: number,
    cpu: number,
    context: number,
    known: number,
    disabled: number,
    episode: number,
    timeHigh: number,
    timeLow: number,
    where: number,
  ): number {
    if (task >= this.#tasks.length || episode >= this.#episodes.length || lock >= this.#locks.length)
      throw new Error(`builder: row of unknown task ${task}, episode ${episode} or lock ${lock}`);
    if (!(where >= 0)) throw new Error(`builder: ${EVENT_KINDS[kind]} without provenance`);
    if (this.#columns.length + 1 >= this.#room.rows) this.isFull = true;
    return this.#columns.push(
      kind,
      task,
      lock,
      mode,
      peer,
      cpu,
      context,
      known,
      disabled,
      episode,
      timeHigh,
      timeLow,
      where,
    );
  }

  /** Gives a row its site: a tracer prints the stack behind the event. */
  setSite(row: number, site: SiteId): void {
    this.#columns.setSite(row, site);
  }
  /** Moves a row to another lock that turned out to be the same object. */
  setLock(row: number, lock: LockId): void {
    this.#columns.setLock(row, lock);
  }
  whereOfRow(row: number): number {
    return this.#columns.whereAt(row);
  }
  kindOfRow(row: number): number {
    return this.#columns.kindAt(row);
  }

  /** Marks a row to be removed. */
  dropRow(row: number): void {
    this.#columns.drop(row);
  }
  assumesOf(id: EpisodeId): readonly string[] {
    return this.#episodes[id]?.assumes ?? [];
  }

  /**
   * Removes the rows that are marked and those of `locks`, then all locks that no event names and classes without locks; once, when all
   * rows are in. Row numbers handed out before mean nothing afterwards.
   */
  closeUp(locksToDrop: Iterable<number>): void {
    const columns = this.#columns;
    const isDropped = new Uint8Array(this.#locks.length);
    for (const lock of locksToDrop) isDropped[lock] = 1;
    const used = columns.closeUp(isDropped);
    const newLock = new Int32Array(this.#locks.length).fill(NONE);
    const newClass = new Int32Array(this.#classes.length).fill(NONE);
    const locks: CaptureLock[] = [];
    const classes: CaptureClass[] = [];
    this.#locks.forEach((lock, id) => {
      if (used[id] === 0) return;
      if (newClass[lock.class] === NONE) newClass[lock.class] = classes.push(this.#classes[lock.class]!) - 1;
      newLock[id] = locks.push({ ...lock, class: newClass[lock.class]! }) - 1;
    });
    if (newLock.some((now, id) => now !== id)) columns.renumberLocks(newLock);
    this.#locks.length = 0;
    for (const lock of locks) this.#locks.push(lock);
    this.#classes.length = 0;
    for (const klass of classes) this.#classes.push(klass);
    this.#lockIds.clear();
    this.#classIds.clear();
  }

  /** What a task is called became known after its first event. */
  refineTask(id: TaskId, change: Partial<CaptureTask>): void {
    const task = this.#tasks[id];
    if (task === undefined) throw new Error(`builder: unknown task ${id}`);
    this.#tasks[id] = { ...task, ...change };
  }
  /** The kind of a class became known after its first event. */
  refineClass(id: ClassId, kind: LockKind): void {
    const known = this.#classes[id];
    if (known === undefined) throw new Error(`builder: unknown class ${id}`);
    this.#classes[id] = { ...known, kind };
  }
  /** The class of an instance became known after its first event. */
  refineLock(id: LockId, classId: ClassId): void {
    const lock = this.#locks[id];
    if (lock === undefined || this.#classes[classId] === undefined)
      throw new Error(`builder: unknown lock ${id} or class ${classId}`);
    this.#locks[id] = { ...lock, class: classId };
  }
  /** How far an episode's claims go became known at its end. */
  refineEpisode(id: EpisodeId, change: Pick<Episode, 'basis' | 'assumes'>): void {
    const episode = this.#episodes[id];
    if (episode === undefined) throw new Error(`builder: unknown episode ${id}`);
    this.#episodes[id] = { ...episode, ...change };
  }

  /** Adds a report; returns its index. */
  report(report: Report): number {
    return this.#reports.push(report) - 1;
  }

  program(program: Program): void {
    this.#programs.push(program);
  }

  /** Adds a note. Beyond MOST_NOTES they are counted and not kept: a debug feature may have written for weeks. */
  note(note: Pick<Note, 'what' | 'where' | 'text'> & Partial<Note>): void {
    if (this.#notes.length >= MOST_NOTES) {
      this.skips.count('too_many_notes', note.where);
      return;
    }
    this.#notes.push({ timeUs: null, clock: null, cpu: null, facts: {}, ...note });
  }

  /** Counts a source record of that name, used or not. */
  count(name: string, times = 1): void {
    if (times === 0) return;
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
      events: (this.#plain ?? this.#columns).finish(),
      programs: this.#programs,
      ...(this.#notes.length === 0 ? {} : { notes: this.#notes }),
    };
  }
}
