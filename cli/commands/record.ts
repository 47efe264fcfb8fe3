// relock record: prints, and does not run, the commands that record what relock needs.
import { release } from 'node:os';
import type { RecordForm } from '../../corpus/schema/forms.js';
import { wrap } from '../../reports/text/layout.js';
import { ARCHITECTURES, type Architecture, recordForm } from '../record-commands.js';
import { askKernel, lockdepFacts, thisArchitecture } from '../record-machine.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, nearest, usage } from '../trouble.js';

const WAYS = ['trace-cmd', 'tracefs', 'bpftrace'] as const;

export async function run(session: Session): Promise<ExitCode> {
  const way = session.text('form');
  if (way !== null && !WAYS.some((known) => known === way))
    throw usage(
      `I have no form "${way}": there are ${WAYS.join(', ')}.`,
      `relock record --form ${nearest(way, WAYS) ?? WAYS[0]}`,
    );
  const here = thisArchitecture();
  const arch = chosen(session.text('arch'), here);
  // Another machine's kernel is not asked by asking this one.
  const says = arch === here ? askKernel() : { config: null, events: null };
  const form = recordForm({
    arch,
    kernel: arch === here ? release() : null,
    ...lockdepFacts(says, session.choice('lockdep')),
  });
  const told = way === null ? form : { ...form, ways: form.ways.filter((one) => one.way === way) };
  if (session.json) session.printJson(told);
  else session.print(`${recordLines(told).join('\n')}\n`);
  return EXIT.fine;
}

function chosen(wanted: string | null, here: Architecture | null): Architecture {
  const known = ARCHITECTURES.find((arch) => arch === wanted) ?? (wanted === null ? here : null);
  if (known !== null) return known;
  throw usage(
    wanted === null
      ? `I do not know the registers of this machine. I know ${ARCHITECTURES.join(', ')}.`
      : `I know no architecture "${wanted}": there are ${ARCHITECTURES.join(', ')}.`,
    `relock record --arch ${nearest(wanted ?? '', ARCHITECTURES) ?? ARCHITECTURES[0]}`,
  );
}

/** The form as a shell script; everything that is no command is a comment. */
function recordLines(form: RecordForm): string[] {
  const comment = (text: string): string[] => wrap(text, '# ', '# ');
  return [
    ...comment(
      `Commands that record what relock needs; nothing was run. For ${form.arch}${form.kernel === null ? '' : `, kernel ${form.kernel}`}, ${form.lockdep ? 'with' : 'without'} lockdep (${form.lockdep_from}). As root. Choose one way.`,
    ),
    ...form.notes.flatMap(comment),
    ...form.ways.flatMap(({ way, says, lines }) => ['', ...comment(`${way}: ${says}`), ...lines]),
  ];
}
