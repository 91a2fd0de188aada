/** The places where an option can be set: as an input of the Action, as a flag of the command-line tool, or both. */
type Frontend = 'action' | 'cli';

export interface OptionEntry {
  readonly description: string;
  readonly frontends: readonly Frontend[];
  /**
   * `text` any non-empty text · `flag` true or false · `choice` one of `choices` · `count` a whole number from `min` to
   * `max` · `duration` such as `90s`, given in milliseconds.
   */
  readonly type: 'text' | 'flag' | 'choice' | 'count' | 'duration';
  readonly choices?: readonly string[];
  /** The value is a list, separated by commas; a command line may have the option more than once. */
  readonly list?: true;
  /** Words of which the value is a list. */
  readonly listOf?: readonly string[];
  readonly min?: number;
  /** Of a count; of a duration in milliseconds, if it is not a time limit. */
  readonly max?: number;
  /** The value if it is not set, as text; absent: none. `config` means that file and environment decide. */
  readonly default?: string;
  /** The letter of its short form on the command line. */
  readonly short?: string;
  /** The placeholder of the value in help and in action-types.yml. */
  readonly value?: string;
  readonly secret?: true;
}

export function isList({ list, listOf }: OptionEntry): boolean {
  return list === true || listOf !== undefined;
}

export const BOTH: readonly Frontend[] = ['action', 'cli'];
export const ACTION: readonly Frontend[] = ['action'];
export const CLI: readonly Frontend[] = ['cli'];
