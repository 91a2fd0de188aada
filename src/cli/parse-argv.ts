import { CommanderError } from 'commander';
import { buildRequest } from './build-request.ts';
import { commandTree, type ParsedCommand } from './command-tree.ts';
import { commandWords } from './command-words.ts';
import type { Display, Invocation } from './invocation.ts';
import { usageFailure } from './usage-failure.ts';

/** What the meaning of a command line depends on besides its words. */
interface ParseSurroundings {
  /** Whether a person reads standard output; who does may see values by default. */
  readonly terminal: boolean;
}

/**
 * Reads a command line, without the two words of node and the script.
 * @throws Failure `bad-usage` for an unknown command or flag (with the nearest known one), a missing or surplus word,
 * or a value that does not fit.
 */
export function parseArgv(argv: readonly string[], surroundings: ParseSurroundings): Invocation {
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
    tree.parse(commandWords(argv), { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode !== 0) throw usageFailure(thrown, argv);
  }
  if (found.parsed === undefined) return { kind: 'print', text: found.text };
  return {
    kind: 'run',
    request: buildRequest(found.parsed, surroundings.terminal ? 'full' : 'keys'),
    display: displayOf(found.parsed),
  };
}

function displayOf({ flags }: ParsedCommand): Display {
  return {
    json: flags['json'] === true,
    quiet: flags['quiet'] === true,
    verbose: flags['verbose'] === true,
    showOrigin: flags['showOrigin'] === true,
  };
}
