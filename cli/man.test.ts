// Manual pages and completion come from the table: the files are current, and shells and roff accept them.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completionScript } from './completion.js';
import { manPages, roff } from './man.js';
import { COMMANDS } from './table.js';
import { TOPICS } from './topics.js';

describe('manual pages', () => {
  it.each(manPages().map(({ file, text }) => [file, text]))(
    '%s is current (npm run man writes it anew)',
    async (file, text) => {
      await expect(text).toMatchFileSnapshot(`../docs/man/${file}`);
    },
  );

  it('are there for each command and for nothing else', () => {
    const files = readdirSync(new URL('../docs/man/', import.meta.url)).sort();
    expect(files).toEqual(
      manPages()
        .map(({ file }) => file)
        .sort(),
    );
  });

  it('escape what roff would obey', () => {
    expect(roff('.SH x-y \\fB')).toBe('\\&.SH x\\-y \\efB');
  });

  const groff = spawnSync('groff', ['--version']);
  it.skipIf(groff.error !== undefined)('groff has nothing to say', () => {
    for (const { file, text } of manPages())
      expect(spawnSync('groff', ['-man', '-ww', '-z'], { input: text, encoding: 'utf8' }).stderr, file).toBe(
        '',
      );
  });
});

describe('topics', () => {
  it.each(TOPICS.map((topic) => [topic.name, topic] as const))('%s fits a screen', (_, { text }) => {
    const lines = text.split('\n');
    expect(lines.length).toBeLessThanOrEqual(22);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(75);
  });
});

describe('completion', () => {
  const complete = (words: string[]) => {
    const script = `${completionScript('bash')}\nCOMP_WORDS=(${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _relock; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const ran = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: '/' });
    expect(ran.stderr).toBe('');
    return ran.stdout.trim().split('\n');
  };
  it('bash completes commands, options and words', () => {
    expect(complete(['relock', 'ver'])).toEqual(['verify-db']);
    expect(complete(['relock', 'show', '--fo'])).toEqual(['--form']);
    expect(complete(['relock', 'export', 'jun'])).toEqual(['junit']);
  });
  it('every shell knows every command', () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const)
      for (const { name } of COMMANDS) expect(completionScript(shell)).toContain(name);
  });
});
