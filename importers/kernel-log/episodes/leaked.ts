// A report of locks that a task never gave back, as tasks: the one that left with them, and one that comes for them later.
import { BEYOND_THE_LOG } from '../../../corpus/schema/capture.js';
import type { Report } from '../../../corpus/schema/report.js';
import { lockFacts } from './lock-facts.js';
import type { Actor, Scribe, Taking } from './scribe.js';

/** Makes one episode for each lock that was left held. Returns how many; 0 if the report names none. */
export function leakedEpisodes(scribe: Scribe, report: Report, index: number): number {
  const holder = report.held.find((held) => held.pid === report.pid) ?? report.held[0];
  const left = (holder?.locks ?? []).filter((ref) => {
    const facts = lockFacts(ref.lock, []);
    return facts.marker === null && facts.kind !== 'rcu' && facts.kind !== 'srcu';
  });
  if (holder === undefined || left.length === 0) {
    scribe.builder.skips.count('no_program_from_report', report.line);
    return 0;
  }
  for (const ref of left) {
    const taking: Taking = {
      lock: ref.lock,
      instance: 'left',
      address: ref.address,
      mode: 'exclusive',
      frames: [],
      site: ref.site,
      line: ref.line ?? report.line,
    };
    const episode = scribe.builder.episode({
      origin: 'left held',
      report: index,
      basis: 'composed',
      leaks: true,
      assumes: [
        `${BEYOND_THE_LOG}another task asks for \`${ref.lock}\` after ${holder.task} has left with it; the log shows only that it was left held`,
      ],
    });
    const actor = (name: string, named: boolean, parts: Pick<Actor, 'takes' | 'wants'>): Actor => ({
      task: { name, pid: named ? holder.pid : null, function: null, named, runs: 'task' },
      key: null,
      cpu: null,
      irqsOff: false,
      ...parts,
    });
    scribe.write(actor(holder.task, true, { takes: [taking], wants: null }), episode);
    scribe.write(actor('a later task', false, { takes: [], wants: { ...taking, site: null } }), episode);
  }
  return left.length;
}
