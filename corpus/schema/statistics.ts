// Statistics of a campaign: each declared once; screen, stats file, plot.csv, JSON and docs follow from this table.

/** What a campaign knows of itself at one moment. Times are ISO 8601 in UTC, or null for "not yet". */
export interface CampaignFigures {
  readonly campaign: string;
  readonly model: string;
  readonly seed: number;
  readonly shards: number;
  readonly jobs: number;
  readonly hosts: number;
  readonly phase: string;
  readonly phase_done: number;
  readonly phase_of: number | null;
  readonly seconds: number;
  readonly run_seconds: number;
  readonly budget_seconds: number | null;
  readonly run_execs: number;
  readonly budget_execs: number | null;
  readonly execs: number;
  readonly steps: number;
  readonly execs_per_second: number;
  readonly lanes: number;
  readonly seeds: number;
  readonly features: number;
  readonly last_feature_at: string | null;
  readonly last_witness_at: string | null;
  readonly checkpoint_at: string | null;
  readonly new_signatures: number;
  readonly seen_again: number;
  readonly shrinking: number;
  readonly programs: number;
  readonly proved: number;
  readonly ill_formed: number;
  readonly states: number;
  readonly cycles_confirmed: number;
  readonly cycles_refuted: number;
  readonly cycles_open: number;
  readonly order_edges: number;
  readonly classes: number;
  readonly never_contended: number;
  readonly random_runs: number;
  readonly next_is_new: number | null;
  readonly next_is_new_at_most: number | null;
  readonly search_seconds_left: number | null;
  readonly replays: number;
  readonly replays_agree: number;
  readonly rss_mib: number;
  readonly db_mib: number;
  /** What each arm of the fuzzer brought, most features first. */
  readonly yields: readonly ArmFigures[];
  /** The newest witnesses, newest first. */
  readonly newest: readonly NewestWitness[];
}

export interface ArmFigures {
  readonly arm: string;
  readonly features: number;
  readonly execs: number;
}

export interface NewestWitness {
  readonly id: string;
  readonly title: string;
  readonly at: string;
}

export const BOXES = [
  'head',
  'time',
  'found',
  'search',
  'reach',
  'exhaustive',
  'discovery',
  'yield',
  'health',
] as const;
export type Box = (typeof BOXES)[number];

export interface Statistic {
  readonly key: keyof CampaignFigures;
  /** Where it stands on the screen. */
  readonly box: Box;
  /** `''` for names, times and plain counts. */
  readonly unit: '' | 's' | '1/s' | 'MiB' | 'probability';
  readonly meaning: string;
  /** True if it is worth a column of plot.csv. */
  readonly plotted: boolean;
}

function statistic(
  key: keyof CampaignFigures,
  box: Box,
  meaning: string,
  rest: { readonly unit?: Statistic['unit']; readonly plotted?: true } = {},
): Statistic {
  return { key, box, meaning, unit: rest.unit ?? '', plotted: rest.plotted ?? false };
}

const PLOTTED = { plotted: true } as const;

export const STATISTICS: readonly Statistic[] = [
  statistic('campaign', 'head', 'name of the campaign'),
  statistic('model', 'head', 'version of the lock model'),
  statistic('seed', 'head', 'seed of the dice'),
  statistic('shards', 'head', 'streams of fuzzing at least; with the seed it decides what is found'),
  statistic('jobs', 'search', 'worker threads of this process'),
  statistic('hosts', 'search', 'workers of other processes on the queue'),
  statistic('phase', 'search', 'observed, search, predict, deep-search, fuzz or done (docs/fuzzing.md)'),
  statistic('phase_done', 'search', 'units of the phase that are done'),
  statistic('phase_of', 'search', 'units of the phase; none for fuzzing'),
  statistic('seconds', 'time', 'working time in all, pauses left out', { unit: 's', plotted: true }),
  statistic('run_seconds', 'head', 'working time of this run', { unit: 's' }),
  statistic('budget_seconds', 'head', 'time that this run was given', { unit: 's' }),
  statistic('run_execs', 'head', 'execs of this run'),
  statistic('budget_execs', 'head', 'execs that this run was given'),
  statistic('execs', 'search', 'schedules run one by one, in all', PLOTTED),
  statistic('steps', 'search', 'transitions in all, those of searches included', PLOTTED),
  statistic('execs_per_second', 'search', 'execs per second, over the last half minute', {
    unit: '1/s',
    plotted: true,
  }),
  statistic('lanes', 'search', 'streams of fuzzing that are open'),
  statistic('seeds', 'search', 'genomes in the queues', PLOTTED),
  statistic('features', 'discovery', 'features of coverage, each counted once for its program', PLOTTED),
  statistic('last_feature_at', 'time', 'when the last new feature was met'),
  statistic('last_witness_at', 'time', 'when the last new signature was found'),
  statistic('checkpoint_at', 'time', 'when the state was saved last: killing costs what came since'),
  statistic('new_signatures', 'found', 'signatures that this campaign found first', PLOTTED),
  statistic('seen_again', 'found', 'signatures that were known before', PLOTTED),
  statistic('shrinking', 'found', 'finds of which witnesses are being made'),
  statistic('programs', 'exhaustive', 'programs of the campaign'),
  statistic('proved', 'exhaustive', 'programs of which every schedule was covered', PLOTTED),
  statistic('ill_formed', 'health', 'programs that cannot be run'),
  statistic('states', 'exhaustive', 'distinct states of the largest search of each program', PLOTTED),
  statistic('search_seconds_left', 'exhaustive', 'the bounded search at hand takes at most so long', {
    unit: 's',
  }),
  statistic('cycles_confirmed', 'reach', 'predicted cycles with a witness'),
  statistic('cycles_refuted', 'reach', 'predicted cycles that cannot happen'),
  statistic('cycles_open', 'reach', 'predicted cycles without a verdict'),
  statistic('order_edges', 'reach', 'pairs of classes in the lock order of all captures'),
  statistic('classes', 'reach', 'lock classes of all captures'),
  statistic('never_contended', 'reach', 'classes for which no task was seen waiting'),
  statistic('random_runs', 'discovery', 'independent runs, which alone count for the estimates', PLOTTED),
  statistic(
    'next_is_new',
    'discovery',
    'estimate: chance that the next independent run shows a new bad end',
    {
      unit: 'probability',
      plotted: true,
    },
  ),
  statistic('next_is_new_at_most', 'discovery', 'upper end of its 95 % interval', {
    unit: 'probability',
    plotted: true,
  }),
  statistic('replays', 'health', 'finds that were replayed by the second interpreter'),
  statistic('replays_agree', 'health', 'finds on which it agreed: fewer than `replays` is a bug of ours'),
  statistic('rss_mib', 'health', 'memory of this process', { unit: 'MiB', plotted: true }),
  statistic('db_mib', 'health', 'size of the database file with its log', { unit: 'MiB', plotted: true }),
  statistic('yields', 'yield', 'for each arm of the fuzzer: features it found, execs it took'),
  statistic('newest', 'found', 'the newest witnesses'),
];

/** Names the columns of plot.csv: the time, then what is worth plotting. */
export const PLOT_COLUMNS: readonly string[] = [
  'at',
  ...STATISTICS.filter(({ plotted }) => plotted).map(({ key }) => key),
];
