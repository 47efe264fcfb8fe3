// What goes, stays and comes, as text of at most 75 columns: the edits first, then each deadlock with who runs into it.
import type { WhatifForm } from '../../corpus/schema/forms.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { cycleText } from '../explain.js';
import { count, shortId, wrap } from './layout.js';

/** Most places of one edit that are named. */
const MOST_PLACES = 6;

function witnessLines(how: string, witness: Witness): string[] {
  const cycle = cycleText(witness.cycle) || witness.kind;
  const who = witness.tasks.map(({ name, holds, wants }) => {
    const held = holds[0] === undefined ? '' : ` holds ${holds[0].class}`;
    const wanted = wants === null ? '' : `${held === '' ? '' : ','} wants ${wants.class}`;
    return `${name}${held}${wanted}${wants?.site == null ? '' : ` in ${wants.site}`}`;
  });
  return [
    ...wrap(
      `${shortId(witness.id)}  ${witness.kind}  ${cycle}  (${witness.basis}, ${witness.grade})`,
      `${how.padEnd(6)} `,
      '       ',
    ),
    ...who.flatMap((text) => wrap(text, '         ', '           ')),
    ...witness.assumes.flatMap((text) => wrap(text, '         assumes: ', '           ')),
  ];
}

export function whatifLines(form: WhatifForm): string[] {
  const edits = form.edits.flatMap(({ text, applied, passed }) => {
    const shown = applied.slice(0, MOST_PLACES);
    const more = applied.length - shown.length;
    return [
      ...wrap(text, '', '    '),
      ...shown.flatMap((place) => wrap(place, '    at ', '       ')),
      ...(more > 0 ? [`    and at ${count(more, 'place')} more`] : []),
      ...passed.slice(0, MOST_PLACES).flatMap((why) => wrap(why, '    not: ', '       ')),
      ...(applied.length === 0 && passed.length === 0 ? ['    found nothing to apply to'] : []),
    ];
  });
  const groups = (['gone', 'stays', 'new'] as const).flatMap((how) =>
    form[how].flatMap((witness) => witnessLines(how, witness)),
  );
  return [
    ...edits,
    '',
    ...(groups.length > 0
      ? groups
      : form.undecided.length > 0
        ? ['No deadlock is known to go, to stay or to come; of these it is not known:']
        : ['No deadlock before, none after.']),
    ...(groups.length > 0 && form.new.length === 0 ? ['new    none'] : []),
    ...form.undecided.flatMap(({ classes, tasks, why }) =>
      wrap(`${cycleText(classes)} (${tasks.join(', ')}): ${why}`, 'open   ', '       '),
    ),
    '',
    ...(form.without_sites === 0
      ? []
      : wrap(
          `${count(form.without_sites, 'program')} of recordings that do not say in which function a lock is taken: a patch ` +
            'finds nothing there. Record with call chains (options/stacktrace, trace-cmd record -T).',
          '',
          '',
        )),
    ...wrap(
      `${count(form.programs, 'program')}, ${form.changed} changed: ${form.gone.length} gone, ${form.stays.length} ` +
        `stay, ${form.new.length} new. ${form.complete ? 'Complete.' : 'Not complete: what is not listed is not excluded.'}`,
      '',
      '',
    ),
  ];
}
