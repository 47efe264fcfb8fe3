// relock show: one witness in one of its forms.
import type { Witness } from '../../corpus/schema/witness.js';
import { dotForm } from '../../reports/draw/dot.js';
import { svgForm } from '../../reports/draw/svg.js';
import type { Explanation } from '../../reports/explain.js';
import { htmlForm } from '../../reports/html/witness-file.js';
import { kitForm } from '../../reports/kit/kit.js';
import { mailForm } from '../../reports/mail/mail.js';
import { subject } from '../../reports/mail/subject.js';
import { perfettoForm } from '../../reports/perfetto/trace-events.js';
import { promelaForm } from '../../reports/promela/form.js';
import { chainForm } from '../../reports/text/chain.js';
import { page } from '../../reports/text/layout.js';
import { witnessPage } from '../../reports/text/page.js';
import { scenarioForm } from '../../reports/text/scenario.js';
import { whyForm } from '../../reports/text/why.js';
import { explanationOf } from '../explaining.js';
import { findWitness } from '../find-witness.js';
import { paged } from '../paging.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, nearest, usage } from '../trouble.js';

/** Forms that are lines of text made from the explanation. */
const TEXTS: Readonly<Record<string, (explanation: Explanation) => readonly string[]>> = {
  page: witnessPage,
  scenario: scenarioForm,
  chain: chainForm,
  why: whyForm,
  mail: mailForm,
  subject: (explanation) => [subject(explanation.witness)],
  html: htmlForm,
  svg: svgForm,
  dot: dotForm,
  perfetto: perfettoForm,
  promela: promelaForm,
  kit: kitForm,
  litmus: (explanation) => explanation.witness.litmus.trimEnd().split('\n'),
};
const FORMS = [...Object.keys(TEXTS), 'json'];

export async function run(session: Session): Promise<ExitCode> {
  const form = session.text('form') ?? (session.json ? 'json' : 'page');
  if (!FORMS.includes(form))
    throw usage(
      `I have no form "${form}": there are ${FORMS.join(', ')}.`,
      `relock show ${session.args[0] ?? 'ID'} --form ${nearest(form, FORMS) ?? 'mail'}`,
    );
  const store = await session.store('read');
  const witness = findWitness(store, session.args[0] as string);
  const explanation = explanationOf(store, witness);
  if (form === 'json') session.printJson(showForm(explanation));
  else {
    const text = page(TEXTS[form]?.(explanation) ?? []);
    if (session.json) session.printJson({ ...showForm(explanation), form, text });
    else paged(session, form === 'page' ? withTitle(session, text) : text);
  }
  return EXIT.fine;
}

/** The witness in its contract form, and the explanation that every text form starts from. */
function showForm(explanation: Explanation): Witness & { readonly explanation: object } {
  const { witness, ...why } = explanation;
  return { ...witness, explanation: why };
}

/** On a terminal the first line is bold. */
function withTitle(session: Session, text: string): string {
  if (!session.colour) return text;
  const end = text.indexOf('\n');
  return `\u001b[1m${text.slice(0, end)}\u001b[0m${text.slice(end)}`;
}
