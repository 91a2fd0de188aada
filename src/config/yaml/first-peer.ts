import { valueIn, withValue } from './edit.ts';
import type { KeyPath, NewValue } from './tokens.ts';

/** The settings that a configuration needs for its first peer, the primary. */
export interface FirstPeer {
  /** Added as `federation.remote` if it is a text, else as a peer of this name with the role `primary`. */
  readonly primary: string | { readonly name: string; readonly value: NewValue };
  /** `federation.database`; null: the database is found without it. */
  readonly database: string | null;
  /** `federation.town`; null: not set. */
  readonly town: string | null;
}

/**
 * Adds what the first peer needs to a configuration. Keys that it already has stay.
 * @param text a configuration without peers; empty for a new file
 * @throws Failure as `withValue`
 */
export function withFirstPeer(text: string, { primary, database, town }: FirstPeer): string {
  const withMode = withDefault(text, ['sync', 'mode'], 'dolt-native');
  // A block of peers reads best at the end.
  const withRemote = typeof primary === 'string' ? withValue(withMode, ['federation', 'remote'], primary) : withMode;
  const withDatabase = withDefault(withRemote, ['federation', 'database'], database);
  const withTown = withDefault(withDatabase, ['federation', 'town'], town);
  return typeof primary === 'string'
    ? withTown
    : withValue(withTown, ['federation', 'peers', primary.name], primary.value);
}

/** Sets a key that the text does not have. */
function withDefault(text: string, path: KeyPath, value: string | null): string {
  return value === null || valueIn(text, path) !== undefined ? text : withValue(text, path, value);
}
