import type { CommanderError } from 'commander';
import { Failure } from '../core/failure.ts';

const SUGGESTION = /\n?\((Did you mean .*)\)$/s;

/** The parser's refusal as a Failure `bad-usage`; its suggestion of the nearest word goes into the hint. */
export function usageFailure(refusal: CommanderError, argv: readonly string[]): Failure {
  const words = argv.map((word) => `'${word}'`).join(' ');
  if (refusal.code === 'commander.help') {
    return new Failure('bad-usage', `a command is missing after ${words}`, {
      hint: `Run \`dolt-federation ${argv.join(' ')} --help\` to see them.`,
    });
  }
  const text = refusal.message.replace(/^error: /, '');
  const suggestion = SUGGESTION.exec(text)?.[1];
  const help = 'Run `dolt-federation --help`, or `dolt-federation <command> --help`; options stand after the command.';
  return new Failure('bad-usage', text.replace(SUGGESTION, ''), {
    hint: suggestion === undefined ? help : `${suggestion} ${help}`,
    cause: refusal,
  });
}
