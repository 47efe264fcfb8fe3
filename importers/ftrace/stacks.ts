// The stack that is open behind a record: its frames, and whose it is.
import type { LockEventMapper } from '../trace-events/mapper.js';
import type { Level } from '../trace-events/runners.js';
import { CallChains } from './chains.js';
import type { TraceMachine } from './platform.js';
import { isWord } from './words.js';

/** Gathers the frames of one stack after the other. */
export class OpenStack {
  /** What continuation lines belong to. */
  open: 'stack' | 'user-stack' | 'marker' | null = null;
  readonly #machine: TraceMachine;
  readonly #chains: CallChains;
  #pid = 0;
  #cpu = 0;
  #level: Level = 0;

  /** `tooMany` hears of each function that there is no room for. */
  constructor(machine: TraceMachine, tooMany: () => void) {
    this.#machine = machine;
    this.#chains = new CallChains((name) => machine.name(name), tooMany);
  }

  /** A stack begins. `isWanted`: it belongs to a record that went to the mapper. */
  begin(isWanted: boolean, pid: number, cpu: number, level: Level): void {
    this.open = isWanted ? 'stack' : 'user-stack';
    this.#chains.drop();
    this.#pid = pid;
    this.#cpu = cpu;
    this.#level = level;
  }

  /** What was open ends; its frames go to the mapper. */
  close(mapper: LockEventMapper | null): void {
    if (this.open === 'stack' && !this.#chains.isEmpty)
      mapper?.stackOf(this.#pid, this.#cpu, this.#level, this.#chains.take());
    this.open = null;
  }

  /** A frame of the open stack by the number that `frameId` gave; -1 for one without a function. */
  add(id: number): void {
    if (this.open === 'stack' && id >= 0) this.#chains.frame(id);
  }

  /** The number of a frame's function (` => symbol+0x1/0x2 [module] <address>`); -1 if it has none, -2 if the line is no frame. */
  frameId(text: string, from: number, to: number): number {
    let at = from;
    const first = text.charCodeAt(at);
    if (first === 32 || first === 9) at++;
    if (text.charCodeAt(at) !== 61 || text.charCodeAt(at + 1) !== 62 || at + 2 > to) return -2;
    if (this.open !== 'stack') return -1;
    at += 2;
    let code = text.charCodeAt(at);
    while (code === 32) code = text.charCodeAt(++at);
    const start = at;
    let hash = 0;
    if (code >= 48 && code <= 57) return -1;
    while (at < to && isWord(code)) {
      hash = (hash * 31 + code) | 0;
      code = text.charCodeAt(++at);
    }
    if (at === start) return -1;
    const id = this.#chains.id(text, start, at, hash);
    for (; at < to; at++)
      if (text.charCodeAt(at) === 91) {
        this.#machine.frame(text.slice(start, at), text.slice(at, to));
        break;
      }
    return id;
  }
}
