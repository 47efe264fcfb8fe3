// Runs one command line: parses it against the command table, tells trouble, sets the exit code.
import { writeSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { commandHelp, generalHelp, helpOn } from './help.js';
import { type OptionValue, ownBug, Session, tell } from './session.js';
import { COMMANDS, COMMON_OPTIONS, type CommandSpec, type OptionSpec } from './table.js';
import { EXIT, type ExitCode, nearest, Trouble, usage } from './trouble.js';
import { version } from './version.js';

/** Runs and ends the process with the exit code of contract.md section 1. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  // A reader that went away (`relock ls | head`) has what it wanted.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.fine);
      cannotWrite(error);
    });
  const code = await dispatch(argv);
  await flush(process.stdout);
  await flush(process.stderr);
  process.exit(code);
}

/** A full disk behind `>` must not look like a command that did its work. */
function cannotWrite(error: NodeJS.ErrnoException): never {
  try {
    writeSync(2, `I CANNOT WRITE WHAT I HAVE TO SAY\n${error.message}\n    df -h .\n`);
  } catch {
    // stderr may be what is full.
  }
  process.exit(EXIT.trouble);
}

/** Waits until a pipe has taken everything: process.exit would cut it short. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((done) => {
    // Once more round the loop: errors of a file are told after the write.
    if (stream.writableLength === 0 && !stream.errored) setImmediate(done);
    else
      stream.write('', (error) => {
        if (error != null && (error as NodeJS.ErrnoException).code !== 'EPIPE') cannotWrite(error);
        done();
      });
  });
}

async function dispatch(argv: readonly string[]): Promise<ExitCode> {
  const wantsJson = argv.includes('--json');
  const found: { command: CommandSpec; session: Session }[] = [];
  try {
    if (argv.length === 0) {
      process.stderr.write(generalHelp());
      return EXIT.trouble;
    }
    if (argv[0] === 'help') {
      process.stdout.write(helpOn(argv[1]));
      return EXIT.fine;
    }
    build(found).parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return tell(asTrouble(error, argv), wantsJson);
    if (error.exitCode === 0) return EXIT.fine;
    return tell(misused(error, argv), wantsJson);
  }
  const [chosen] = found;
  if (chosen === undefined) return EXIT.fine;
  try {
    return await runOne(chosen.command, chosen.session);
  } catch (error) {
    return tell(asTrouble(error, argv), wantsJson);
  } finally {
    chosen.session.close();
  }
}

async function runOne(command: CommandSpec, session: Session): Promise<ExitCode> {
  const [least, most] = command.arity;
  const given = session.args.length;
  if (given < least || (most !== null && given > most)) {
    const wants = command.args === '' ? 'no argument' : command.args;
    throw usage(
      `relock ${command.name} takes ${wants}; I was given ${given === 0 ? 'none' : given}.`,
      `relock ${command.name} -h`,
    );
  }
  const { run } = await command.load();
  return run(session);
}

function asTrouble(error: unknown, argv: readonly string[]): Trouble {
  if (error instanceof Trouble) return error;
  // StoreTrouble, without loading the database just to ask.
  if (error instanceof Error && error.name === 'StoreTrouble' && 'problem' in error)
    return new Trouble(error.problem as Trouble['problem']);
  return ownBug(error, argv.join(' '), version());
}

/** What commander complains about, in our words. */
function misused(error: CommanderError, argv: readonly string[]): Trouble {
  const names = COMMANDS.map((command) => command.name);
  if (error.code === 'commander.unknownCommand') {
    const word = argv.find((arg) => !arg.startsWith('-')) ?? '';
    const like = nearest(word, names);
    return new Trouble({
      title: 'THERE IS NO SUCH COMMAND',
      facts: [`I know no "${word}". The commands are: ${names.join(', ')}.`],
      next: like === null ? 'relock -h' : `relock ${like}`,
    });
  }
  const command = names.find((name) => argv.includes(name));
  const text = error.message
    .replace(/^error: /, '')
    .split('\n')
    .join(' ');
  return usage(
    `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
    command === undefined ? 'relock -h' : `relock ${command} -h`,
  );
}

function build(found: { command: CommandSpec; session: Session }[]): Command {
  const program = new Command('relock')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: (text) => process.stdout.write(text) })
    .version(`relock ${version()}`, '-V, --version')
    .helpCommand(false);
  program.helpInformation = generalHelp;
  addOptions(program, COMMON_OPTIONS);
  for (const spec of COMMANDS) {
    const sub = program.command(spec.name).description(spec.summary).exitOverride();
    sub.argument('[args...]').allowExcessArguments(true);
    sub.configureOutput({ writeErr: () => {}, writeOut: (text) => process.stdout.write(text) });
    sub.helpInformation = () => commandHelp(spec);
    addOptions(sub, [...spec.options, ...COMMON_OPTIONS]);
    sub.action((args: string[]) => {
      const options: Record<string, OptionValue> = { ...optionsOf(program), ...optionsOf(sub) };
      found.push({ command: spec, session: new Session(args, options) });
    });
  }
  return program;
}

/** Values by name as typed: commander calls `--until-quiet` untilQuiet. */
function optionsOf(command: Command): Record<string, OptionValue> {
  return Object.fromEntries(
    command.options.flatMap((option) => {
      const value = command.getOptionValue(option.attributeName()) as OptionValue;
      return value === undefined ? [] : [[option.name(), value]];
    }),
  );
}

function addOptions(command: Command, options: readonly OptionSpec[]): void {
  for (const { flags, help, many } of options) {
    const withValue = flags.replace(/ ([A-Z]+)$/, ' <$1>');
    if (many) command.option(withValue, help, (value: string, all: string[] = []) => [...all, value]);
    else command.option(withValue, help);
  }
}
