// Names made of markup, quotes, SQL, shell and escape sequences pass through every form harmlessly.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dotForm } from './draw/dot.js';
import { svgForm } from './draw/svg.js';
import { type Explanation, explain } from './explain.js';
import { HOSTILE } from './hostile.laws.js';
import { htmlForm } from './html/witness-file.js';
import { kitForm } from './kit/kit.js';
import { traceProblems } from './perfetto/trace-event-schema.laws.js';
import { perfettoForm } from './perfetto/trace-events.js';
import { ring } from './samples.laws.js';
import { plainName, plainText } from './text/plain-text.js';

function hostile(n: number, name: string): Explanation {
  const input = ring(
    n,
    (i) => `${name}${i}`,
    (i) => `${name}${i}`,
  );
  const program = {
    ...input.program,
    tasks: input.program.tasks.map((task) => ({
      ...task,
      function: name,
      body: task.body.map((op) => ({ ...op, site: name })),
    })),
  };
  const witness = { ...input.witness, assumes: [name], ruledOut: [name], bystanders: [name] };
  return explain({ ...input, program, witness, sources: [{ file: `x/${name}`, arch: name, kernel: name }] });
}

describe.each(HOSTILE)('%j', (name) => {
  for (const n of [1, 2, 3])
    it(`with ${n} tasks`, () => {
      const explanation = hostile(n, name);
      for (const form of [htmlForm, svgForm]) {
        const text = form(explanation).join('\n');
        // Every tag is one that relock writes itself: the same page with a plain name has the same tags.
        const tags = (page: string) => page.match(/<\/?[a-z]+/g);
        expect(tags(text)).toEqual(tags(form(hostile(n, 'plain')).join('\n')));
        expect(text.search(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)).toBe(-1);
      }
      const dot = dotForm(explanation);
      for (const line of dot.slice(1, -1)) {
        const outside = line.replace(/"(?:[^"\\]|\\.)*"/g, '""');
        expect(outside).toMatch(/^ {2}[\w\s=;,[\]>""-]*$/);
      }
      expect(traceProblems(perfettoForm(explanation).join('\n'))).toEqual([]);
    });

  it('the kit runs none of it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'relock-kit-'));
    try {
      const script = kitForm(hostile(2, name)).join('\n');
      // Everything but the refusal and the commands that need root, in a folder of its own.
      const harmless = script.replace(/^set -eu$/m, 'set -eu; exit 0');
      const ran = spawnSync('sh', ['-s', '--', '--i-have-read-this'], { input: harmless, cwd: folder });
      expect(ran.status).toBe(0);
      const names = script.split('\n').filter((line) => line.includes('pwned') && !line.startsWith('#'));
      expect(names).toEqual([]);
      expect(existsSync(join(folder, 'pwned'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('plain text', () => {
  it('writes out what a terminal would obey, and line breaks in names', () => {
    expect(plainText('a\u001b[31m\u202eb')).toBe('a\\x1b[31m\\u202eb');
    expect(plainName('a\nb\tc')).toBe('a\\x0ab\\x09c');
  });
});
