// Names of tasks: those that the recorder saved by pid, and those that scheduler events mention where it has none.
import type { LockEventMapper } from '../trace-events/mapper.js';

/** Largest pid of a 64-bit kernel (PID_MAX_LIMIT). */
const MOST_PIDS = 1 << 22;

export class TaskNames {
  readonly #mapper: LockEventMapper;
  /** 1 for pids that have a name. */
  #named = new Uint8Array(1 << 12);
  readonly #texts: string[] = [];

  /** `cmdlines`: lines of `pid comm`, as the file has them. */
  constructor(mapper: LockEventMapper, cmdlines: string) {
    this.#mapper = mapper;
    for (const line of cmdlines.split('\n')) {
      const match = /^\s*(\d{1,7}) (.*)$/.exec(line);
      if (match === null) continue;
      const pid = Number(match[1]);
      const comm = match[2] ?? '';
      if (pid === 0 || pid >= MOST_PIDS || comm === '<...>') continue;
      this.#mark(pid);
      mapper.nameTask(pid, comm);
    }
  }

  #mark(pid: number): void {
    if (pid >= this.#named.length) {
      const wider = new Uint8Array(2 ** Math.ceil(Math.log2(pid + 1)));
      wider.set(this.#named);
      this.#named = wider;
    }
    this.#named[pid] = 1;
  }

  /** The number of a name that an event mentions. */
  text(comm: string): number {
    return this.#texts.push(comm) - 1;
  }

  /** An event calls that task so; it counts where the recorder has no name for it. */
  mention(pid: number, text: number): void {
    if (this.#named[pid] === 1 || pid <= 0 || pid >= MOST_PIDS || text < 0) return;
    this.#mark(pid);
    this.#mapper.nameTask(pid, this.#texts[text] ?? '', true);
  }

  /** The pid has a new task, if the mapper takes it for one. */
  renew(pid: number, text: number): void {
    if (pid <= 0 || text < 0 || !this.#mapper.isUnnamed(pid)) return;
    this.#mapper.nameTask(pid, this.#texts[text] ?? '', true);
  }
}
