// Help: each command has three examples, exit codes and a page; all of it fits the screen; docs/commands.md is the same.
import { describe, expect, it } from 'vitest';
import { commandHelp, commandsPage, generalHelp } from './help.js';
import { COMMANDS } from './table.js';

const SCREEN = { columns: 80, lines: 40 };

describe('help', () => {
  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s starts with its examples and fits a screen',
    (name, command) => {
      const text = commandHelp(command);
      const lines = text.trimEnd().split('\n');
      expect(lines[0]).toBe('Examples:');
      for (const example of command.examples) {
        expect(text).toContain(example.line);
        expect(example.line).toContain(`relock ${name}`);
      }
      for (const [code] of command.exits) expect(text).toContain(`  ${code}`);
      expect(lines.length).toBeLessThanOrEqual(SCREEN.lines);
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(SCREEN.columns);
    },
  );

  it('names every command on the first page, which fits a screen', () => {
    const lines = generalHelp().split('\n');
    expect(lines[0]).toBe('Examples:');
    for (const command of COMMANDS)
      expect(lines.some((line) => line.startsWith(`  ${command.name} `))).toBe(true);
    expect(lines.length).toBeLessThanOrEqual(SCREEN.lines);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(SCREEN.columns);
  });

  it('is what docs/commands.md says (vitest -u writes it anew)', async () => {
    await expect(commandsPage()).toMatchFileSnapshot('../docs/commands.md');
  });
});
