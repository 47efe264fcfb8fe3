// Help pages of the commands, on the terminal and as docs/commands.md, both from the command table.
import { labelled, wrap } from '../reports/text/layout.js';
import { COMMANDS, COMMON_OPTIONS, type CommandSpec, type OptionSpec } from './table.js';

import { TOPICS } from './topics.js';
import { nearest, Trouble } from './trouble.js';

const WIDTH = 80;

/** `relock -h`: three examples, the commands, what all have. */
export function generalHelp(): string {
  const pad = Math.max(...COMMANDS.map((c) => c.name.length)) + 2;
  const lines = [
    'Examples:',
    '  relock import dmesg.txt && relock fuzz --for 10s     find deadlocks in a log',
    '  relock show newest                                   see why it is one',
    '  relock show newest --form mail                       tell the list',
    '',
    'Usage: relock COMMAND [ARGUMENT]... [OPTION]...',
    '',
    ...COMMANDS.flatMap((c) => wrap(c.summary, `  ${c.name.padEnd(pad)}`, ' '.repeat(pad + 2), WIDTH)),
    '',
    ...optionLines(COMMON_OPTIONS),
    ...optionLines([{ flags: '-h, --help', help: 'this; relock COMMAND -h tells more' }, VERSION]),
    '',
    `Topics: relock help ${TOPICS.map(({ name }) => name).join('|')}`,
    'Exit: 0 nothing new, 1 deadlock found, 2 trouble, 4 nothing to test, 130 saved.',
  ];
  return `${lines.join('\n')}\n`;
}

const VERSION: OptionSpec = { flags: '-V, --version', help: 'the version' };

/** `relock COMMAND -h`. Fits 80 columns. */
export function commandHelp(command: CommandSpec): string {
  const lines = [
    'Examples:',
    ...exampleLines(command),
    '',
    `Usage: relock ${command.name}${command.args === '' ? '' : ` ${command.args}`} [OPTION]...`,
    '',
    ...wrap(sentence(command.summary), '  ', '  ', WIDTH),
    ...command.about.flatMap((text) => wrap(text, '  ', '  ', WIDTH)),
    '',
    ...optionLines([...command.options, ...COMMON_OPTIONS]),
    '',
    ...command.exits.flatMap(([code, text], i) =>
      labelled(`${i === 0 ? 'Exit: ' : '      '}${String(code).padStart(3)}`, text, 11, WIDTH),
    ),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** `relock help [COMMAND|TOPIC]`. Throws Trouble for a word that is neither. */
export function helpOn(word: string | undefined): string {
  if (word === undefined || word.startsWith('-')) return generalHelp();
  const command = COMMANDS.find(({ name }) => name === word);
  if (command !== undefined) return commandHelp(command);
  const topic = TOPICS.find(({ name }) => name === word);
  if (topic !== undefined) return `${topic.text}\n`;
  const known = [...COMMANDS, ...TOPICS].map(({ name }) => name);
  throw new Trouble({
    title: 'THERE IS NO HELP ON THIS',
    facts: [`I know no "${word}". Topics: ${TOPICS.map(({ name }) => name).join(', ')}.`],
    next: `relock help ${nearest(word, known) ?? 'witness'}`,
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function exampleLines(command: CommandSpec): string[] {
  const pad = Math.max(...command.examples.map((e) => e.line.length)) + 2;
  const oneLine = command.examples.every((e) => 2 + pad + e.says.length <= WIDTH);
  return command.examples.flatMap((e) =>
    oneLine ? [`  ${e.line.padEnd(pad)}${e.says}`] : [`  ${e.line}`, `      ${e.says}`],
  );
}

function optionLines(options: readonly OptionSpec[]): string[] {
  return options.flatMap((o) => wrap(o.help, `  ${o.flags.padEnd(20)} `, ' '.repeat(23), WIDTH));
}

/** docs/commands.md. */
export function commandsPage(): string {
  const parts = [
    '# Commands',
    'Made from the command table (`cli/table.ts`); a test compares this page with it. Every command also has',
    '`--db FILE` (else `$RELOCK_DB`, else `./relock.db`), `--json` (one object on stdout, described in',
    '[schema.md](schema.md)), `-q` and `-h`. stdout carries data, stderr talk.',
    '',
  ];
  for (const command of COMMANDS) {
    parts.push(`## relock ${command.name}`, '', sentence(command.summary), '');
    for (const text of command.about) parts.push(...wrap(text, '', '', 120), '');
    parts.push('```', ...command.examples.map((e) => `${e.line.padEnd(62)} # ${e.says}`), '```', '');
    if (command.options.length > 0)
      parts.push(
        '| option | meaning |',
        '|---|---|',
        ...command.options.map((o) => `| \`${o.flags}\` | ${o.help} |`),
        '',
      );
    parts.push(
      '| exit | meaning |',
      '|---|---|',
      ...command.exits.map(([code, text]) => `| ${code} | ${text} |`),
      '',
    );
  }
  return `${parts.join('\n').trimEnd()}\n`;
}
