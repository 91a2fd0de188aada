import { rmSync } from 'node:fs';
import { exitCodeOfFailure } from '../../commands/outcome/exit-code.ts';
import { hideInFailure } from '../../commands/outcome/hide-secrets.ts';
import type { ExitCode } from '../../contract/exit-codes.ts';
import { toFailure } from '../../core/failure.ts';
import { type FolderRecord, recordFolders } from '../../core/private-folder.ts';
import { Secrets } from '../../core/secrets.ts';
import type { TextStyle } from '../../report/text/table.ts';
import { askOn } from './ask.ts';
import type { Colors } from './colors.ts';
import type { ParsedCommand } from './command-tree.ts';
import { exit } from './exit.ts';
import { listenForInterrupt } from './interrupt.ts';
import { type ErrorStyle, failureOutput, type Output, renderedOutput } from './output.ts';
import type { Display, Invocation } from './parse-argv.ts';
import { cliPaths, type Machine, prepareFolders, runsFolder, startingFolder } from './paths.ts';
import { completeCommands } from './printed-commands.ts';
import { chooseProgress } from './progress.ts';
import { promptOn } from './prompt.ts';
import { rawRequestOfFlags } from './raw-request.ts';
import { stderrLogger } from './stderr-logger.ts';
import type { StdoutGuard } from './stdout-guard.ts';
import type { AlertWebhook } from './webhook.ts';

/** The process of a command. */
export interface Terminal extends Machine {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

interface Frontend {
  readonly terminal: Terminal;
  readonly colors: Colors;
  readonly guard: StdoutGuard;
}

/** How a command ended, and what to show. */
interface Ended {
  readonly code: ExitCode;
  readonly output: Output;
}

/** Runs a command with live progress until it ends or a signal ends it. Never rejects. */
export async function runRequest(
  { parsed, display, directory }: Extract<Invocation, { kind: 'run' }>,
  { terminal, colors, guard }: Frontend,
): Promise<Ended> {
  const progress = chooseProgress(terminal.stderr, display, { color: colors.stderr, term: terminal.env['TERM'] });
  const secrets = new Secrets();
  const log = stderrLogger(display, secrets, progress.line);
  const folders = new Set<string>();
  let record: FolderRecord | null = null;
  const interrupt = listenForInterrupt({
    onFirst: (signal) => log.info(`${signal}: stopping cleanly; send it again to stop at once`),
    onSecond: (code) => {
      for (const path of folders) rmSync(path, { recursive: true, force: true });
      record?.end();
      exit(code);
    },
  });
  // A log need not say that a slow machine is loading the program.
  if (terminal.stderr.isTTY === true) progress.event({ stage: `starting ${parsed.command}` });
  guard.onStray((text) => log.debug(text.trimEnd()));
  let alert: AlertWebhook | null = null;
  try {
    // Loading the commands takes half of the start-up time; help and usage errors do not need it. `eager` keeps them in
    // the same bundle.
    const { COMMAND_TABLE } = await import(/* webpackMode: "eager" */ '../../commands/index.ts');
    const { webhookOf } = await import(/* webpackMode: "eager" */ './webhook.ts');
    alert = webhookOf({ env: terminal.env, signal: interrupt.signal }, parsed.command, { log, secrets });
    const raw = rawRequestOfFlags(parsed, terminal.stdout.isTTY === true ? 'full' : 'keys');
    const command = COMMAND_TABLE[parsed.command].prepare(raw);
    const around = cliPaths({ ...terminal, cwd: await startingFolder(terminal.cwd, directory) });
    await prepareFolders(command, around, log);
    const recorded = recordFolders(runsFolder(around));
    record = recorded;
    const { exitCode, rendered } = await command.run({
      ...around,
      log,
      secrets,
      onProgress: progress.event,
      signal: interrupt.signal,
      ask: prompting(terminal, interrupt.signal, progress.end, (streams) =>
        askOn({ ...streams, color: colors.stderr }),
      ),
      prompt: prompting(terminal, interrupt.signal, progress.end, promptOn),
      onResource: (resource) => {
        if (resource.kind !== 'folder') return;
        folders.add(resource.path);
        recorded.add(resource.path);
      },
    });
    if (interrupt.code() === null) await alert(rendered);
    const output = renderedOutput(rendered, { ...display, ...textStyle(terminal, colors, display) });
    return { code: interrupt.code() ?? exitCode, output: completed(output, parsed, display) };
  } catch (thrown) {
    const failure = hideInFailure(toFailure(thrown), (text) => secrets.redact(text));
    if (interrupt.code() === null) await alert?.(failure);
    const shown = failureOutput(failure, { json: display.json, ...errorStyle(terminal, colors) });
    const output = completed(shown, parsed, display);
    return { code: interrupt.code() ?? exitCodeOfFailure(failure), output };
  } finally {
    record?.end();
    progress.end();
    interrupt.release();
  }
}

/** How errors are shown. */
export function errorStyle({ stderr }: Terminal, { stderr: color }: Colors): ErrorStyle {
  return { color, columns: widthOf(stderr) };
}

/** Lines are not wrapped on a pipe. */
function textStyle({ stdout }: Terminal, { stdout: color }: Colors, { wide }: Display): TextStyle {
  return { color, columns: widthOf(stdout), wide };
}

/** A terminal that a tool made may report 0. */
function widthOf({ isTTY, columns }: NodeJS.WriteStream): number | null {
  return isTTY === true && columns > 0 ? columns : null;
}

/** In JSON the advice stays general: another program reads it elsewhere. */
function completed(output: Output, parsed: ParsedCommand, { json }: Display): Output {
  if (json) return output;
  return { stdout: completeCommands(output.stdout, parsed), stderr: completeCommands(output.stderr, parsed) };
}

/** Opens a prompt if the terminal is interactive; the live progress ends before. Standard output is only for the result. */
function prompting<T>(
  { stdin, stderr }: Terminal,
  signal: AbortSignal,
  endProgress: () => void,
  open: (streams: Parameters<typeof promptOn>[0]) => T,
): (() => T) | undefined {
  if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
  return () => {
    endProgress();
    return open({ input: stdin, output: stderr, signal });
  };
}
