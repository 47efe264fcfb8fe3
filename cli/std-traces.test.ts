// STD traces with known truth, through `relock check FILE.std --json` and the library behind it: small ones, and the same inside long ones.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lowerCapture } from '../engine/lower/lower.js';
import { deadlocksByDefinition, type MadeEvent } from '../engine/lower/trace/made-recordings.laws.js';
import { importSource } from '../importers/import.js';
import { sourceOf } from '../importers/source.js';
import { checkCapture } from './check-file.js';
import { json } from './json-forms.laws.js';
import { Bench } from './spawned.laws.js';

const FOLDER = join(import.meta.dirname, '../corpus/scenarios/std');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.std'));
const textOf = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
const expected = (text: string): string => /^# expect (deadlock|none):/.exec(text)?.[1] ?? '';

const bench = new Bench();
afterAll(() => bench.remove());

function eventsOf(text: string): MadeEvent[] {
  const events = [...text.matchAll(/^T(\d+)\|(\w+)\((\w+)\)/gm)].map(([, t, verb, arg]) => ({
    t: Number(t),
    verb: verb as MadeEvent['verb'],
    arg: arg!,
  }));
  // A request that is granted says nothing; one that is not is where the thread stands in the end.
  return events.flatMap((event, i): MadeEvent[] => {
    if (event.verb !== 'req') return [event];
    const granted = events
      .slice(i + 1)
      .some(({ t, verb, arg }) => t === event.t && verb === 'acq' && arg === event.arg);
    return granted ? [] : [{ ...event, verb: 'acq' }];
  });
}

/** The same trace with thousands of events of strangers before, between and behind: more than is searched whole. */
function among(text: string): string {
  const stranger = (i: number): string =>
    ['acq', 'rel'].map((verb) => `S${i % 3}|${verb}(Q${i % 7})|9\n`).join('');
  const some = Array.from({ length: 100 }, (_, i) => stranger(i)).join('');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const many = some.repeat(Math.ceil(25 / lines.length) + 1);
  return `${lines.map((line) => `${many}${line}\n`).join('')}${many}`;
}

async function check(text: string) {
  const imported = await importSource(sourceOf('t.std', Buffer.from(text)), { format: 'std' });
  if (!imported.ok) throw new Error(imported.problem.title);
  return checkCapture(imported.capture, lowerCapture(imported.capture));
}

describe('STD traces with known truth', () => {
  it.each(files)('%s', async (name) => {
    const text = textOf(name);
    expect(deadlocksByDefinition(eventsOf(text)).size > 0 ? 'deadlock' : 'none').toBe(expected(text));
    for (const trace of [text, among(text)]) {
      const { verdict, complete, witnesses } = await check(trace);
      expect([verdict, complete]).toEqual([expected(text), true]);
      expect(witnesses.length > 0).toBe(verdict === 'deadlock');
    }
  });

  it('is 1 for a deadlock and 0 for none, and all of it is in the JSON', () => {
    for (const name of files) bench.write(name, Buffer.from(textOf(name)));
    for (const verdict of ['deadlock', 'none']) {
      const some = files.filter((name) => expected(textOf(name)) === verdict);
      const run = bench.relock(['check', ...some, '--json']);
      expect(run.code).toBe(verdict === 'deadlock' ? 1 : 0);
      const form = json(run.stdout);
      expect(form['files']).toEqual(
        some.map((file) => expect.objectContaining({ file, format: 'std', verdict, complete: true })),
      );
    }
  });
});
