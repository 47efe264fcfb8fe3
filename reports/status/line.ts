// One line a minute: the figures of a campaign where there is no terminal, easily grepped.
import type { CampaignFigures } from '../../corpus/schema/statistics.js';
import { formatDuration, shortCount } from '../text/durations.js';

/** `02:14 zpci-night fuzz 91.4M execs 11.4k/s 1284 seeds 5310 features 2 new 5h46m left`. */
export function statusLine(f: CampaignFigures): string {
  const minutes = Math.floor(f.run_seconds / 60);
  const clock = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  const phase = f.phase_of === null ? f.phase : `${f.phase} ${f.phase_done}/${f.phase_of}`;
  return [
    `${clock} ${f.campaign} ${phase}`,
    `${shortCount(f.execs)} execs ${shortCount(f.execs_per_second)}/s`,
    `${f.seeds} seeds ${shortCount(f.features)} features ${f.new_signatures} new`,
    ...leftText(f),
  ].join(' ');
}

function leftText(f: CampaignFigures): string[] {
  if (f.budget_seconds !== null)
    return [`${formatDuration(Math.max(0, f.budget_seconds - f.run_seconds))} left`];
  if (f.budget_execs !== null) return [`${shortCount(Math.max(0, f.budget_execs - f.run_execs))} execs left`];
  return [];
}
