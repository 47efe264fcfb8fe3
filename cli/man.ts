// Manual pages in roff, one for relock and one for each command, from the command table.
import { plainName } from '../reports/text/plain-text.js';
import { COMMANDS, COMMON_OPTIONS, type CommandSpec, type OptionSpec } from './table.js';
import { TOPICS } from './topics.js';

/** File name and text of each page. */
export function manPages(): { readonly file: string; readonly text: string }[] {
  return [
    { file: 'relock.1', text: generalPage() },
    ...COMMANDS.map((command) => ({ file: `relock-${command.name}.1`, text: commandPage(command) })),
  ];
}

/** Text as roff shows it: backslashes and hyphens as they are, no line taken for a request. */
export function roff(text: string): string {
  return plainName(text)
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}

function head(name: string, summary: string): string[] {
  return [
    '.\\" Made from the command table (npm run man); do not edit.',
    `.TH "${name.toUpperCase()}" "1" "" "relock" "User Commands"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(summary)}`,
  ];
}

function options(list: readonly OptionSpec[]): string[] {
  return list.flatMap(({ flags, help }) => ['.TP', `.B ${roff(flags)}`, roff(help)]);
}

function commandPage(command: CommandSpec): string {
  const { name, args, summary, about, examples, exits } = command;
  const lines = [
    ...head(`relock-${name}`, summary),
    '.SH SYNOPSIS',
    `.B relock ${roff(name)}`,
    `${roff(args)} [OPTION]...`,
    '.SH DESCRIPTION',
    roff(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...about.flatMap((text) => ['.PP', roff(text)]),
    '.SH OPTIONS',
    ...options([...command.options, ...COMMON_OPTIONS]),
    '.SH EXAMPLES',
    ...examples.flatMap(({ line, says }) => ['.TP', `.B ${roff(line)}`, roff(says)]),
    '.SH EXIT STATUS',
    ...exits.flatMap(([code, text]) => ['.TP', `.B ${code}`, roff(text)]),
    '.SH SEE ALSO',
    '.BR relock (1)',
  ];
  return `${lines.join('\n')}\n`;
}

function generalPage(): string {
  const lines = [
    ...head('relock', 'replay and fuzzing engine for recorded lock traces of the Linux kernel'),
    '.SH SYNOPSIS',
    '.B relock',
    'COMMAND [ARGUMENT]... [OPTION]...',
    '.SH DESCRIPTION',
    'Takes logs and captures in, searches for deadlocks that need not have happened, and gives back minimal witnesses that anybody can replay.',
    '.SH COMMANDS',
    ...COMMANDS.flatMap(({ name, summary }) => ['.TP', `.BR relock\\-${roff(name)} (1)`, roff(summary)]),
    '.SH OPTIONS',
    'Every command has these:',
    ...options(COMMON_OPTIONS),
    ...TOPICS.flatMap(({ title, text }) => [
      `.SH ${roff(title.toUpperCase())}`,
      '.nf',
      ...text.split('\n').map(roff),
      '.fi',
    ]),
    '.SH ENVIRONMENT',
    '.TP',
    '.B RELOCK_DB',
    'the database, if \\-\\-db does not name one',
    '.TP',
    '.B NO_COLOR, PAGER',
    'as everywhere',
  ];
  return `${lines.join('\n')}\n`;
}
