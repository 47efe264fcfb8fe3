// Every form of every kind of witness as it stands, and what of it can be run or validated is run or validated.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseLitmus } from '../corpus/text/litmus.js';
import { expectationOf } from '../engine/model/expectation.js';
import { replayGenome } from '../engine/model/interpreter.js';
import { indexGenome } from '../engine/schedulers/genome-names.js';
import { dotForm } from './draw/dot.js';
import { svgForm } from './draw/svg.js';
import { EXAMPLE_NAMES, example } from './examples.laws.js';
import type { Explanation } from './explain.js';
import { htmlForm } from './html/witness-file.js';
import { kitForm } from './kit/kit.js';
import { mailForm } from './mail/mail.js';
import { subjectLine } from './mail/subject.js';
import { traceProblems } from './perfetto/trace-event-schema.laws.js';
import { perfettoForm } from './perfetto/trace-events.js';
import { promelaForm } from './promela/form.js';
import { pan, SPIN_IS_THERE } from './promela/spin.laws.js';
import { chainForm } from './text/chain.js';
import { MAIL_WIDTH } from './text/layout.js';
import { witnessPage } from './text/page.js';
import { scenarioForm } from './text/scenario.js';
import { whyForm } from './text/why.js';

const TEXTS = {
  page: witnessPage,
  scenario: scenarioForm,
  chain: chainForm,
  why: whyForm,
  mail: mailForm,
  subject: (explanation: Explanation) => [subjectLine(explanation.witness)],
  dot: dotForm,
  kit: kitForm,
  perfetto: perfettoForm,
  promela: promelaForm,
  svg: (explanation: Explanation) => withoutStyle(svgForm(explanation)),
  html: (explanation: Explanation) => withoutStyle(htmlForm(explanation)),
  explanation: (explanation: Explanation) => JSON.stringify(explanation, null, 1).split('\n'),
} as const;

/** The style sheets and scripts are files of their own; their hashes change with them. */
function withoutStyle(lines: readonly string[]): string[] {
  return lines
    .join('\n')
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '<$1/>')
    .replace(/sha256-[\w+/=]+/g, 'sha256-...')
    .split('\n');
}

function replays(text: string, explanation: Explanation): void {
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(`${parsed.problems[0]?.message}\n${text}`);
  const { program, genome, expect: expected } = parsed.value;
  if (genome === null) throw new Error('no schedule');
  const run = replayGenome(program, indexGenome(program, genome), 10_000);
  expect(run.verdict.kind).toBe(explanation.ends);
  expect([expectationOf(program, run.verdict)]).toEqual(expected);
  expect(run.steps).toBe(explanation.witness.steps);
}

describe.each(EXAMPLE_NAMES)('%s', (name) => {
  const explanation = example(name);

  it.each(Object.entries(TEXTS))('as %s', async (form, render) => {
    await expect(`${render(explanation).join('\n')}\n`).toMatchFileSnapshot(`golden/${name}.${form}.txt`);
  });

  it('its litmus text and its mail replay', () => {
    replays(explanation.witness.litmus, explanation);
    replays(mailForm(explanation).join('\n'), explanation);
    replays(
      mailForm(explanation)
        .map((line) => `> ${line}`)
        .join('\r\n'),
      explanation,
    );
  });

  it.skipIf(!SPIN_IS_THERE)('SPIN finds the bad end in its model', () => {
    expect(pan(promelaForm(explanation).join('\n'), false).errors).toBeGreaterThan(0);
  });

  it('its trace is one that Perfetto draws', () => {
    expect(traceProblems(perfettoForm(explanation).join('\n'))).toEqual([]);
  });

  it('its kit is a shell script that does nothing unread', () => {
    const script = kitForm(explanation).join('\n');
    expect(script.split('\n')[1]).toContain('A SKETCH TO REVIEW');
    expect(spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' }).status).toBe(1);
  });

  it('no line that is mailed or shown is wider than it may be', () => {
    for (const form of ['page', 'scenario', 'chain', 'why', 'mail', 'subject', 'kit'] as const)
      for (const line of TEXTS[form](explanation)) expect(line.length, line).toBeLessThanOrEqual(MAIL_WIDTH);
  });

  it('its cures cure: what it says of each change was searched', () => {
    expect(explanation.cures.length + explanation.remains.length).toBeLessThanOrEqual(explanation.tried);
    if (name === 'seed') {
      expect(explanation.remains).toContainEqual({
        how: 'rule',
        class: 'pci_rescan_remove_lock',
        rule: 'reentrant',
      });
      expect(explanation.cures).toContainEqual({
        how: 'order',
        task: 'remover',
        first: '&dev->mutex',
        before: 'pci_rescan_remove_lock',
      });
    }
    if (name === 'irq-inversion')
      expect(explanation.cures).toContainEqual({ how: 'irqs-off', task: 'T', lock: 'B' });
  });
});

describe('the check of traces', () => {
  it('can fail', () => {
    const text = perfettoForm(example('seed')).join('\n');
    expect(traceProblems(text.replace('"ph":"b"', '"ph":"e"'))).not.toEqual([]);
    expect(traceProblems(text.replace('"ph":"X"', '"ph":"Q"'))).not.toEqual([]);
  });
});
