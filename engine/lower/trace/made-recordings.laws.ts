// Made recordings: small random STD traces, and all deadlocks of one by the definition, with no code of ours.

export interface MadeEvent {
  readonly t: number;
  readonly verb: 'acq' | 'rel' | 'req' | 'w' | 'r' | 'fork' | 'join';
  /** Lock, variable, or `T` and the number of a thread. */
  readonly arg: string;
}

export type Dice = (below: number) => number;

/** A recording that could have happened. What kind of events, how many threads and locks, and how they nest is drawn too. */
export function madeRecording(dice: Dice, length: number): MadeEvent[] {
  const threads = 2 + dice(2) * (1 + dice(2));
  const locks = 2 + dice(2);
  const variables = Math.max(0, dice(4) - 1);
  const nested = dice(3) > 0;
  const reenters = dice(4) === 0;
  const forks = dice(2) === 0;
  const leaves = dice(3) === 0;
  const stacks: string[][] = Array.from({ length: threads }, () => []);
  const started = stacks.map((_, t) => t === 0 || !forks || dice(3) === 0);
  const ended = stacks.map(() => false);
  const trace: MadeEvent[] = [];
  for (let i = 0; i < length; i++) {
    const t = dice(threads);
    const stack = stacks[t]!;
    if (!started[t] || ended[t]) continue;
    const roll = dice(24);
    if (roll < 11) {
      const lock = `L${dice(locks)}`;
      const own = stack.includes(lock);
      if (stack.length >= 3 || (own && !reenters)) continue;
      if (!own && stacks.some((other) => other.includes(lock))) continue;
      stack.push(lock);
      trace.push({ t, verb: 'acq', arg: lock });
    } else if (roll < 20) {
      if (stack.length === 0) continue;
      const [lock] = stack.splice(nested ? stack.length - 1 : dice(stack.length), 1);
      trace.push({ t, verb: 'rel', arg: lock! });
    } else if (roll < 22) {
      if (variables > 0) trace.push({ t, verb: dice(2) === 0 ? 'w' : 'r', arg: `v${dice(variables)}` });
    } else if (roll === 22) {
      const child = started.indexOf(false);
      if (child < 0 || ended[child]) continue;
      started[child] = true;
      trace.push({ t, verb: 'fork', arg: `T${child}` });
    } else {
      const child = dice(threads);
      if (child === t || !forks || !started[child] || ended[child] || stacks[child]!.length > 0) continue;
      ended[child] = true;
      trace.push({ t, verb: 'join', arg: `T${child}` });
    }
  }
  // A recording may end anywhere; most end with everything given back.
  if (!leaves)
    for (const [t, stack] of stacks.entries())
      while (stack.length > 0) trace.push({ t, verb: 'rel', arg: stack.pop()! });
  return trace;
}

export function recordingText(trace: readonly MadeEvent[]): string {
  return trace.map(({ t, verb, arg }, i) => `T${t}|${verb}(${arg})|${i}\n`).join('');
}

/** One member of a deadlock: `L1<L0,L2`, or `T3<` for who waits for a thread's end. */
export type Standing = string;

/**
 * Every deadlock that a correct reordering leads to, as what its members want and hold, sorted and joined: all states are
 * searched. A state is how far each thread is, and which write each variable shows.
 */
export function deadlocksByDefinition(trace: readonly MadeEvent[]): Set<string> {
  const count =
    1 + trace.reduce((most, { t, arg }) => Math.max(most, t, /^T/.test(arg) ? Number(arg.slice(1)) : 0), 0);
  const threads = Array.from({ length: count }, (_, t) =>
    trace.flatMap((e, i) => (e.t === t ? [{ ...e, i }] : [])),
  );
  const sees = new Map<number, number>();
  const last = new Map<string, number>();
  for (const [i, e] of trace.entries()) {
    if (e.verb === 'w') last.set(e.arg, i);
    if (e.verb === 'r') sees.set(i, last.get(e.arg) ?? -1);
  }
  const variables = [...last.keys()];
  const forker = threads.map((_, t) =>
    trace.findIndex(({ verb, arg }) => verb === 'fork' && arg === `T${t}`),
  );
  const joined = threads.map((_, t) => trace.some(({ verb, arg }) => verb === 'join' && arg === `T${t}`));
  const found = new Set<string>();
  const seen = new Set<string>();
  const stack = [{ at: threads.map(() => 0), values: variables.map(() => -1) }];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const { at, values } = state;
    const key = `${at} ${values}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const holds = threads.map((events, t) => {
      const depth = new Map<string, number>();
      for (const e of events.slice(0, at[t])) {
        if (e.verb === 'acq') depth.set(e.arg, (depth.get(e.arg) ?? 0) + 1);
        if (e.verb === 'rel') depth.set(e.arg, (depth.get(e.arg) ?? 0) - 1);
      }
      return [...depth].flatMap(([lock, n]) => (n > 0 ? [lock] : []));
    });
    const begun = threads.map((_, t) => {
      const by = forker[t]!;
      return by < 0 || threads[trace[by]!.t]!.slice(0, at[trace[by]!.t]).some(({ i }) => i === by);
    });
    const waitsFor = threads.map((events, t) => {
      const e = events[at[t]!];
      if (e === undefined || !begun[t]) return -1;
      if (e.verb === 'acq') return holds.findIndex((locks, u) => u !== t && locks.includes(e.arg));
      if (e.verb !== 'join') return -1;
      const u = Number(e.arg.slice(1));
      return u !== t && (at[u]! < threads[u]!.length || !begun[u]) ? u : -1;
    });
    for (let t = 0; t < count; t++) {
      const ring: number[] = [];
      for (let u = t; u >= 0 && !ring.includes(u); u = waitsFor[u]!) ring.push(u);
      if (ring.length < 2 || waitsFor[ring.at(-1)!] !== t || Math.min(...ring) !== t) continue;
      found.add(
        ring
          .map((u) => {
            const own = [...holds[u]!, ...(joined[u] ? [`T${u}`] : [])].sort();
            return `${threads[u]![at[u]!]!.arg}<${own}`;
          })
          .sort()
          .join(' '),
      );
    }
    for (const [t, events] of threads.entries()) {
      const e = events[at[t]!];
      if (e === undefined || waitsFor[t]! >= 0 || !begun[t]) continue;
      const v = variables.indexOf(e.arg);
      if (e.verb === 'r' && sees.get(e.i) !== (v < 0 ? -1 : values[v])) continue;
      stack.push({
        at: at.with(t, at[t]! + 1),
        values: e.verb === 'w' ? values.with(v, e.i) : values,
      });
    }
  }
  return found;
}
