// The morning mail of a campaign: the verdict in its subject, what is new, what was searched; one line if nothing is new.
import type { CampaignFigures } from '../../corpus/schema/statistics.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { titleOf } from '../explain.js';
import { formatDuration, spanText } from '../text/durations.js';
import { count, grouped, MAIL_WIDTH, shortId, wrap } from '../text/layout.js';
import { plainName } from '../text/plain-text.js';

export interface KnownBug {
  readonly witness: Witness;
  /** Words on what was decided, and when. */
  readonly decided: string;
}

export interface MorningNews {
  readonly figures: CampaignFigures;
  readonly host: string;
  /** Bugs that nobody knew a day ago, and those that came back after they had been marked as fixed. */
  readonly fresh: readonly Witness[];
  readonly regressed: readonly KnownBug[];
  readonly known: readonly KnownBug[];
  /** Captures in which the recording lost something. */
  readonly gaps: number;
}

/** Lines of at most 75 columns, names of locks apart. */
export function morningLines(news: MorningNews): string[] {
  const { fresh, regressed, known, figures } = news;
  const subject = `Subject: ${subjectOf(news)}`;
  if (fresh.length + regressed.length === 0) return [subject];
  return [
    subject,
    '',
    ...section('Came back after it was marked as fixed', regressed.flatMap(knownLines)),
    ...section('New since yesterday', fresh.flatMap(freshLines)),
    ...section('Seen again', known.flatMap(knownLines)),
    ...section('Searched', searchedLines(figures)),
    ...section('Not covered', notCovered(news)),
    ...section('Next', [`  relock show ${shortId((regressed[0]?.witness ?? fresh[0])?.id ?? '')}`]),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

/** `[relock] zpci-night: 2 new, 1 known, 8h00m on lpar07`, cut behind the verdict if need be. */
function subjectOf({ figures, host, fresh, regressed, known }: MorningNews): string {
  const verdict = [
    ...(regressed.length > 0 ? [`${regressed.length} regressed`] : []),
    fresh.length > 0 ? `${fresh.length} new` : 'nothing new',
    ...(known.length > 0 ? [`${known.length} known`] : []),
  ].join(', ');
  const room = MAIL_WIDTH - 'Subject: [relock] : '.length - verdict.length;
  const campaign = plainName(figures.campaign);
  const name = campaign.length <= room ? campaign : `${campaign.slice(0, Math.max(1, room - 2))}..`;
  const tail = `, ${formatDuration(figures.seconds)} on ${plainName(host)}`;
  const text = `[relock] ${name}: ${verdict}`;
  return 'Subject: '.length + text.length + tail.length <= MAIL_WIDTH ? text + tail : text;
}

function freshLines(witness: Witness): string[] {
  const { tasks, preemptions, grade, basis } = witness;
  const how = `${count(tasks.length, 'task')}, ${count(preemptions, 'preemption')}, ${grade}, basis: ${basis}`;
  return [`  ${shortId(witness.id)}  ${plainName(titleOf(witness))}`, `           ${how}`];
}

function knownLines({ witness, decided }: KnownBug): string[] {
  return [
    `  ${shortId(witness.id)}  ${plainName(titleOf(witness))}`,
    ...wrap(plainName(decided), '           ', '           '),
  ];
}

function searchedLines(f: CampaignFigures): string[] {
  const proved = `every schedule of ${f.proved} of ${count(f.programs, 'program')} (${grouped(f.states)} states)`;
  const quiet =
    f.last_feature_at === null || f.checkpoint_at === null
      ? ''
      : `; last new feature ${spanText((Date.parse(f.checkpoint_at) - Date.parse(f.last_feature_at)) / 1000)} before the end`;
  const fuzzed =
    f.execs === 0 ? [] : wrap(`plus ${grouped(f.execs)} schedules one by one${quiet}`, '  ', '  ');
  return [...wrap(proved, '  ', '  '), ...fuzzed];
}

function notCovered({ figures: f, gaps }: MorningNews): string[] {
  const parts = [
    ...(gaps > 0 ? [`${count(gaps, 'capture')} lost events while recording (relock query gaps)`] : []),
    ...(f.programs > f.proved ? [`${f.programs - f.proved} of ${f.programs} programs without a proof`] : []),
    ...(f.cycles_open > 0 ? [`${count(f.cycles_open, 'predicted cycle')} without a verdict`] : []),
    ...(f.never_contended > 0 ? [`${f.never_contended} classes never contended`] : []),
  ];
  return parts.flatMap((part) => wrap(part, '  ', '  '));
}
