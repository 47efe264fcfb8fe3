// Lines that were read before, found again by their bytes: frames, records of known heads, calls of function_graph.
import { graphColumns } from './graph.js';
import { HeadMemo } from './head-memo.js';
import { LineMemo } from './line-memo.js';
import type { TraceRecords } from './records.js';
import type { SaidCall, SaidRecord, SaidSwitch } from './said.js';

const NEWLINE = 10;
/** Lines of a block that are each decoded alone. */
const STRANGE = 32;

/** Reads lines of blocks of ASCII, as far as they are known; each method returns where the line ends, or -1 if it has to be read as text. */
export class KnownLines {
  readonly #records: TraceRecords;
  readonly #heads = new HeadMemo();
  readonly #events = new LineMemo<SaidRecord>();
  /** Numbers of functions in the stack by the lines of stacks; -1 for lines without one. */
  readonly #frames = new LineMemo<number>();
  readonly #calls = new LineMemo<SaidCall>();
  readonly #switches = new LineMemo<SaidSwitch>();
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #limit = 0;
  /** Events of the block that were not read before, and from some number of them on the block as text. */
  #strange = 0;
  #text: string | null = null;
  /** Where the last column of the call stands that was looked for in vain and may be remembered, or -1; and its CPU. */
  #newCall = -1;
  #newCallCpu = 0;
  /** True if the line was looked for in vain among those that are no calls, and may be remembered. */
  #newSwitch = false;

  constructor(records: TraceRecords) {
    this.#records = records;
  }

  /** What follows is read from this block. */
  block(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#limit = bytes.length;
    this.#text = null;
    this.#strange = 0;
    this.#newCall = -1;
  }

  /** Reads the line at `from` as a frame of the stack that is open. */
  frame(from: number): number {
    if (from + 4 > this.#limit) return -1;
    const view = this.#view;
    const first = view.getUint8(from);
    const at = first === 32 || first === 9 ? from + 1 : from;
    if (view.getUint8(at) !== 61 || view.getUint8(at + 1) !== 62) return -1;
    const { stack } = this.#records;
    let id = this.#frames.find(view, from, this.#limit);
    const { end } = this.#frames;
    if (stack.open === 'user-stack') id = -1;
    if (id === null) {
      const text = this.#bytes.toString('latin1', from, end);
      let to = text.length;
      while (to > 0 && text.charCodeAt(to - 1) === 13) to--;
      id = stack.frameId(text, 0, to);
      if (this.#frames.cameBefore) this.#frames.add(view, from, id);
    }
    this.#records.understood++;
    stack.add(id);
    return end;
  }

  /** Reads the line at `from` as a record whose head is known. */
  record(from: number, where: number): number {
    const { head } = this.#records;
    const view = this.#view;
    if (!this.#heads.read(head, view, from, this.#limit)) return -1;
    const { body } = head;
    const said = this.#events.find(view, body, this.#limit);
    const { end, cameBefore } = this.#events;
    if (said !== null) {
      this.#records.sayAgain(said, where);
      return end;
    }
    if (view.getUint8(end - 1) === 13) return -1;
    if (!cameBefore && ++this.#strange > STRANGE) {
      // Much that was never read before: decoding the block once costs less than each line.
      this.#text ??= this.#bytes.toString('latin1');
      this.#records.record(this.#text, end, where);
      return end;
    }
    const text = this.#bytes.toString('latin1', body, end);
    head.body = 0;
    this.#records.record(text, text.length, where);
    if (cameBefore) this.#events.add(view, body, this.#records.said(text));
    return end;
  }

  /** Reads the line at `from` as one of function_graph in the default columns. */
  call(from: number, where: number): number {
    const { graph } = this.#records;
    this.#newCall = -1;
    this.#newSwitch = false;
    // Around each switch of tasks stand a rule and an empty line.
    if (from < this.#limit && this.#view.getUint8(from) === NEWLINE) return from;
    const at = graphColumns(graph, this.#view, from, this.#limit);
    if (at === -1) return this.#switch(from, where);
    const said = this.#calls.find(this.#view, at, this.#limit);
    if (said === null) {
      if (this.#calls.cameBefore) this.#newCall = at;
      this.#newCallCpu = graph.cpu;
      graph.kind = 'none';
      return -1;
    }
    graph.hasTime = false;
    graph.comm = null;
    graph.pid = -1;
    graph.flags = null;
    graph.kind = said.kind;
    graph.depth = said.depth;
    graph.name = said.name;
    graph.callee = said.callee;
    graph.argument = said.argument;
    graph.ret = said.ret;
    this.#records.graphRecord(where, said.record);
    return this.#calls.end;
  }

  /** Reads the line at `from` as one that is no call. */
  #switch(from: number, where: number): number {
    const { graph } = this.#records;
    const said = this.#switches.find(this.#view, from, this.#limit);
    graph.kind = 'none';
    if (said === null) {
      this.#newSwitch = this.#switches.cameBefore;
      return -1;
    }
    graph.flags = null;
    graph.kind = said.kind;
    graph.cpu = said.cpu;
    graph.comm = said.comm;
    graph.pid = said.pid;
    graph.previousComm = said.previousComm;
    graph.previousPid = said.previousPid;
    this.#records.graphRecord(where);
    return this.#switches.end;
  }

  /** The head of the line at `from`, which was read as text just now. */
  learnHead(from: number, text: string): void {
    const { head } = this.#records;
    if (head.fixed >= 0)
      this.#heads.add(head, this.#view, from, text.slice(head.commFrom, head.commTo).trimStart());
  }

  /** What the line at `from`, which `call` did not know, was found to be when it was read as text just now. */
  learnCall(from: number, text: string): void {
    const at = this.#newCall;
    const { graph } = this.#records;
    if (this.#newSwitch && (graph.kind === 'rule' || graph.kind === 'switch')) {
      const { kind, cpu, comm, pid, previousComm, previousPid } = graph;
      this.#switches.add(this.#view, from, { kind, cpu, comm, pid, previousComm, previousPid });
    }
    this.#newSwitch = false;
    if (at === -1) return;
    this.#newCall = -1;
    const { kind, depth, name, callee, argument, ret } = graph;
    // What stands before the column must have been read as its columns are.
    if (
      (kind === 'entry' || kind === 'leaf' || kind === 'exit' || kind === 'comment') &&
      graph.cpu === this.#newCallCpu &&
      !graph.hasTime &&
      graph.comm === null &&
      graph.flags === null &&
      !text.includes('=>')
    )
      this.#calls.add(this.#view, at, {
        kind,
        depth,
        name,
        callee,
        argument,
        ret,
        record: kind === 'comment' ? this.#records.saidLock() : null,
      });
  }
}
