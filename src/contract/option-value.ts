import type { OPTIONS, OptionName } from './options.ts';

type Entry<N extends OptionName> = (typeof OPTIONS)[N];
type Given<E> = E extends { type: 'flag' }
  ? boolean
  : E extends { type: 'count' | 'duration' }
    ? number
    : E extends { choices: readonly (infer Choice)[] }
      ? Choice
      : string;
/** A secret's default is an expression that only the runner can evaluate; `config` leaves it to file and environment. */
type Unset<E> = E extends { secret: true }
  ? undefined
  : E extends { default: infer Default }
    ? Default extends 'config'
      ? undefined
      : never
    : undefined;

/** The type of an option's value, as the table says it; undefined only if the table has no default of its own. */
export type OptionValue<N extends OptionName> = Given<Entry<N>> | Unset<Entry<N>>;

/** How a frontend reads one option of what the user gave it. */
export type ReadOption = <N extends OptionName>(name: N) => OptionValue<N>;
