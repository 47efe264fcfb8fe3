// The importer of /proc/lockdep_chains: every order in which a running kernel was seen to take its lock classes.
import { BEYOND_THE_LOG } from '../../corpus/schema/capture.js';
import type { EpisodeId, LockId, TaskId } from '../../corpus/schema/ids.js';
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { lockAssumptions } from '../kernel-log/episodes/cycle.js';
import { lockFacts } from '../kernel-log/episodes/lock-facts.js';
import type { Source } from '../source.js';
import {
  type ChainContext,
  cyclesOf,
  type Edge,
  edgesOf,
  type LockChain,
  type Step,
  stepsOf,
} from './chain-orders.js';

const CONTEXT = /^irq_context: ?(.*)$/;
const MEMBER = /^\[([0-9a-f]{8,16}|\(\w+\))\] (.+)$/;
/** Cycles that become programs; more than this many are one fact told many times. */
const MOST_CYCLES = 64;

interface ReadChains {
  readonly chains: readonly LockChain[];
  /** Name of each class. */
  readonly names: readonly string[];
}

/** lc_show(): `0`, `softirq`, `hardirq`, `hardirq,softirq` by context; the higher one runs. */
function contextOf(word: string): ChainContext {
  return word.includes('hardirq') ? 'hardirq' : word.includes('softirq') ? 'softirq' : 'task';
}

async function readChains(source: Source, builder: CaptureBuilder): Promise<ReadChains> {
  const chains: LockChain[] = [];
  const names: string[] = [];
  const byAddress = new Map<string, number>();
  let open: { context: ChainContext; classes: number[]; lines: number[] } | null = null;
  let no = 0;
  const close = (): void => {
    if (open !== null && open.classes.length > 0) {
      chains.push(open);
      builder.count('chain');
      if (open.context !== 'task') builder.count(`chain in ${open.context}`);
    }
    open = null;
  };
  for await (const batch of source.lines())
    for (const line of batch) {
      no++;
      const context = CONTEXT.exec(line);
      if (context !== null) {
        close();
        open = { context: contextOf(context[1] ?? ''), classes: [], lines: [] };
        continue;
      }
      const member = MEMBER.exec(line);
      if (member !== null && open !== null) {
        const key = `${member[1]} ${member[2]}`;
        let id = byAddress.get(key);
        if (id === undefined) {
          id = names.push(member[2]!) - 1;
          byAddress.set(key, id);
        }
        open.classes.push(id);
        open.lines.push(no);
      } else if (line.trim() === '') close();
      else if (!/^(?:all lock chains:|#)/.test(line)) {
        builder.skips.count('chain_line_unreadable', no);
        // A chain with a hole in it would show orders that nobody took.
        open = null;
      }
    }
  if (open !== null) builder.skips.count('lockdep_list_cut', no);
  return { chains, names };
}

/** Writes events of chains. Locks are classes here: which instances were meant is not in the file. */
class ChainScribe {
  readonly #builder: CaptureBuilder;
  readonly #names: readonly string[];

  constructor(builder: CaptureBuilder, names: readonly string[]) {
    this.#builder = builder;
    this.#names = names;
  }

  name(id: number): string {
    return this.#names[id]!;
  }

  lock(id: number, instance: string): LockId {
    const name = this.#names[id]!;
    const { kind, single } = lockFacts(name, []);
    const classId = this.#builder.lockClass(name, kind, single);
    return this.#builder.lock(classId, null, single ? name : `${name} ${instance}`);
  }

  task(name: string, context: ChainContext): TaskId {
    return this.#builder.task({ name, pid: null, function: null, named: false, runs: context }, null);
  }

  /** One member taken, in the only mode that the name allows, else for writing: the file does not tell. */
  take(
    kind: 'acquire' | 'try-acquire' | 'request' | 'release',
    chain: LockChain,
    at: number,
    task: TaskId,
    lock: LockId,
    episode: EpisodeId,
  ): void {
    const facts = lockFacts(this.#names[chain.classes[at]!]!, []);
    const reads =
      facts.kind === 'rcu' || facts.kind === 'srcu' || facts.marker?.startsWith('an active') === true;
    this.#builder.event({
      kind,
      task,
      episode,
      known: 'reported',
      where: chain.lines[at]!,
      lock,
      mode: reads ? 'read' : 'exclusive',
      context: chain.context,
    });
  }
}

