// Lock instances and classes while records are read: by address, by source of knowledge, with what tells their kind.
import { type ClassId, type LockId, NONE } from '../../corpus/schema/ids.js';
import type { LockKind } from '../../corpus/schema/lock.js';
import type { CaptureBuilder } from '../builder.js';
import { type LockFacts, lockFacts } from '../kernel-log/episodes/lock-facts.js';
import { AddressTable } from './address-table.js';
import type { OtherHolds } from './holds.js';
import { tableOf } from './lists.js';
import type { Runner } from './runners.js';

/**
 * From which kind of event a lock is known. Lock events carry the address of the lock's dep_map, probes and contention events
 * that of the lock itself, calls none.
 */
export const SOURCE = { common: 0, lock: 1, probe: 2, contention: 3, call: 4 } as const;
export type Source = (typeof SOURCE)[keyof typeof SOURCE];

/** What tells the kind of a class beside its name. */
export const EVIDENCE = { read: 1, atomic: 2, inner: 4 } as const;

export interface LockClass {
  readonly id: ClassId;
  readonly name: string;
  readonly facts: LockFacts;
  /** True for the spinlock inside a sleeping lock (`X.wait_lock`): it is part of how that lock is made. */
  readonly isInner: boolean;
  /** True for read-side sections that never block. */
  readonly isRcu: boolean;
  /** True for sequence counters: readers wait for a writer at work, and for nobody who queues. */
  readonly isSeqcount: boolean;
  evidence: number;
  /** Kind as a call chain or a contention flag told it. */
  told: LockKind | null;
  /** True once a `lock_acquired` was seen for it: an acquisition need not be inferred. */
  acquiredSeen: boolean;
  /** True once a lock event named a lock of it: then calls without addresses say of its locks nothing that is not known. */
  byEvent: boolean;
}

export interface Lock {
  readonly id: LockId;
  klass: LockClass;
  /** Number in the address table, or NONE. */
  readonly address: number;
  readonly source: Source;
  /** Name under which it was last used. */
  lastName: number;
  epoch: number;
  /** True for locks of an open file: another task at that address has opened another file. */
  perOpen: boolean;
  /** Requests for it. */
  uses: number;
  /** Pid that took it last. */
  taker: number;
  /** Who holds it, and how; of an older epoch this says nothing. See `holds.ts`. */
  holder: Runner | null;
  mode: number;
  /** Who else holds it; null where never more than one did. */
  others: OtherHolds | null;
  /** Of a lock with an address of its own: its kind as the first probe or contention told it. */
  seenAs: LockKind | null;
}

const INNER = /(^|[.>])wait_lock$/;
/** include/linux/seqlock.h: lockdep names them after the field. */
const SEQCOUNT = /seqcount$|\.seq$|->seq$|_seq$/;

/**
 * Locks inside what one open(2) makes: struct kernfs_open_file, struct seq_file, struct file. The slab hands the same address
 * out again for the next open, so the same address in two tasks is hardly ever the same lock.
 */
