// A circular dependency report as tasks: each link of the chain holds the link before it and wants its own lock.
import { BEYOND_THE_LOG } from '../../../corpus/schema/capture.js';
import type { LockMode } from '../../../corpus/schema/lock.js';
import type { ChainLink, LockRef, Report } from '../../../corpus/schema/report.js';
import { possibleGates, writeCycle } from './cycle.js';
import { lockFacts } from './lock-facts.js';
import { entryFunction, outsidePrimitives } from './primitives.js';
import type { Actor, Scribe, Taking } from './scribe.js';

/** Links by index if they run from 0 to N without a hole, N at least 1; else null. */
function completeChain(chain: readonly ChainLink[]): readonly ChainLink[] | null {
  const byIndex = [...chain].sort((a, b) => a.index - b.index);
  return byIndex.length >= 2 && byIndex.every((link, i) => link.index === i) ? byIndex : null;
}

/**
 * What one holds-and-wants edge of a report looks like before it becomes an actor. `lock -> wanted` is an edge of
 * lockdep's graph: `wanted` was once taken while `lock` was held.
 */
interface Edge {
  readonly held: string;
  readonly wanted: string;
  readonly frames: readonly string[];
  readonly line: number;
  readonly reporter: boolean;
}

/** Edges of the cycle in the order of the chain: edge k takes lock k while holding lock k-1; edge 0 closes it. */
function edgesOf(
  report: Report,
): { readonly edges: readonly Edge[]; readonly assumes: readonly string[] } | null {
  const chain = completeChain(report.chain);
  if (chain !== null) {
    const last = chain[chain.length - 1]!;
    const edges = chain.map((link, k) => ({
      held: k === 0 ? last.lock : chain[k - 1]!.lock,
      wanted: link.lock,
      frames: link.frames,
      line: link.line ?? report.line,
      reporter: k === 0,
    }));
    return { edges, assumes: [] };
  }
  // A chain with holes: `Chain exists of: A --> B --> C` and the scenario table still name every edge.
  const named =
    typeof report.facts?.['chain_exists'] === 'string' ? report.facts['chain_exists'].split(' --> ') : [];
  const wants = report.wants?.lock ?? named[0];
  const holds = report.holds[0]?.lock ?? named[named.length - 1];
  if (wants === undefined || holds === undefined || wants === holds) return null;
  // Failing that, the headline itself: lockdep reports a cycle only after it walked from the lock wanted to the lock held.
  const whole = named.length >= 2 && named[0] === wants && named[named.length - 1] === holds;
  const path = whole ? named : [wants, holds];
  const assumes =
    whole || isSecondColumn(report, wants, holds)
      ? []
      : [
          `some path takes \`${holds}\` while \`${wants}\` is held: lockdep says that it found one, and the log is cut off before it shows where`,
        ];
  const edges: Edge[] = [
    { held: holds, wanted: wants, frames: framesOf(report, wants), line: report.line, reporter: true },
  ];
  for (let k = 1; k < path.length; k++)
    edges.push({
      held: path[k - 1]!,
      wanted: path[k]!,
      frames: framesOf(report, path[k]!),
      line: report.line,
      reporter: false,
    });
  return { edges, assumes };
}

/** True if the table's second column takes exactly these two, so that the path between them is one edge. */
function isSecondColumn(report: Report, wants: string, holds: string): boolean {
  const second = report.scenario
    .filter((step) => step.cpu === 1 && step.lock !== null)
    .map((step) => step.lock);
  return second.length === 2 && second[0] === wants && second[1] === holds;
}

function framesOf(report: Report, lock: string): readonly string[] {
  return report.chain.find((link) => link.lock === lock)?.frames ?? [];
}

/** Mode that the scenario table gives for the reporter's first or last step (kernels since 6.3 print `rlock`). */
function tableMode(report: Report, lock: string, which: 'first' | 'last'): LockMode | null {
  const own = report.scenario.filter((step) => step.cpu === 0 && step.lock !== null);
  const step = which === 'first' ? own[0] : own[own.length - 1];
  return step?.lock === lock && step.action === 'rlock' ? 'read' : null;
}

