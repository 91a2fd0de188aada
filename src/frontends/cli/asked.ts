import type { Asked } from '../../commands/command.ts';
import { commandDefault } from '../../contract/commands.ts';
import type { ReadOption } from '../../contract/option-value.ts';
import type { OptionName } from '../../contract/options.ts';
import type { ReportValues } from '../../contract/vocabulary.ts';
import type { ParsedCommand } from './command-tree.ts';
import { optionValue } from './option-value.ts';

/**
 * Parses the options of a command line.
 * @param reportValues the default of what may be shown, which depends on the audience
 * @throws Failure `bad-usage` if a value does not fit its option
 */
export function askedByFlags({ command, operands, flags }: ParsedCommand, reportValues: ReportValues): Asked {
  const read: ReadOption = (name) => optionValue(name, flags[attribute(name)] ?? commandDefault(command, name));
  const file = read('credentials');
  return {
    read,
    written: (name) => {
      const text = flags[attribute(name)];
      return typeof text === 'string' ? text : undefined;
    },
    operands,
    credentials: file === undefined ? undefined : { file },
    reportValues,
    untrusted: false,
    allowNoPeers: true,
  };
}

/** `dry-run` as the parser stores it: `dryRun`. */
export function attribute(name: OptionName): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
