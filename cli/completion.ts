// Shell completion for bash, zsh and fish, from the command table; no shell starts relock to complete a word.
import { COMMANDS, COMMON_OPTIONS, type CommandSpec, type OptionSpec } from './table.js';
import { TOPICS } from './topics.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Words that may stand as arguments; other commands take files. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  help: [...COMMANDS.map(({ name }) => name), ...TOPICS.map(({ name }) => name)],
  completion: SHELLS,
  show: ['newest'],
  triage: ['newest', 'open', 'reported', 'fixed', 'invalid', 'dup', 'undup'],
  export: ['captures', 'witnesses', 'mbox', 'litmus', 'plots', 'junit', 'ktap'],
};

/** The script; it is sourced by the shell. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      return `#compdef relock\nautoload -U +X bashcompinit && bashcompinit\n${bash()}`;
    case 'fish':
      return fish();
    default: {
      const never: never = shell;
      return never;
    }
  }
}

function names(options: readonly OptionSpec[]): string[] {
  return options.flatMap(({ flags }) => flags.match(/(?<=^|[ ,])--?[a-z][a-z-]*/g) ?? []);
}

function optionsOf(command: CommandSpec): string[] {
  return [...names(command.options), ...names(COMMON_OPTIONS), '--help'];
}

function bash(): string {
  const cases = COMMANDS.map(
    (command) =>
      `    ${command.name}) options="${optionsOf(command).join(' ')}"; words="${(WORDS[command.name] ?? []).join(' ')}" ;;`,
  );
  return `# bash completion of relock
_relock() {
  local word="\${COMP_WORDS[COMP_CWORD]}" options="" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${[...COMMANDS.map(({ name }) => name), 'help'].join(' ')}" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    help) words="${(WORDS['help'] ?? []).join(' ')}" ;;
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$word") $(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _relock relock
`;
}

/** A word in single quotes of fish. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fish(): string {
  const lines = ['# fish completion of relock'];
  for (const command of COMMANDS) {
    const { name, summary } = command;
    lines.push(`complete -c relock -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`);
    for (const { flags, help } of [...command.options, ...COMMON_OPTIONS])
      for (const option of names([{ flags, help }])) {
        const form = option.startsWith('--') ? `-l ${option.slice(2)}` : `-s ${option.slice(1)}`;
        const value = / [A-Z]+$/.test(flags) ? ' -r' : '';
        lines.push(
          `complete -c relock -n '__fish_seen_subcommand_from ${name}' ${form}${value} -d ${quoted(help)}`,
        );
      }
    for (const word of WORDS[name] ?? [])
      lines.push(`complete -c relock -n '__fish_seen_subcommand_from ${name}' -a ${word}`);
  }
  for (const word of WORDS['help'] ?? [])
    lines.push(`complete -c relock -n '__fish_seen_subcommand_from help' -a ${word}`);
  return `${lines.join('\n')}\n`;
}
