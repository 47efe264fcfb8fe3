// The matrix against the table of the thread: what each cell must say, in text, JSON and HTML.
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matrixForm } from '../../cli/matrix-cells.js';
import { replayText } from '../../cli/replaying.js';
import { matrixHtml } from './html.js';
import { cellText, matrixText } from './text.js';

const form = matrixForm('2026-11-25T00:00:00.000Z');
const at = (row: string, version: string) =>
  form.rows.find(({ id }) => id === row)!.cells.find((cell) => cell.version === version)!;
const line = (row: string) => form.versions.map(({ tag }) => cellText(at(row, tag))).join(' ');

describe('relock matrix pci-rescan-remove', () => {
  it('says what the mailing list found in eleven versions', () => {
    expect(line('1')).toBe('none self none none none none none');
    expect(line('2')).toBe('none self+AB-BA none AB-BA window none none');
    expect(line('3')).toBe('none self+AB-BA AB-BA AB-BA none none none');
    for (const row of ['4', '4z']) expect(line(row)).toBe('race self+AB-BA race AB-BA AB-BA AB-BA AB-BA');
    for (const row of ['5', '5z']) expect(line(row)).toBe('race self+AB-BA AB-BA AB-BA AB-BA AB-BA AB-BA');
    for (const row of ['6', '6z']) expect(line(row)).toBe('none self none none AB-BA AB-BA AB-BA');
    expect(line('7')).toBe('race* self+AB-BA race* AB-BA AB-BA AB-BA AB-BA');
    expect(line('7b')).toBe('race* self+AB-BA AB-BA AB-BA AB-BA AB-BA AB-BA');
    expect(line('8')).toBe('none self+AB-BA none AB-BA AB-BA AB-BA AB-BA');
    expect(line('9')).toBe('none self+AB-BA self+AB-BA AB-BA AB-BA AB-BA none');
  });

  it('is complete, as expected, and each end has a witness that the interpreter repeats', () => {
    expect(form.ok && form.complete).toBe(true);
    for (const { cells } of form.rows)
      for (const { programs } of cells)
        for (const { found, witnesses, file } of programs) {
          expect(existsSync(new URL(`../../${file}`, import.meta.url)), file).toBe(true);
          expect(witnesses.length).toBe(found.length);
          for (const { litmus } of witnesses) {
            const again = replayText(litmus);
            expect(again.ok && again.value.bad && again.value.agrees).toBe(true);
          }
        }
  });

  it('keeps the race in the witness of a violation', () => {
    const [witness] = at('2', 'V10').programs[1]!.witnesses;
    expect(witness!.litmus).toContain('task binder bind_store');
    expect(witness!.litmus).toContain('flag bound set');
    expect(witness!.litmus).toMatch(/^preempt \d+ binder$/m);
  });

  it('fits 75 columns', () => {
    for (const text of matrixText(form)) expect(text.length, text).toBeLessThanOrEqual(75);
  });

  it('is one page of HTML in which each cell links to its witnesses, and nothing comes from elsewhere', () => {
    const html = matrixHtml(form);
    for (const { id, cells } of form.rows)
      for (const { version, programs } of cells) {
        const name = `cell-${id}.${version.toLowerCase()}`;
        expect(html).toContain(`href="#${name}"`);
        expect(html.split(`id="${name}"`).length).toBe(2);
        for (const program of programs) expect(html).toContain(program.file);
      }
    expect(html).not.toMatch(/<script|src=|href="(?!#)|@import|url\(/);
  });
});
