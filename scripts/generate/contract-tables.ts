import { COMMANDS, type CommandEntry } from '../../src/contract/commands.ts';
import { EXIT_CODE_MEANINGS } from '../../src/contract/exit-codes.ts';
import { OUTPUTS } from '../../src/contract/outputs.ts';
import { CHANGE_KINDS, CONFIG_CHANGES } from '../../src/contract/vocabulary.ts';
import { described, sentence } from './described.ts';
import { actionInputs } from './inputs.ts';

/** Every input of the Action, its default and its meaning. */
export function inputTable(): string {
  const rows = actionInputs().map(({ name, description, choices, default: byDefault }) => [
    `\`${name}\``,
    byDefault === undefined ? '' : `\`${byDefault}\``,
    sentence(name, description) +
      (choices.length === 0 ? '' : ` One of ${choices.map((each) => `\`${each}\``).join(', ')}.`),
  ]);
  return table(['Input', 'Default', 'Meaning'], rows);
}

/** Every output of the Action. */
export function outputTable(): string {
  const rows = Object.entries(OUTPUTS).map(([name, text]) => [`\`${name}\``, sentence(`the output ${name}`, text)]);
  return table(['Output', 'Holds'], rows);
}

/** Every command, and whether the Action knows it too. */
export function commandTable(): string {
  const entries: [string, CommandEntry][] = Object.entries(COMMANDS);
  const rows = entries.map(([name, entry]) => [
    `\`${[name, ...entry.arguments.map(argumentText)].join(' ')}\``,
    entry.action ? 'yes' : '',
    sentence(`the command ${name}`, entry.summary),
  ]);
  return table(['Command', 'In the Action', 'Does'], rows);
}

/** Every exit code. */
export function exitCodeTable(): string {
  const rows = EXIT_CODE_MEANINGS.map(({ code, meaning }) => [String(code), described(`exit code ${code}`, meaning)]);
  return table(['Exit code', 'Meaning'], rows);
}

/** Every kind of change of a configuration. */
export function changeTable(): string {
  const rows = CHANGE_KINDS.map((kind) => {
    const { meaning, dangerous } = CONFIG_CHANGES[kind];
    return [`\`${kind}\``, dangerous ? 'yes' : '', sentence(`the change ${kind}`, capital(meaning))];
  });
  return table(['Kind', 'Dangerous', 'Means'], rows);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function argumentText({ name, required, variadic }: CommandEntry['arguments'][number]): string {
  const word = variadic ? `${name}…` : name;
  return required ? `<${word}>` : `[${word}]`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
