#!/usr/bin/env node
import { homeFolder, ignoreWorkingDirectory, readEnv } from './core/env.ts';
import { exit } from './frontends/cli/exit.ts';
import { runCli } from './frontends/cli/run-cli.ts';

ignoreWorkingDirectory();
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
