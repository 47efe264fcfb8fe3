// docs/walkthrough-pci.md: every command in it is run, in order, and what it prints on stdout is what the page says.
import { readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Bench } from './spawned.laws.js';

const PAGE = new URL('../docs/walkthrough-pci.md', import.meta.url);
const bench = new Bench();
symlinkSync(fileURLToPath(new URL('../corpus', import.meta.url)), bench.path('corpus'));
bench.write('bin/npx', '#!/bin/sh\nshift\nexec relock "$@"\n');
bench.shell('chmod +x bin/npx');
afterAll(() => bench.remove());

/** The page with the output of each command as it is now. */
function executed(page: string): { text: string; codes: number[] } {
  const out: string[] = [];
  const codes: number[] = [];
  let settings = '';
  let inCode = false;
  for (const line of page.split('\n')) {
    if (line.startsWith('```')) {
      inCode = !inCode;
      out.push(line);
    } else if (!inCode) out.push(line);
    else if (line.startsWith('$ export ')) {
      settings += `${line.slice(2)}\n`;
      out.push(line);
    } else if (line.startsWith('$ ')) {
      out.push(line);
      const { stdout, code, stderr } = bench.shell(`${settings}${line.slice(2)}`);
      if (code !== 0 && code !== 1) throw new Error(`${line}: ${code}\n${stderr}`);
      codes.push(code ?? -1);
      out.push(...(stdout === '' ? [] : stdout.trimEnd().split('\n')));
    }
  }
  return { text: out.join('\n'), codes };
}

describe('docs/walkthrough-pci.md', () => {
  const page = readFileSync(PAGE, 'utf8');
  const { text, codes } = executed(page);

  it('says what its commands print (vitest -u writes it anew)', async () => {
    await expect(text).toMatchFileSnapshot('../docs/walkthrough-pci.md');
  });

  it('shows what it claims', () => {
    expect(codes.length).toBeGreaterThan(20);
    const section = (command: string): string => {
      const from = text.indexOf(`$ ${command}`);
      expect(from, command).toBeGreaterThan(0);
      return text.slice(from, text.indexOf('```', from));
    };
    expect(section('npx relock whatif --set pci_rescan_remove_lock=reentrant\n')).toMatch(/^stays/m);
    expect(section('npx relock whatif --set pci_rescan_remove_lock=reentrant corpus')).toMatch(/^gone/m);
    expect(section('npx relock whatif --patch corpus/patches/v9.patch')).toMatch(/^stays/m);
    expect(section('npx relock whatif --patch corpus/patches/v11.patch\n')).toMatch(/^gone/m);
    expect(section('npx relock fuzz --across')).toContain('composed');
    expect(section('npx relock replay mail.txt')).toContain('deadlock');
  });

  it('names nothing of this machine', () => {
    expect(text).not.toContain(bench.folder);
    expect(text).not.toMatch(/\/(?:work|home|tmp)\//);
  });
});
