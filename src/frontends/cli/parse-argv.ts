import { CommanderError } from 'commander';
import { Failure } from '../../core/failure.ts';
import { commandTree, type ParsedCommand } from './command-tree.ts';
import { commandPath } from './common-flags.ts';
import type { Display, Invocation } from './invocation.ts';

/**
 * Parses a command line, without node and the script. The command parses the values of its options.
 * @throws Failure `bad-usage` for an unknown command or flag (with the nearest known one), and a missing or surplus
 * argument
 */
export function parseArgv(argv: readonly string[]): Invocation {
  const found: { parsed?: ParsedCommand; text: string } = { text: '' };
  const tree = commandTree({
    onCommand: (parsed) => {
      found.parsed = parsed;
    },
    onText: (text) => {
      found.text += text;
    },
  });
  try {
    tree.parse(commandPath(argv), { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode !== 0) throw usageFailure(thrown, argv);
  }
  if (found.parsed === undefined) return { kind: 'print', text: found.text };
  return { kind: 'run', parsed: found.parsed, display: displayOf(found.parsed) };
}

function displayOf({ flags }: ParsedCommand): Display {
  return {
    json: flags['json'] === true,
    quiet: flags['quiet'] === true,
    verbose: flags['verbose'] === true,
    showOrigin: flags['showOrigin'] === true,
  };
}

const SUGGESTION = /\n?\((Did you mean .*)\)$/s;

/** The parser's error as a Failure `bad-usage`; its suggestion goes into the hint. */
function usageFailure(refusal: CommanderError, argv: readonly string[]): Failure {
  const words = argv.map((word) => `'${word}'`).join(' ');
  if (refusal.code === 'commander.help') {
    return new Failure('bad-usage', `a command is missing after ${words}`, {
      hint: `Run \`dolt-federation ${argv.join(' ')} --help\` to see them.`,
    });
  }
  const text = refusal.message.replace(/^error: /, '');
  const suggestion = SUGGESTION.exec(text)?.[1];
  const help =
    'Run `dolt-federation --help`, or `dolt-federation <command> --help`. Put the options of a command after it.';
  return new Failure('bad-usage', text.replace(SUGGESTION, ''), {
    hint: suggestion === undefined ? help : `${suggestion} ${help}`,
    cause: refusal,
  });
}
