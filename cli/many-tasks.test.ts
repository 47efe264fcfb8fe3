// Tests of programs of more than 31 tasks, from the command line: each command does with them what it does with others.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckForm, FuzzForm, LsForm, PredictForm, ReplayForm } from '../corpus/schema/forms.js';
import { Bench } from './spawned.laws.js';

let bench: Bench;
beforeAll(() => {
  bench = new Bench();
});
afterAll(() => bench.remove());

const AB = '  lock A\n  lock B\n  unlock B\n  unlock A\n';
const BA = '  lock B\n  lock A\n  unlock A\n  unlock B\n';
const list = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join('');

/** One cycle through all. */
const ring = (tasks: number): string =>
  `litmus 1 ring\n${list(tasks, (i) => `lock F${i} mutex\n`)}` +
  list(
    tasks,
    (i) =>
      `task p${i}\n  lock F${i}\n  lock F${(i + 1) % tasks}\n  unlock F${(i + 1) % tasks}\n  unlock F${i}\n`,
  );

/** All meet at one lock, two wait and signal, two can deadlock. */
const hub = (tasks: number): string =>
  `litmus 1 hub\nlock G mutex\nlock A mutex\nlock B mutex\nlock C completion\n` +
  list(tasks - 2, (i) => `task w${i}\n  lock G\n  unlock G\n${['  signal C\n', '  wait C\n'][i] ?? ''}`) +
  `task x\n  lock G\n  unlock G\n${AB}task y\n${BA}`;

/** All read one flag and try one lock, two can deadlock. */
const flags = (tasks: number): string =>
  `litmus 1 flags\nflag stop\nlock A mutex\nlock B mutex\n${list(tasks - 2, (i) => `lock M${i} mutex\n`)}` +
  list(
    tasks - 2,
    (i) => `task w${i}\n  unless stop: lock M${i}\n  lock A try\n  unlock A\n  unless stop: unlock M${i}\n`,
  ) +
  `task x\n${AB}task y\n${BA}`;

describe('programs of many tasks', () => {
  it.each([
    ['a ring of 40', ring(40), list(40, (i) => ` p${i}`), true],
    ['40 that read a flag', flags(40), ' x y', false],
    ['200 that meet at a lock', hub(200), ' x y', false],
  ])('are checked, predicted, fuzzed, shown and replayed: %s', (title, text, members, isProof) => {
    const tasks = members.trim().split(' ').sort();
    const name = title.replaceAll(' ', '-');
    const file = bench.write(`${name}.litmus`, `${text}expect deadlock ${tasks.join(' ')}\n`);
    const db = ['--db', bench.path(`${name}.db`)];
    const json = <Form>(...args: readonly string[]): Form => {
      const ran = bench.relock([...args, '--json', ...db]);
      expect([0, 1], ran.stderr).toContain(ran.code);
      return JSON.parse(ran.stdout) as Form;
    };
    const named = (witness: { readonly tasks: readonly { readonly name: string }[] } | undefined) =>
      witness?.tasks.map((task) => task.name).sort();

    const checked = JSON.parse(bench.relock(['check', file, '--json']).stdout) as CheckForm;
    expect(checked.files[0]).toMatchObject({ verdict: 'deadlock', complete: isProof, ok: isProof || null });
    expect(named(checked.files[0]?.witnesses[0])).toEqual(tasks);

    json('import', file);
    const predicted = json<PredictForm>('predict');
    expect(predicted.cycles.filter(({ status }) => status === 'confirmed')).toHaveLength(1);
    expect(named(predicted.witnesses?.[0])).toEqual(tasks);
    const fuzzed = json<FuzzForm>('fuzz', '--execs', '64');
    expect(fuzzed.witnesses.map(named)).toContainEqual(tasks);

    const [witness] = json<LsForm>('ls').witnesses;
    expect(named(witness)).toEqual(tasks);
    const id = witness?.id ?? '';
    for (const form of ['mail', 'html', 'promela'])
      expect(bench.relock(['show', id, '--form', form, ...db]).code, form).toBe(0);
    expect(json<ReplayForm>('replay', id)).toMatchObject({ reproduced: true });
    const mailed = bench.write(`${name}.mail`, bench.relock(['show', id, '--form', 'litmus', ...db]).stdout);
    expect(json<ReplayForm>('replay', mailed).verdict).toBe(`deadlock ${tasks.join(' ')}`);
    // The text itself, in the order of its tasks.
    const bare = bench.write(`${name}-bare.litmus`, text);
    expect(json<ReplayForm>('replay', bare).verdict).toBe('completed');
    expect(bench.relock(['verify-db', ...db]).code).toBe(0);
  });

  it('are predicted of a recording of 40 threads', () => {
    let line = 0;
    const text = list(40, (i) =>
      [`acq(L${i})`, `acq(L${(i + 1) % 40})`, `rel(L${(i + 1) % 40})`, `rel(L${i})`]
        .map((what) => `T${i}|${what}|${++line}\n`)
        .join(''),
    );
    const form = JSON.parse(
      bench.relock(['check', bench.write('ring.std', text), '--json']).stdout,
    ) as CheckForm;
    expect(form.files[0]).toMatchObject({ verdict: 'deadlock', complete: true });
    expect(form.files[0]?.witnesses[0]?.tasks).toHaveLength(40);
  });
});
