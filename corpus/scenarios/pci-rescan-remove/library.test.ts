// The committed files are what the paths make, nothing is left over, and an exhaustive search finds what each expects.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explore } from '../../../engine/explore/exhaustive.js';
import { parseLitmus } from '../../text/litmus.js';
import { UP } from './case.js';
import { scenarioText } from './compose.js';
import { libraryFiles } from './library.js';
import { deviceRescanStore } from './paths.js';
import { pciehpUnplug } from './paths-hotplug.js';
import { VERSIONS } from './versions.js';

const FILES = libraryFiles();

describe('the rescan/remove library', () => {
  it.each(FILES.map(({ file, text }) => [file, text] as const))('%s is as generated', async (file, text) => {
    // vitest -u writes it anew.
    await expect(text).toMatchFileSnapshot(`./${file}`);
  });

  it('has no file that nothing generates', () => {
    const there = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.litmus'));
    expect(there.sort()).toEqual(FILES.map(({ file }) => file).sort());
  });

  it.each(FILES.map(({ file, text }) => [file, text] as const))('%s ends as it expects', (_, text) => {
    const parsed = parseLitmus(text);
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
    const { program, expect: ends } = parsed.value;
    const result = explore(program, { states: 1_000_000 });
    const found = result.finds.map(({ kind, tasks }) =>
      [kind, ...tasks.map((task) => program.tasks[task]!.name).sort()].join(' '),
    );
    expect(found.sort()).toEqual(ends?.map(({ kind, tasks }) => [kind, ...tasks].join(' ')).sort());
    expect(result.complete).toBe(true);
  });

  // In V1 the removal hangs on itself before it comes to the attributes.
  it.each(VERSIONS.filter(({ tag }) => tag !== 'V1'))('has the deadlock of PF/rescan in $tag', (version) => {
    const text = scenarioText({
      name: 'rescan',
      about: [],
      paths: [pciehpUnplug(version), deviceRescanStore()],
      set: UP,
      rules: version.reentrant ? ['reentrant'] : [],
      expect: [],
    });
    const parsed = parseLitmus(text);
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
    const { finds } = explore(parsed.value.program, { states: 100_000 });
    expect(finds.some(({ kind, tasks }) => kind === 'deadlock' && tasks.length === 2)).toBe(true);
  });

  it('keeps every line within 75 columns', () => {
    // A Message-Id is never cut.
    for (const { file, text } of FILES)
      for (const line of text.split('\n'))
        if (!/^# +\S+$/.test(line)) expect(line.length, `${file}: ${line}`).toBeLessThanOrEqual(75);
  });
});
