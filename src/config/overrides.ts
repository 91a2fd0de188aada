import type { ConflictStrategy, DirtyPolicy, SyncMode, Tier } from '../contract/vocabulary.ts';

/** Values that a flag or an input sets above file and environment; undefined where the user said nothing. */
export interface ConfigOverrides {
  /** Path of the configuration file, relative to the working directory. */
  readonly config?: string | undefined;
  /** YAML text of further peers (Action input `peers`). */
  readonly peers?: string | undefined;
  readonly syncMode?: SyncMode | undefined;
  readonly remote?: string | undefined;
  readonly sovereignty?: Tier | undefined;
  readonly conflictStrategy?: ConflictStrategy | undefined;
  readonly dirty?: DirtyPolicy | undefined;
  /** Plain http beyond loopback. */
  readonly allowInsecure?: boolean | undefined;
  readonly dolthubHost?: string | undefined;
}
