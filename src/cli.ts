#!/usr/bin/env node
import { forgetRelativeFolders, homeFolder, readEnv } from './core/env.ts';
import { exit } from './frontends/cli/exit.ts';
import { runCli } from './frontends/cli/run-cli.ts';

forgetRelativeFolders();
// Everything is written by then; what a library left open must not keep a finished command alive.
exit(
  await runCli(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: readEnv(),
    cwd: process.cwd(),
    home: homeFolder(),
  }),
);
