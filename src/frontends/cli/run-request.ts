import { rmSync } from 'node:fs';
import { exitCodeOfFailure } from '../../commands/outcome/exit-code.ts';
import type { ExitCode } from '../../contract/exit-codes.ts';
import { toFailure } from '../../core/failure.ts';
import type { Prompt } from '../../core/prompt.ts';
import { Secrets } from '../../core/secrets.ts';
import type { Asker } from '../../resolve/ask-rows.ts';
import { askOn } from './ask.ts';
import { askedByFlags } from './asked.ts';
import type { ParsedCommand } from './command-tree.ts';
import { listenForInterrupt } from './interrupt.ts';
import type { Display, Invocation } from './invocation.ts';
import { failureOutput, type Output, renderedOutput } from './output.ts';
import { cliPaths, type Machine, prepareFolders } from './paths.ts';
import { completeCommands } from './printed-commands.ts';
import { chooseProgress } from './progress.ts';
import { promptOn } from './prompt.ts';
import { stderrLogger } from './stderr-logger.ts';
import type { StdoutGuard } from './stdout-guard.ts';

/** The process of a command. */
export interface Terminal extends Machine {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

interface Frontend {
  readonly terminal: Terminal;
  readonly color: boolean;
  readonly guard: StdoutGuard;
}

/** How a command ended, and what to show. */
interface Ended {
  readonly code: ExitCode;
  readonly output: Output;
}

/** Runs a command with live progress until it ends or a signal ends it. Never rejects. */
export async function runRequest(
  { parsed, display }: Extract<Invocation, { kind: 'run' }>,
  { terminal, color, guard }: Frontend,
): Promise<Ended> {
  const progress = chooseProgress(terminal.stderr, display, { color, term: terminal.env['TERM'] });
  const secrets = new Secrets();
  const log = stderrLogger(display, secrets, progress.line);
  const folders = new Set<string>();
  const interrupt = listenForInterrupt({
    onFirst: (signal) => log.info(`${signal}: stopping cleanly; send it again to stop at once`),
    onSecond: (code) => {
      for (const path of folders) rmSync(path, { recursive: true, force: true });
      process.exit(code);
    },
  });
  guard.onStray((text) => log.debug(text.trimEnd()));
  try {
    // Loading the commands takes half of the start-up time; help and usage errors do not need it. `eager` keeps them in
    // the same bundle.
    const { COMMAND_TABLE } = await import(/* webpackMode: "eager" */ '../../commands/index.ts');
    const asked = askedByFlags(parsed, terminal.stdout.isTTY === true ? 'full' : 'keys');
    const command = COMMAND_TABLE[parsed.command].prepare(asked);
    const around = cliPaths(terminal);
    await prepareFolders(command, around);
    const { exitCode, rendered } = await command.run({
      ...around,
      log,
      secrets,
      progress: progress.event,
      signal: interrupt.signal,
      ask: asker(terminal, interrupt.signal, color),
      prompt: prompter(terminal, interrupt.signal),
      onResource: (resource) => {
        if (resource.kind === 'folder') folders.add(resource.path);
      },
    });
    const output = completed(renderedOutput(rendered, display), parsed, display);
    return { code: interrupt.code() ?? exitCode, output };
  } catch (thrown) {
    const failure = toFailure(thrown);
    const output = completed(failureOutput(failure, { json: display.json, color }), parsed, display);
    return { code: interrupt.code() ?? exitCodeOfFailure(failure), output };
  } finally {
    progress.end();
    interrupt.release();
  }
}

/** In JSON the advice stays general: another program reads it elsewhere. */
function completed(output: Output, parsed: ParsedCommand, { json }: Display): Output {
  if (json) return output;
  return { stdout: completeCommands(output.stdout, parsed), stderr: completeCommands(output.stderr, parsed) };
}

/** A prompt if the terminal is interactive. Standard output is only for the result. */
function asker({ stdin, stderr }: Terminal, signal: AbortSignal, color: boolean): (() => Asker) | undefined {
  if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
  return () => askOn({ input: stdin, output: stderr, signal, color });
}

/** The same for lines of text. */
function prompter({ stdin, stderr }: Terminal, signal: AbortSignal): (() => Prompt) | undefined {
  if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
  return () => promptOn({ input: stdin, output: stderr, signal });
}