/** Makes the episodes of one circular report. Returns how many; 0 if the report lacks the facts. */
export function circularEpisodes(scribe: Scribe, report: Report, index: number): number {
  const claim = edgesOf(report);
  if (claim === null) {
    scribe.builder.skips.count('chain_incomplete', report.line);
    return 0;
  }
  const { edges } = claim;
  const cycle = edges.map((edge) => edge.wanted);
  const wantedMode = (edge: Edge): LockMode =>
    (edge.reporter ? tableMode(report, edge.wanted, 'last') : null) ??
    lockFacts(edge.wanted, edge.frames).mode ??
    'exclusive';
  const modesKnown = new Map<string, LockMode[]>();
  for (const edge of edges)
    modesKnown.set(edge.wanted, [...(modesKnown.get(edge.wanted) ?? []), wantedMode(edge)]);
  const heldMode = (edge: Edge): LockMode => {
    const told = edge.reporter ? tableMode(report, edge.held, 'first') : null;
    if (told !== null) return told;
    const facts = lockFacts(edge.held, outsidePrimitives(edge.frames));
    if (facts.marker !== null && facts.mode !== null) return facts.mode;
    const kind = scribe.kindOf(edge.held);
    if (kind === 'rcu' || kind === 'srcu') return 'read';
    // How the holder took it is not printed. Where all that is known of the class is reading, it read too.
    const known = modesKnown.get(edge.held) ?? [];
    return kind === 'rwsem' || kind === 'rwlock'
      ? known.every((mode) => mode !== 'exclusive')
        ? 'read'
        : 'exclusive'
      : 'exclusive';
  };

  const refs: LockRef[] = [
    ...report.holds,
    ...(report.wants === null ? [] : [report.wants]),
    ...report.held.flatMap((held) => held.locks),
  ];
  const addressOf = (lock: string): string | null =>
    refs.find((ref) => ref.lock === lock && ref.address !== null)?.address ?? null;
  const siteOnChain = (lock: string, frames: readonly string[]): string | null =>
    refs.find((ref) => ref.lock === lock && ref.site !== null && frames.includes(ref.site))?.site ?? null;

  const gates = possibleGates(report.held, report.pid, cycle);
  const actors = edges.map((edge, k): Actor => {
    const taking = (
      lock: string,
      mode: LockMode,
      frames: readonly string[],
      site: string | null,
      line: number,
    ): Taking => ({
      lock,
      instance: 'cycle',
      address: addressOf(lock),
      mode,
      frames,
      site,
      line,
    });
    const heldRef = edge.reporter ? report.holds.find((ref) => ref.lock === edge.held) : undefined;
    const hold = taking(
      edge.held,
      heldMode(edge),
      [],
      heldRef?.site ?? siteOnChain(edge.held, edge.frames),
      heldRef?.line ?? edge.line,
    );
    const want = taking(
      edge.wanted,
      wantedMode(edge),
      edge.frames,
      edge.reporter ? (report.wants?.site ?? null) : null,
      edge.line,
    );
    const outer = edge.reporter
      ? gates.map((lock) =>
          taking(lock, 'exclusive', [], refs.find((ref) => ref.lock === lock)?.site ?? null, edge.line),
        )
      : [];
    const entry = entryFunction(edge.frames);
    const name = edge.reporter && report.task !== null ? report.task : (entry ?? `link ${k}`);
    return {
      task: {
        name,
        pid: edge.reporter ? report.pid : null,
        function: entry,
        named: edge.reporter && report.task !== null,
        runs: 'task',
      },
      key: null,
      cpu: null,
      irqsOff: false,
      takes: [...outer, hold],
      wants: want,
    };
  });
  return writeCycle(scribe, {
    origin: 'circular',
    report: index,
    actors,
    byClass: true,
    assumes: [
      ...claim.assumes,
      ...gates.map(
        (gate) =>
          `${BEYOND_THE_LOG}only ${report.task ?? 'the reporting task'} holds \`${gate}\`: held by the other tasks too it would be a gate, and lockdep prints the held locks of the reporting task alone`,
      ),
    ],
    ruledOut: [],
    line: report.line,
  });
}
