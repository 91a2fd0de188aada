export const COLOR_MODES = ['always', 'never', 'auto'] as const;
export type ColorMode = (typeof COLOR_MODES)[number];

export interface CommonFlag {
  /** The long form without its dashes. */
  readonly name: string;
  readonly short?: string;
  /** The placeholder of its value; absent: it has none. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly description: string;
  /** Of a negation: the value that it gives to the flag that it negates. */
  readonly negation?: string;
  /** Attribute of a flag that excludes this one. */
  readonly excludes?: string;
}

/**
 * Flags that every command of the command-line tool takes, before or after its name. They only affect where it starts
 * and what it shows, so requests do not contain them.
 */
export const COMMON_FLAGS: readonly CommonFlag[] = [
  {
    name: 'working-directory',
    short: 'C',
    value: 'folder',
    description: 'Run as if the command was started in this folder',
  },
  { name: 'json', description: 'Print only the result or the error, as JSON' },
  { name: 'quiet', short: 'q', description: 'Show only warnings, errors and the result' },
  {
    name: 'verbose',
    short: 'v',
    description: 'Show every step, including the output of Dolt and git',
    excludes: 'quiet',
  },
  { name: 'wide', description: 'Show every column of a table, also if it is wider than the terminal' },
  {
    name: 'color',
    value: 'when',
    choices: COLOR_MODES,
    description: 'When to use colour; auto, the default, means on a terminal',
  },
  {
    name: 'no-color',
    negation: 'never',
    description: 'The same as --color never. The variables NO_COLOR and FORCE_COLOR work too',
  },
];
