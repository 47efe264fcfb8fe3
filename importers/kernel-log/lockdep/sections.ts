// The section of a lockdep report that is being printed, and where each of its lines is filed.
import type { Draft, OpenLink, Slot } from './draft.js';
import type { LineKind, Phrase } from './line-kinds.js';
import type { PrintedLock } from './lock-ref.js';

/** Fills a draft from classified lines. The open section decides what a lock or a frame means. */
export class Sections {
  readonly #draft: Draft;
  /** Where frames go; null where none are expected. */
  sink: string[] | null = null;
  /** Which lock the next printed one is. */
  slot: Slot | null = null;
  /** The class whose call chains are being printed. */
  class: PrintedLock | null = null;
  inTrace = false;
  inScenario = false;
  /** True where the next frame is the place of the lock that the task line named. */
  awaitsSite = false;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** Ends whatever list, table or call chain was open. */
  close(): void {
    this.sink = null;
    this.slot = null;
    this.inScenario = false;
    this.awaitsSite = false;
  }

  /** Files one line under what it says. */
  file(kind: LineKind, no: number, text: string): void {
    const draft = this.#draft;
    switch (kind.is) {
      case 'ident':
        draft.kernel = kind.kernel;
        draft.tainted = kind.tainted;
        return;
      case 'task':
        this.close();
        draft.task = kind.task;
        draft.pid = kind.pid;
        draft.verb = kind.verb;
        draft.context = kind.context;
        this.slot = 'wants';
        if (kind.lock !== null) {
          const ref = { lock: kind.lock, usage: null, address: null, site: null, wait: null, line: no };
          draft.slots.wants = { ref, inline: false };
          this.awaitsSite = true;
        }
        return;
      case 'phrase':
        this.#phrase(kind.phrase, kind.irq, no);
        return;
      case 'took-other':
        draft.relation = kind.relation;
        draft.irq = kind.irq;
        this.slot = 'other';
        return;
      case 'usage-change':
        draft.from = kind.from;
        draft.to = kind.to;
        return;
      case 'state':
        this.#openLink(kind.state, no);
        return;
      case 'became':
        draft.irq ??= kind.irq;
        this.#openLink(kind.state, no);
        return;
      case 'wait-context':
        draft.waitContext = kind.context;
        this.slot = null;
        return;
      case 'columns':
        draft.secondColumn = kind.second;
        return;
      case 'row':
        draft.rows.push(kind.row);
        return;
      case 'link':
        this.close();
        this.#link(kind.index, kind.lock, null, no);
        return;
      case 'class':
        this.sink = null;
        this.class = kind.lock;
        return;
      case 'dependency':
        if (this.slot === null || draft.newDependency === null)
          draft.newDependency = { from: kind.from, to: kind.to };
        return;
      case 'names':
        if (kind.names.length > 1) draft.chainExists ??= kind.names;
        return;
      case 'lock':
        this.#lock(kind.lock, no);
        return;
      case 'frame':
        this.#frame(kind.frame.func, kind.frame.reliable && !kind.frame.inline, kind.frame.inline);
        return;
      case 'trivia':
        this.#trivia(text.trim());
        return;
      case 'close':
        this.sink = null;
        return;
      case 'broken':
        if (this.slot === 'nest') draft.nestName ??= text.trim();
        return;
      case 'blank':
      case 'rule':
      case 'end':
      case 'held':
      case 'entry':
        return;
      default: {
        const never: never = kind;
        throw new Error(`lockdep: line of unknown kind ${JSON.stringify(never)}`);
      }
    }
  }

  #phrase(phrase: Phrase, irq: string | null, no: number): void {
    const draft = this.#draft;
    if (phrase !== 'deadlock' && phrase !== 'nesting') this.close();
    switch (phrase) {
      case 'holding':
        this.slot = 'holding';
        return;
      case 'already-depends':
        draft.alreadyDepends = true;
        return;
      case 'not-holding':
        this.slot = 'nest';
        return;
      case 'connects-safe':
        draft.irq = irq;
        this.slot = 'class';
        return;
      case 'to-unsafe':
        this.slot = 'class';
        return;
      case 'scenario':
        this.inScenario = true;
        return;
      case 'nesting':
        draft.nestingNotation = true;
        return;
      case 'deadlock':
        if (draft.rows.length > 0) draft.scenarioEnded = true;
        this.inScenario = false;
        return;
      case 'backtrace':
      case 'call-trace':
        this.inTrace = true;
        // A second stack is the first one again.
        this.sink = draft.reachedTrace && draft.backtrace.length > 0 ? [] : draft.backtrace;
        draft.reachedTrace = true;
        return;
      case 'acquired-at':
        this.#openLink('acquired', no);
        return;
      case 'chain-intro':
      case 'new-dependency':
      case 'safe-dependencies':
      case 'unsafe-dependencies':
      case 'shortest-dependencies':
      case 'inverse-ordering':
      case 'no-locks-there':
      case 'chain-exists':
      case 'comparison':
        return;
      case 'other-info':
        this.inTrace = false;
        return;
      default: {
        const never: never = phrase;
        throw new Error(`lockdep: unknown phrase ${String(never)}`);
      }
    }
  }

  #lock(lock: PrintedLock, no: number): void {
    if (this.slot === null) return;
    if (this.slot === 'class') {
      this.class = lock;
      return;
    }
    const earlier = this.#draft.slots[this.slot];
    // A symboliser doubles the line for inlined callers and puts the real one last.
    if (earlier === undefined || earlier.inline)
      this.#draft.slots[this.slot] = { ref: { ...lock.ref, line: no }, inline: lock.inline };
    if (this.slot === 'nest') this.#draft.nestName ??= lock.ref.lock;
  }

  #frame(func: string, real: boolean, inline: boolean): void {
    const wants = this.#draft.slots.wants;
    if (this.awaitsSite && wants !== undefined) {
      wants.ref = { ...wants.ref, site: func };
      // The line of an inlined caller stands before the real one.
      this.awaitsSite = inline;
      return;
    }
    if (real) this.sink?.push(func);
  }

  #trivia(line: string): void {
    if (/^irq event stamp|^(?:hard|soft)irqs last|key +at:/.test(line)) this.sink = null;
    if (!/^CPU: ?\d/.test(line)) return;
    this.inTrace = true;
    if (this.sink !== this.#draft.backtrace) this.close();
    const who = /\bPID: ?(\d+) Comm: (.+?) (?:Not tainted|Tainted|Kdump)/.exec(line);
    if (who?.[2] !== undefined) this.#draft.onCpu ??= { task: who[2], pid: Number(who[1]) };
    const release = /(?:Not tainted|Tainted: (?:[A-Z] *)+) (\S+)/.exec(line)?.[1];
    this.#draft.kernel ??= release ?? null;
  }

  /** A call chain of the class named last; in a report on one lock's state, of the lock taken. */
  #openLink(state: string, no: number): void {
    this.close();
    const ref = this.class?.ref ?? this.#draft.wants;
    if (ref === null || ref === undefined) return;
    this.#link(this.#draft.chain.length, { ref, index: null, inline: false, rest: '' }, state, no);
  }

  #link(index: number, lock: PrintedLock, state: string | null, line: number): void {
    const { usage, wait = null } = lock.ref;
    const link: OpenLink = { index, lock: lock.ref.lock, usage, wait, state, line, frames: [] };
    this.#draft.chain.push(link);
    this.sink = link.frames;
  }
}
