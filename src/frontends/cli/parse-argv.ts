import { CommanderError } from 'commander';
import { COMMON_FLAGS } from '../../contract/common-flags.ts';
import { beforeDashes } from './colors.ts';
import { commandTree, type ParsedCommand } from './command-tree.ts';
import { helpFor } from './help.ts';
import { usageFailure } from './usage-failure.ts';

/** How to show a result; it does not affect what is done. */
export interface Display {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Every column of a table. */
  readonly wide: boolean;
  /** `config` only: say where each value came from. */
  readonly showOrigin: boolean;
}

/** A parsed command line: a command to run, or a text to print. */
export type Invocation =
  | {
      readonly kind: 'run';
      readonly parsed: ParsedCommand;
      readonly display: Display;
      /** The starting folder, relative to the working directory. */
      readonly directory: string;
    }
  | { readonly kind: 'print'; readonly text: string };

/**
 * Parses a command line, without node and the script. The command parses the values of its options. Without a command,
 * the help is printed.
 * @throws Failure `bad-usage` for an unknown command or flag (with a near known one), and a missing or surplus argument
 */
export function parseArgv(argv: readonly string[]): Invocation {
  const words = commandWords(argv);
  const found: { parsed?: ParsedCommand; help?: readonly string[]; text: string } = { text: '' };
  const tree = commandTree({
    onCommand: (parsed) => {
      found.parsed = parsed;
    },
    onHelp: (topic) => {
      found.help = topic;
    },
    onText: (text) => {
      found.text += text;
    },
  });
  try {
    tree.root.parse(words, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    const at = tree.failedAt();
    if (thrown.code === 'commander.help' && at === tree.root) found.help = [];
    else if (thrown.exitCode !== 0) throw usageFailure(thrown, at, words);
  }
  if (found.help !== undefined) return { kind: 'print', text: helpFor(tree.root, found.help) };
  if (found.parsed === undefined) return { kind: 'print', text: found.text };
  const { flags } = found.parsed;
  const directory = flags['workingDirectory'];
  return {
    kind: 'run',
    parsed: found.parsed,
    display: displayOf(found.parsed),
    directory: typeof directory === 'string' ? directory : '.',
  };
}

function displayOf({ flags }: ParsedCommand): Display {
  return {
    json: flags['json'] === true,
    quiet: flags['quiet'] === true,
    verbose: flags['verbose'] === true,
    wide: flags['wide'] === true,
    showOrigin: flags['showOrigin'] === true,
  };
}

/** Whether JSON was requested; also works for a command line that does not parse. */
export function wantsJson(argv: readonly string[]): boolean {
  return beforeDashes(argv).includes('--json');
}

/**
 * The command line as the parser expects it. A first word `federation` is ignored, so that the lines of the beads guide
 * (`bd federation add-peer …`) work. `--version` anywhere means the command `version`.
 */
function commandWords(argv: readonly string[]): readonly string[] {
  const flags = beforeDashes(argv);
  if (flags.includes('--version') || flags.includes('-V')) return ['version', ...flags.filter(isPlainFlag)];
  const first = argv.findIndex((word, at) => !word.startsWith('-') && !takesNext(argv[at - 1]));
  return first !== -1 && argv[first] === 'federation' ? argv.toSpliced(first, 1) : argv;
}

/** A common flag without a value. */
function isPlainFlag(word: string): boolean {
  return COMMON_FLAGS.some(
    ({ name, short, value }) => value === undefined && [`--${name}`, `-${short}`].includes(word),
  );
}

/** Whether the word after a common flag is its value. */
function takesNext(word: string | undefined): boolean {
  return COMMON_FLAGS.some(
    ({ name, short, value }) => value !== undefined && word !== undefined && [`--${name}`, `-${short}`].includes(word),
  );
}
