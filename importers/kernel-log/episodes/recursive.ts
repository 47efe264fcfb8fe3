// A recursive locking report as tasks: one that takes its own lock again, or two that nest two objects of one class.
import { BEYOND_THE_LOG } from '../../../corpus/schema/capture.js';
import type { LockRef, Report } from '../../../corpus/schema/report.js';
import { possibleGates, writeCycle } from './cycle.js';
import { lockFacts } from './lock-facts.js';
import { entryFunction } from './primitives.js';
import type { Actor, Scribe, Taking } from './scribe.js';

/** Makes the episodes of one recursive report. Returns how many; 0 if the report lacks the facts. */
export function recursiveEpisodes(scribe: Scribe, report: Report, index: number): number {
  const wants = report.wants;
  if (wants === null) {
    scribe.builder.skips.count('no_program_from_report', report.line);
    return 0;
  }
  // A log cut off behind the lock wanted: lockdep reports recursion only against a held lock of the same class.
  const cut = report.holds.length === 0;
  const holds: LockRef = report.holds[0] ?? { lock: wants.lock, usage: null, address: null, site: null };
  const frames = report.backtrace ?? [];
  const facts = lockFacts(wants.lock, frames);
  const mode = facts.mode ?? 'exclusive';
  const distinct = wants.address !== null && holds.address !== null && wants.address !== holds.address;
  const sameObject =
    !distinct && ((wants.address !== null && wants.address === holds.address) || facts.single);
  const unseen = cut
    ? [
        'the log is cut off before it names the lock held: one of the same class, or lockdep would not report recursion',
      ]
    : [];
  const assumes = sameObject
    ? []
    : distinct
      ? [
          `${BEYOND_THE_LOG}the lock wanted and the lock held are one object; the log prints two addresses (${wants.address} and ${holds.address})`,
        ]
      : [
          `the lock wanted and the lock held are the same object: the log prints no addresses that could tell`,
        ];
  const hold = (instance: string, lock: string, address: string | null): Taking => ({
    lock,
    instance,
    address,
    mode,
    frames: [],
    site: holds.site,
    line: holds.line ?? report.line,
  });
  const want = (instance: string, lock: string, address: string | null): Taking => ({
    lock,
    instance,
    address,
    mode,
    frames,
    site: wants.site,
    line: wants.line ?? report.line,
  });
  const actor = (name: string, named: boolean, takes: readonly Taking[], wanted: Taking): Actor => ({
    task: { name, pid: named ? report.pid : null, function: entryFunction(frames), named, runs: 'task' },
    key: null,
    cpu: null,
    irqsOff: false,
    takes,
    wants: wanted,
  });
  const name = report.task ?? entryFunction(frames) ?? 'task';
  const address = sameObject ? (wants.address ?? holds.address) : null;
  let episodes = writeCycle(scribe, {
    origin: 'recursive',
    report: index,
    actors: [
      actor(name, report.task !== null, [hold('own', holds.lock, address)], want('own', holds.lock, address)),
    ],
    byClass: false,
    basis: sameObject ? 'recorded' : 'aliased',
    assumes: [...unseen, ...assumes],
    ruledOut: [],
    line: report.line,
  });
  if (distinct && wants.lock === holds.lock) {
    // Two objects of one class, nested without an annotation: a deadlock as soon as somebody nests them the other way round.
    const gates = possibleGates(report.held, report.pid, [wants.lock]);
    episodes += writeCycle(scribe, {
      origin: 'recursive, other order',
      report: index,
      actors: [
        actor(
          name,
          report.task !== null,
          [hold('outer', holds.lock, holds.address)],
          want('inner', wants.lock, wants.address),
        ),
        actor(
          'another task',
          false,
          [hold('inner', wants.lock, wants.address)],
          want('outer', holds.lock, holds.address),
        ),
      ],
      byClass: false,
      basis: 'composed',
      assumes: [
        `${BEYOND_THE_LOG}another task nests these two \`${wants.lock}\` in the other order; the log shows one order only`,
        ...gates.map((gate) => `${BEYOND_THE_LOG}the other task does not hold \`${gate}\``),
      ],
      ruledOut: [],
      line: report.line,
    });
  }
  return episodes;
}
