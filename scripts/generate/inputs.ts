import { COMMANDS, type CommandEntry } from '../../src/contract/commands.ts';
import type { OptionEntry } from '../../src/contract/option-entry.ts';
import { OPTIONS } from '../../src/contract/options.ts';
import { described } from './described.ts';

/** One input of the Action. */
export interface Input {
  readonly name: string;
  readonly description: string;
  readonly type: OptionEntry['type'];
  readonly choices: readonly string[];
  /** Absent where the configuration, or nothing, decides. */
  readonly default: string | undefined;
}

const COMMAND = 'Command to run';

/** Every input of the Action, the command first. */
export function actionInputs(): Input[] {
  const choices = Object.entries(COMMANDS).flatMap(([name, entry]) => (entry.action ? [name] : []));
  return [command(choices, 'sync'), ...inputs(({ frontends }) => frontends.includes('action'))];
}

/** The inputs of the action that only installs: the options of that command, the token for GitHub's API, and the cache. */
export function setupInputs(): Input[] {
  const entry: CommandEntry = COMMANDS.install;
  const names: readonly string[] = [...entry.options, 'github-token', 'cache'];
  return [command(['install'], 'install'), ...inputs((_, name) => names.includes(name))];
}

/**
 * The inputs of the action that only validates: where the configuration is, the options of that command, and
 * the inputs that report to the pull request.
 */
export function validateInputs(): Input[] {
  const entry: CommandEntry = COMMANDS.validate;
  const names: readonly string[] = [
    ...entry.options,
    ...['peers', 'only', 'working-directory', 'allow-no-peers', 'comment', 'label', 'github-token'],
  ];
  const isInput = ({ frontends }: OptionEntry, name: string) => frontends.includes('action') && names.includes(name);
  return [command(['validate'], 'validate'), ...inputs(isInput)];
}

/**
 * The inputs of the action that only syncs: the options of that command, and the inputs that no command has as an option,
 * such as those that report. `results` is the argument of \`report\`.
 */
export function syncInputs(): Input[] {
  const own: CommandEntry = COMMANDS.sync;
  const options = (entries: readonly CommandEntry[]) => new Set<string>(entries.flatMap((entry) => entry.options));
  const [wanted, all] = [options([own]), options(Object.values(COMMANDS))];
  const isInput = ({ frontends }: OptionEntry, name: string) =>
    frontends.includes('action') && name !== 'results' && (wanted.has(name) || !all.has(name));
  return [command(['sync'], 'sync'), ...inputs(isInput)];
}

function command(choices: readonly string[], byDefault: string): Input {
  return { name: 'command', description: COMMAND, type: 'choice', choices, default: byDefault };
}

function inputs(wanted: (entry: OptionEntry, name: string) => boolean): Input[] {
  const entries: [string, OptionEntry][] = Object.entries(OPTIONS);
  return entries.flatMap(([name, entry]) => (wanted(entry, name) ? [input(name, entry)] : []));
}

function input(name: string, entry: OptionEntry): Input {
  return {
    name,
    description: described(`the option ${name}`, entry.description),
    type: entry.type,
    choices: entry.choices ?? [],
    default: entry.default === 'config' ? undefined : entry.default,
  };
}
