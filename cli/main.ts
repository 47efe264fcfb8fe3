#!/usr/bin/env node
// Entry of the relock command: answers --version at once, leaves everything else to the command table.

const argv = process.argv.slice(2);
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  const { version } = await import('./version.js');
  process.stdout.write(`relock ${version()}\n`);
} else {
  const { runCommandLine } = await import('./command.js');
  await runCommandLine(argv);
}
