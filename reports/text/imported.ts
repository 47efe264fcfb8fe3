// What an import understood of one file and what it skipped, in lines for a person.
import type { CaptureForm } from '../../corpus/schema/forms.js';
import { count, labelled, wrap } from './layout.js';
import { plainName } from './plain-text.js';

const WIDTH = 80;

/** One line of facts, one paragraph a skip counter, then `notes`. */
export function importedLines(form: CaptureForm, programs = 0, notes: readonly string[] = []): string[] {
  const file = plainName(form.file);
  const name = file.length <= 23 ? file.padEnd(23) : file;
  const facts = [
    ...(form.reports.length > 0 ? [`${count(form.reports.length, 'report')} (${kinds(form)})`] : []),
    count(form.tasks, 'task'),
    form.classes === 1 ? '1 class' : `${form.classes} classes`,
    count(form.events, 'event'),
    ...((form.notes ?? 0) > 0 ? [count(form.notes ?? 0, 'annotation')] : []),
    ...(programs > 0 ? [count(programs, 'program')] : []),
  ];
  if (form.already) facts.push('imported before');
  const about = [form.kernel, form.arch].filter((text) => text !== null).join(' ');
  const text = `${facts.join(', ')}${about === '' ? '' : `; ${about}`}`;
  const lead = `${name} ${form.format.padEnd(10)} `;
  const lines =
    lead.length > 50
      ? [lead.trimEnd(), ...wrap(text, '    ', '    ', WIDTH)]
      : wrap(text, lead, ' '.repeat(35), WIDTH);
  for (const skip of form.skipped) {
    const at = skip.first_line === null ? '' : ` (first at line ${skip.first_line})`;
    const head = `  ${skip.severity === 'info' || skip.severity === 'notice' ? 'note' : 'skipped'}  ${skip.count} ${skip.stat}`;
    lines.push(...labelled(head, `${skip.advice}${at}`, Math.max(34, head.length + 2), WIDTH));
  }
  for (const note of notes) lines.push(...labelled('  note', note, 8, WIDTH));
  return lines;
}

function kinds(form: CaptureForm): string {
  const times = new Map<string, number>();
  for (const report of form.reports) times.set(report.kind, (times.get(report.kind) ?? 0) + 1);
  return [...times].map(([kind, n]) => (times.size === 1 ? kind : `${n} ${kind}`)).join(', ');
}