/** All chains as they are: one task each, every lock an instance of its own, all given back at the end. */
function writeOrders(
  builder: CaptureBuilder,
  scribe: ChainScribe,
  chains: readonly LockChain[],
  steps: readonly (readonly Step[])[],
): void {
  const episode = builder.episode({
    origin: 'trace',
    basis: 'aliased',
    assumes: ['the chains name classes: which objects were meant is not known'],
  });
  chains.forEach((chain, c) => {
    const task = scribe.task(`chain ${c + 1}`, chain.context);
    const locks = chain.classes.map((id, k) => scribe.lock(id, `of chain ${c} ${k}`));
    locks.forEach((lock, k) => {
      scribe.take(steps[c]![k] === 'try' ? 'try-acquire' : 'acquire', chain, k, task, lock, episode);
    });
    for (let k = locks.length - 1; k >= 0; k--) scribe.take('release', chain, k, task, locks[k]!, episode);
  });
}

/** A cycle as an episode: each member's chain up to the lock that it asks for; the locks of the cycle are shared. */
function writeCycle(
  builder: CaptureBuilder,
  scribe: ChainScribe,
  cycle: readonly number[],
  edges: readonly Edge[],
  chains: readonly LockChain[],
  steps: readonly (readonly Step[])[],
): void {
  const inCycle = new Set(cycle);
  const names = cycle.map((id) => scribe.name(id)).sort();
  const { sentences } = lockAssumptions(names, 'the chains compare classes, not objects');
  const guessed = names.filter((name) => {
    const { kind, mode } = lockFacts(name, []);
    return (kind === 'rwsem' || kind === 'rwlock') && mode === null;
  });
  const unvalidated = edges.flatMap(({ chain, to }) =>
    steps[chain]![to] === 'unvalidated' ? [scribe.name(chains[chain]!.classes[to]!)] : [],
  );
  const single = new Set<string>();
  const outer = edges.flatMap(({ chain, to }) =>
    chains[chain]!.classes.slice(0, to).filter((id) => {
      if (inCycle.has(id)) return false;
      if (lockFacts(scribe.name(id), []).single) single.add(scribe.name(id));
      return !lockFacts(scribe.name(id), []).single;
    }),
  );
  const twice = [...new Set(outer.filter((id, i) => outer.indexOf(id) !== i))]
    .map((id) => scribe.name(id))
    .sort();
  const episode = builder.episode({
    origin: 'lock chains',
    basis: 'aliased',
    assumes: [
      ...sentences,
      ...[...new Set(unvalidated)]
        .sort()
        .map(
          (name) =>
            `\`${name}\` is taken by a call that may block: lockdep does not validate this class, so its chains do not tell a trylock`,
        ),
      ...guessed.map(
        (name) =>
          `${BEYOND_THE_LOG}\`${name}\` is taken for writing on one side at least: the chains do not tell readers from writers`,
      ),
      ...twice.map((name) => `the tasks hold different objects of \`${name}\`, so that it is no gate`),
    ],
  });
  edges.forEach((edge) => {
    const chain = chains[edge.chain]!;
    const task = scribe.task(`chain ${edge.chain + 1}`, chain.context);
    for (let k = 0; k <= edge.to; k++) {
      const id = chain.classes[k]!;
      const repeated = chain.classes.indexOf(id) < k;
      const lock = scribe.lock(
        id,
        inCycle.has(id) && !repeated ? 'of the cycle' : `of chain ${edge.chain} ${k}`,
      );
      scribe.take(k === edge.to ? 'request' : 'acquire', chain, k, task, lock, episode);
    }
  });
}

export const lockdepChainsImporter: Importer = {
  id: 'lockdep-chains',
  priority: 210,
  title: '/proc/lockdep_chains: every order in which lock classes were taken (docs/formats.md)',

  sniff(head) {
    return /^all lock chains:/.test(head) || /^irq_context: \S.*\n\[[0-9a-f(]/m.test(head);
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const { chains, names } = await readChains(source, builder);
    if (chains.length === 0) return;
    const steps = stepsOf(chains);
    const scribe = new ChainScribe(builder, names);
    // A read-side section of RCU waits for nobody, and whoever waits for it stands in no chain.
    const waits = names.map((name) => !['rcu', 'srcu'].includes(lockFacts(name, []).kind));
    const edges = edgesOf(chains, steps, waits);
    const cycles = cyclesOf(edges, names.length).map((cycle) => ({
      cycle,
      edges: cycle.map((held, i) => edges.get(held * names.length + cycle[(i + 1) % cycle.length]!)!),
    }));
    const cost = (list: readonly Edge[]): number => list.reduce((sum, edge) => sum + edge.to, 0);
    cycles.sort((a, b) => cost(a.edges) - cost(b.edges));
    for (const { cycle, edges: shown } of cycles.slice(0, MOST_CYCLES))
      writeCycle(builder, scribe, cycle, shown, chains, steps);
    if (cycles.length > MOST_CYCLES)
      builder.skips.count('lock_cycles_left_out', null, cycles.length - MOST_CYCLES);
    writeOrders(builder, scribe, chains, steps);
  },
};
