// Call chains of the ops of a body: as recorded, or put together from the sections around where nothing was recorded.
import type { FunctionNames } from '../../corpus/schema/patch.js';
import type { Op, Program, ProgramTask } from '../../corpus/schema/program.js';
import { closingOp } from '../shrink/bodies.js';

/** Functions, innermost first. */
export type Chain = readonly string[];

/** `sriov_disable.part.0` is sriov_disable for everybody who reads source. */
function plain(name: string): string {
  return name.replace(/\.(?:isra|part|constprop|cold|llvm)\b.*$/, '');
}

export function isOneOf(names: FunctionNames, frame: string): boolean {
  return names.includes(frame) || names.includes(plain(frame));
}

/** Index of the innermost frame of a function, or -1. */
export function depthOf(chain: Chain, names: FunctionNames): number {
  return chain.findIndex((frame) => isOneOf(names, frame));
}

/** Index of the unlock that gives back what op `at` takes, or the end of the body if none does. */
export function endOfSection(body: readonly Op[], at: number): number {
  return closingOp(body, at) ?? body.length;
}

/** A function that a task must be running, although nothing names it. */
export interface Implied {
  readonly function: string;
  /** One sentence without a full stop. */
  readonly why: string;
}

/**
 * A list of held locks names no store callback. But who writes a file of sysfs holds an active reference to it
 * (fs/kernfs/file.c kernfs_fop_write_iter()), and remove_store() alone gives that up before it removes a device
 * (drivers/pci/pci-sysfs.c, device_remove_file_self()).
 */
export function impliedFunction({ body, function: known }: ProgramTask): Implied | null {
  if (known !== null || body.some((op) => op.frames.some((frame) => frame.endsWith('_store')))) return null;
  const takes = body.filter((op) => op.do === 'lock');
  const writer = takes.filter(({ site }) => site === 'kernfs_fop_write_iter');
  const removes = takes.some(({ site }) => site === 'pci_stop_and_remove_bus_device_locked');
  if (writer.length === 0 || writer.some(({ mode }) => mode !== 'exclusive') || !removes) return null;
  return {
    function: 'remove_store',
    why: 'it writes a file of sysfs and holds no active reference to it while it removes a device',
  };
}

/** A chain of one frame is no more than a site: function tracers and kprobes give these. */
function isRecorded(op: Op): boolean {
  return op.frames.length > 1;
}

/**
 * The chain of each op. Where the recording has none (lists of held locks, litmus text, function tracers), the functions that
 * took the locks around it stand in, for they have not returned yet, with those that give them back, and last the task's own
 * function. An unlock without a chain belongs to the function that took the lock.
 */
export function chainsOf(task: ProgramTask): Chain[] {
  const { body } = task;
  const outermost = task.function === null ? [] : [task.function];
  const chains: Chain[] = [];
  const open: { readonly lock: string; readonly index: number }[] = [];
  /** Who takes a lock, and who gives it back: the same function, or one that it was called by. */
  const sitesOf = (index: number): string[] => {
    const close = body[endOfSection(body, index)];
    const by = close === undefined || isRecorded(close) ? null : close.site;
    return [body[index]?.site ?? null, by].filter((site) => site !== null);
  };
  body.forEach((op, i) => {
    const around = (own: readonly string[]): Chain => {
      const takers = open.map((held) => sitesOf(held.index)).reverse();
      return [...new Set([...own, ...takers.flat(), ...outermost])];
    };
    if (op.do === 'unlock') {
      const at = open.findLastIndex((held) => held.lock === op.lock);
      const taken = at < 0 ? undefined : chains[open[at]?.index ?? -1];
      chains.push(isRecorded(op) ? op.frames : (taken ?? around(op.site === null ? [] : [op.site])));
      if (at >= 0) open.splice(at, 1);
      return;
    }
    const own = op.do === 'lock' ? sitesOf(i) : op.site === null ? [] : [op.site];
    if (isPlaceless(op)) own.push(...callersInside(body, i));
    chains.push(isRecorded(op) ? op.frames : around(own));
    if (op.do === 'lock') open.push({ lock: op.lock, index: i });
  });
  return chains;
}

/** Nothing says where the lock was taken: a list of a chain's locks, or a frame that a tail call took away. */
function isPlaceless(op: Op): boolean {
  return op.do === 'lock' && op.site === null && op.frames.length === 0;
}

/** Whoever took a lock without a place called on to where the next one was taken: one of those who called its taker. */
function callersInside(body: readonly Op[], at: number): Chain {
  const inner = at + 1 < endOfSection(body, at) ? body[at + 1] : undefined;
  if (inner === undefined || !isRecorded(inner)) return [];
  return inner.frames.slice(inner.site === null ? 0 : inner.frames.indexOf(inner.site) + 1);
}

/** True if nothing says in which function any op of the program is done: no patch can speak of it. */
export function isWithoutSites(program: Program): boolean {
  return program.tasks.every(({ body }) =>
    body.every(({ site, frames }) => site === null && frames.length === 0),
  );
}

/** A stretch of a body, both ends included. */
export interface Extent {
  readonly first: number;
  readonly last: number;
}

/**
 * The longest stretches whose ops all have the function on their chain, together with the unlocks of what they take. Calls
 * that follow each other with no other op between them cannot be told apart, and count as one.
 */
export function extentsOf(body: readonly Op[], chains: readonly Chain[], names: FunctionNames): Extent[] {
  const inside = chains.map((chain) => depthOf(chain, names) >= 0);
  const extents: Extent[] = [];
  for (let i = 0; i < body.length; i++) {
    if (inside[i] !== true || body[i]?.do === 'unlock') continue;
    let last = i;
    for (let j = i; j < body.length && (inside[j] === true || j <= last); j++) {
      if (body[j]?.do === 'lock') last = Math.max(last, Math.min(endOfSection(body, j), body.length - 1));
      else last = Math.max(last, j);
    }
    extents.push({ first: i, last });
    i = last;
  }
  return extents;
}

/** The lock ops open before op `at`, outermost first. */
export function openAt(body: readonly Op[], at: number): number[] {
  const open: number[] = [];
  for (let i = 0; i < at; i++) {
    const op = body[i];
    if (op?.do === 'lock') open.push(i);
    else if (op?.do === 'unlock') {
      const index = open.findLastIndex((o) => lockOf(body[o]) === op.lock);
      if (index >= 0) open.splice(index, 1);
    }
  }
  return open;
}

export function lockOf(op: Op | undefined): string | null {
  return op !== undefined && 'lock' in op ? op.lock : null;
}

/** Small words that only take a lock for whoever calls them. */
const WRAPPER = /^(?:pci_lock_rescan_remove|device_lock|__device_driver_lock|.*_lock)$/;

/** True if the function itself takes the lock of this op: by its site, or through a wrapper called by it; without a site, if it may. */
export function isTakenBy(op: Op, chain: Chain, names: FunctionNames): boolean {
  if (isPlaceless(op)) return depthOf(chain, names) >= 0;
  if (op.site !== null && isOneOf(names, op.site)) return true;
  const at = op.site === null ? 0 : chain.indexOf(op.site);
  const caller = chain[at + 1];
  return (
    op.site !== null && at >= 0 && WRAPPER.test(op.site) && caller !== undefined && isOneOf(names, caller)
  );
}
