// What a witness rests on, as labelled paragraphs: where from, how sure, what else, what to run.
import { type Change, changeText } from '../changes.js';
import type { Explanation } from '../explain.js';
import { count, fileName, labelled, listed, shortId } from './layout.js';
import { plainName } from './plain-text.js';

/** What each basis claims. */
export const BASIS_WORDS = {
  observed: 'observed: the log shows that it happened',
  recorded: 'recorded: the same lock instances as in the log, only reordered',
  aliased: 'aliased: two instances of one class are taken to be the same object',
  composed: 'composed: the tasks come from different captures',
} as const satisfies Record<Explanation['witness']['basis'], string>;

/** What each grade claims. */
export const GRADE_WORDS = {
  minimal: 'minimal: no task, section or preemption can go (exhaustive search)',
  reduced: 'reduced: smaller than found, not proved to be the smallest',
  raw: 'raw: as found',
} as const satisfies Record<Explanation['witness']['grade'], string>;

/** Changes told one by one; the rest is counted. */
const MOST_CHANGES = 6;

/** The paragraphs of the terminal page, in the order of the questions a maintainer asks. */
export function factLines(explanation: Explanation): string[] {
  const { witness } = explanation;
  return [
    ...from(explanation),
    ...rules(explanation),
    ...each('Ruled out', witness.ruledOut ?? []),
    ...each('Assumes', witness.assumes),
    ...queued(explanation),
    ...each(
      'Similar',
      explanation.similar.map((other) => `${shortId(other.id)} (shares ${listed(other.shares)})`),
    ),
    ...(witness.state === 'open' ? [] : labelled('State', witness.state)),
    ...labelled('Run', `relock replay ${shortId(witness.id)}`),
  ];
}

/** The paragraphs that a mail needs so that its reader can weigh the claim. */
export function mailFacts(explanation: Explanation): string[] {
  const { witness } = explanation;
  const kernels = [...new Set(explanation.sources.map((source) => kernelOf(source)))].filter((k) => k !== '');
  return [
    ...labelled('Basis', BASIS_WORDS[witness.basis]),
    ...labelled('Grade', GRADE_WORDS[witness.grade]),
    ...each('Kernel', kernels),
    ...from(explanation),
    ...rules(explanation),
    ...each('Ruled out', (witness.ruledOut ?? []).map(withoutAddresses)),
    ...each('Assumes', witness.assumes.map(withoutAddresses)),
    ...queued(explanation),
    ...labelled('Tool', `relock ${explanation.tool}, lock model ${witness.model}`),
  ];
}

/** Addresses mean nothing outside the machine, and tell strangers more than they should (submitting-patches). */
function withoutAddresses(text: string): string {
  const address = /\b(?:0x)?(?=[a-f]*\d)[0-9a-f]{8,16}\b/g;
  return text.replace(address, '...').replace(/ \(\.\.\.(?:(?:, | and )\.\.\.)*\)/g, '');
}

function kernelOf(source: { readonly kernel: string | null; readonly arch: string | null }): string {
  if (source.kernel === null) return source.arch ?? '';
  return source.arch === null ? source.kernel : `${source.kernel} (${source.arch})`;
}

function from(explanation: Explanation): string[] {
  return each('From', fromTexts(explanation));
}

/** `dmesg.txt, lines 7-16 (s390x, 7.0.0-rc3)`: each file, without its folders. */
export function fromTexts(explanation: Explanation): string[] {
  const files = new Set([
    ...explanation.spans.map((span) => span.file),
    ...explanation.sources.map((s) => s.file),
  ]);
  const texts = [...files].map((file) => {
    const span = explanation.spans.find((s) => s.file === file);
    const source = explanation.sources.find((s) => s.file === file);
    const lines =
      span === undefined
        ? ''
        : span.first === span.last
          ? `, line ${span.first}`
          : `, lines ${span.first}-${span.last}`;
    const about = [source?.arch, source?.kernel].filter((text) => text != null).join(', ');
    return `${plainName(fileName(file))}${lines}${about === '' ? '' : ` (${about})`}`;
  });
  return [...new Set(texts)];
}

function rules(explanation: Explanation): string[] {
  const label = (name: string) => explanation.tasks.find((task) => task.name === name)?.label ?? name;
  const text = (change: Change) => changeText(change, label);
  const lines: string[] = [];
  if (explanation.rules.length > 0) lines.push(...labelled('Rules', explanation.rules.map(text).join('; ')));
  lines.push(...each('Happens', listedOf(explanation.remains.map((change) => `also if ${text(change)}`))));
  const cures = explanation.cures.map((change) => `if ${text(change)}`);
  if (cures.length > 0)
    lines.push(...each('Cured', [...listedOf(cures), '(each by itself; every schedule was searched)']));
  else if (explanation.tried > 0)
    lines.push(
      ...labelled('Cured', `by none of ${count(explanation.tried, 'single change')} that were tried`),
    );
  return lines;
}

/** The first few of a list, and how many more there are. */
function listedOf(texts: readonly string[]): string[] {
  if (texts.length <= MOST_CHANGES) return [...texts];
  return [...texts.slice(0, MOST_CHANGES - 1), `and ${texts.length - MOST_CHANGES + 1} more (--form json)`];
}

function queued(explanation: Explanation): string[] {
  const names = explanation.witness.bystanders ?? [];
  return names.length === 0 ? [] : labelled('Queued', `behind it, not part of it: ${listed(names)}`);
}

function each(label: string, texts: readonly string[]): string[] {
  return texts.flatMap((text, i) => labelled(i === 0 ? label : '', text));
}