const PER_OPEN = /^&of->(mutex|prealloc_mutex)|^&p->lock(#|$)|^&f->f_pos_lock/;
/** Functions that take such a lock, for records without names (fs/kernfs/file.c, fs/seq_file.c, fs/file.c). */
const PER_OPEN_SITES =
  /^(kernfs_fop_(write|read)(_iter)?|kernfs_seq_start|kernfs_file_direct_read|seq_read(_iter)?|seq_lseek|__?fdget_pos|fdget_pos)$/;

/** True if that function takes the lock of an open file. */
export function takesPerOpen(caller: string): boolean {
  return PER_OPEN_SITES.test(caller);
}

/** Name of the class of locks whose name is not known until the end of the recording. */
const UNNAMED = 'unnamed lock';

/** No pid: the lock is not being taken. */
export const NOBODY = -1_000_000;

function isAnothers(lock: Lock, taker: number): boolean {
  // All of it is asked each time: what has never been asked when this is compiled throws the code away when it is.
  const isFree = lock.holder === null;
  const wasTaken = lock.taker !== NOBODY;
  const byAnother = lock.taker !== taker;
  return lock.perOpen && isFree && wasTaken && byAnother;
}

/** All locks and classes of one recording. */
export class Locks {
  readonly addresses = new AddressTable();
  readonly #builder: CaptureBuilder;
  readonly #names: string[] = [];
  readonly #nameIds = new Map<string, number>();
  readonly #classes = tableOf<LockClass>();
  /** By address: locks known by their dep_map, and by their own address. */
  readonly #byMap = tableOf<Lock>();
  readonly #byObject: {
    readonly [source in typeof SOURCE.probe | typeof SOURCE.contention]: (Lock | undefined)[];
  } = {
    [SOURCE.probe]: tableOf(),
    [SOURCE.contention]: tableOf(),
  };
  readonly #works = tableOf<Lock>();
  readonly #byKey = new Map<string, Lock>();
  readonly objects: Lock[] = [];
  /** Hex digits of an address as printed. */
  digits = 16;

  constructor(builder: CaptureBuilder) {
    this.#builder = builder;
  }

  name(text: string): number {
    const known = this.#nameIds.get(text);
    if (known !== undefined) return known;
    const id = this.#names.push(text) - 1;
    this.#nameIds.set(text, id);
    return id;
  }
  textOf(name: number): string {
    return this.#names[name] ?? '';
  }

  classNamed(name: number): LockClass {
    const known = this.#classes[name];
    if (known !== undefined) return known;
    const text = this.#names[name] ?? '';
    const facts = lockFacts(text, []);
    const klass: LockClass = {
      id: this.#builder.lockClass(text, facts.kind, facts.single),
      name: text,
      facts,
      isInner: INNER.test(text),
      isRcu: facts.kind === 'rcu' || facts.kind === 'srcu',
      isSeqcount: SEQCOUNT.test(text),
      evidence: 0,
      told: SEQCOUNT.test(text) ? 'rwlock' : null,
      acquiredSeen: false,
      byEvent: false,
    };
    this.#classes[name] = klass;
    return klass;
  }

  *classes(): Generator<LockClass> {
    for (const klass of this.#classes) if (klass !== undefined) yield klass;
  }

  /** `key`: for what may be met again when nobody remembers it. */
  #make(klass: LockClass, address: number, source: Source, name: number, key: string | null = null): Lock {
    const text = address === NONE ? null : this.addresses.text(address, this.digits);
    return {
      id: key === null ? this.#builder.newLock(klass.id, text) : this.#builder.lock(klass.id, text, key),
      klass,
      address,
      source,
      lastName: name,
      epoch: 0,
      perOpen: PER_OPEN.test(klass.name),
      uses: 0,
      taker: NOBODY,
      holder: null,
      mode: 0,
      others: null,
      seenAs: null,
    };
  }

  /**
   * The lock with that dep_map. A lock may be released under another name than it was taken under (its class was set
   * meanwhile); taken under a name that it was neither taken nor released under before, it is another object at a reused address.
   */
  byMap(address: number, name: number, taker: number): Lock {
    const known = this.#byMap[address];
    const taking = taker !== NOBODY;
    if (known !== undefined) {
      if (known.lastName === name && !(taking && isAnothers(known, taker))) {
        if (taking) known.taker = taker;
        return known;
      }
      if (!taking || known.holder !== null) {
        known.lastName = name;
        return known;
      }
    }
    const klass = this.classNamed(name);
    klass.byEvent = true;
    const lock = this.#make(klass, address, SOURCE.lock, name);
    lock.taker = taker;
    this.#byMap[address] = lock;
    return lock;
  }

  /** The lock at that address of its own; its name is known at the end of the recording at best. */
  byObject(address: number, source: typeof SOURCE.probe | typeof SOURCE.contention, taker: number): Lock {
    const known = this.#byObject[source][address];
    if (known !== undefined) {
      if (taker === NOBODY || !isAnothers(known, taker)) {
        if (taker !== NOBODY) known.taker = taker;
        return known;
      }
    }
    const name = this.name(UNNAMED);
    const lock = this.#make(this.classNamed(name), address, source, name);
    lock.taker = taker;
    this.#byObject[source][address] = lock;
    this.objects.push(lock);
    return lock;
  }

  /** A new object at the address of an old one. */
  renewed(old: Lock): Lock {
    const { klass, address, source, lastName } = old;
    const lock = this.#make(klass, address, source, lastName);
    lock.taker = old.taker;
    if (source === SOURCE.lock) this.#byMap[address] = lock;
    else if (source === SOURCE.probe || source === SOURCE.contention) {
      this.#byObject[source][address] = lock;
      this.objects.push(lock);
    }
    return lock;
  }

  /** The lock at that address as probes know it, if they do. */
  seenByProbe(address: number): Lock | undefined {
    return this.#byObject[SOURCE.probe][address];
  }

  /** Locks without address. */
  keyed(): Iterable<Lock> {
    return this.#byKey.values();
  }

  /** The lock with that dep_map, if any was seen. */
  seenByMap(address: number): Lock | undefined {
    return this.#byMap[address];
  }

  /** A work item: a pseudo-lock of class `work FUNCTION`, by address. */
  work(address: number, functionName: number): Lock {
    const known = this.#works[address];
    if (known !== undefined && (functionName === NONE || known.lastName === functionName)) return known;
    const text = functionName === NONE ? 'work' : `work ${this.textOf(functionName)}`;
    const klass = this.classNamed(this.name(text));
    klass.told = 'mutex';
    const lock = this.#make(klass, address, SOURCE.common, functionName, `work ${address} ${text}`);
    this.#works[address] = lock;
    return lock;
  }

  /** A lock without address, by a key of its own. */
  byKey(className: string, key: string): Lock {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const name = this.name(className);
    const lock = this.#make(this.classNamed(name), NONE, SOURCE.call, name);
    this.#byKey.set(key, lock);
    return lock;
  }
}

/** The kind of a class by all that is known at the end of the recording. */
export function kindOf(klass: LockClass): LockKind {
  if (klass.isRcu) return klass.facts.kind;
  if (klass.told !== null) return klass.told;
  const { kind, marker } = klass.facts;
  if (marker !== null || kind !== 'mutex') {
    if (kind === 'spinlock' && (klass.evidence & EVIDENCE.read) !== 0) return 'rwlock';
    return kind;
  }
  const atomic = (klass.evidence & EVIDENCE.atomic) !== 0;
  if ((klass.evidence & EVIDENCE.read) !== 0) return atomic ? 'rwlock' : 'rwsem';
  if (klass.isInner) return 'spinlock';
  return atomic && (klass.evidence & EVIDENCE.inner) === 0 ? 'spinlock' : 'mutex';
}
