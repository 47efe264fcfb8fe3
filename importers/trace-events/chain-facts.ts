// What a call chain recorded with an event says; worked out once for each chain.
import { NONE } from '../../corpus/schema/ids.js';
import {
  entryFunction,
  type Primitive,
  primitiveOf,
  siteFunction,
} from '../kernel-log/episodes/primitives.js';

/** Lock functions at the inner end of the stack of a release. */
const UNLOCK =
  /^(lock_release|__mutex_unlock\w*|mutex_unlock|ww_mutex_unlock|up_(read|write)\w*|up|__up_\w+|rt_mutex_\w*unlock\w*|_raw_\w*unlock\w*|__raw_\w*unlock\w*|do_raw_\w*unlock\w*|percpu_up_\w+|lock_acquire|lock_acquired)(\.\w+)*$/;
/** Functions that take the lock of an object for the first time in its life (drivers/base/core.c). */
const BIRTHS = /^device_add$/;

/** Frames of the tracer itself at the inner end of a stack. */
const TRACING =
  /^(trace_event_raw_event_\w+|trace_event_buffer_\w+|__traceiter_\w+|__bpf_trace_\w+|perf_trace_\w+|trace_\w+_probe|ftrace_\w+|arch_ftrace_\w+|kprobe_\w+|kretprobe_\w+|__ftrace_\w+|function_stack_trace_call|stack_trace_save|trace_call_bpf|bpf_\w+|0x[0-9a-f]+)$/;

/** Chains that are remembered; then all are forgotten. */
const MOST_CHAINS = 1 << 15;

export interface ChainFacts {
  /** The chain without frames of the tracer, innermost first. */
  readonly outside: readonly string[];
  /** The function outside of the lock functions, or null. */
  readonly site: string | null;
  /** The number of that site in the builder; NONE until it is used. */
  siteId: number;
  readonly isBirth: boolean;
  readonly primitive: Primitive | null;
  readonly entry: string | null;
}

function factsOf(frames: readonly string[]): ChainFacts {
  const outside = frames.filter((frame) => !TRACING.test(frame));
  const site = siteFunction(outside.filter((frame) => !UNLOCK.test(frame)));
  return {
    outside,
    site,
    siteId: NONE,
    isBirth: site !== null && BIRTHS.test(site),
    primitive: primitiveOf(outside),
    entry: entryFunction(outside),
  };
}

/** Facts by chain: importers hand over the same array for equal chains where they can. */
export class ChainTable {
  readonly #facts = new Map<readonly string[], ChainFacts>();

  of(frames: readonly string[]): ChainFacts {
    const known = this.#facts.get(frames);
    if (known !== undefined) return known;
    const facts = factsOf(frames);
    if (this.#facts.size >= MOST_CHAINS) this.#facts.clear();
    this.#facts.set(frames, facts);
    return facts;
  }
}
