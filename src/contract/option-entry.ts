/** Where an option can be set: as an input of the Action, as a flag of the command-line tool, or both. */
export type Face = 'action' | 'cli';

export interface OptionEntry {
  readonly description: string;
  readonly faces: readonly Face[];
  /**
   * `text` any non-empty text · `flag` true or false · `choice` one of `choices` · `count` a whole number of at least `min` ·
   * `duration` such as `90s`, given in milliseconds.
   */
  readonly type: 'text' | 'flag' | 'choice' | 'count' | 'duration';
  readonly choices?: readonly string[];
  readonly min?: number;
  /** What holds when nobody sets it, as text; absent: nothing. `config` means that file and environment decide. */
  readonly default?: string;
  /** How the value is called in help and in action-types.yml. */
  readonly value?: string;
  readonly secret?: true;
}
