import type { PreparedCommand } from '../../src/commands/command.ts';
import { COMMAND_TABLE } from '../../src/commands/index.ts';
import { type Invocation, parseArgv } from '../../src/frontends/cli/parse-argv.ts';
import { rawRequestOfFlags } from '../../src/frontends/cli/raw-request.ts';

/** A command line that runs something. */
export function parsed(argv: readonly string[]): Extract<Invocation, { kind: 'run' }> {
  const invocation = parseArgv(argv);
  if (invocation.kind === 'print') throw new Error(`'${argv.join(' ')}' prints: ${invocation.text}`);
  return invocation;
}

/** The command and the request of a command line, as in a pipe. */
export function prepared(argv: readonly string[]): PreparedCommand {
  const invocation = parsed(argv);
  return COMMAND_TABLE[invocation.parsed.command].prepare(rawRequestOfFlags(invocation.parsed, 'keys'));
}
