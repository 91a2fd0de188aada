import type { Env } from '../core/env.ts';
import type { Logger, PeerEvent } from '../core/logger.ts';
import type { Secrets } from '../core/secrets.ts';
import type { Asker } from '../resolve/ask-rows.ts';

/** What a command is given besides its request: the surroundings, never the face that asked. */
export interface Context {
  readonly env: Env;
  /** Absolute path of the folder the user stands in. */
  readonly cwd: string;
  /** Folder above which no configuration or database is searched; null: up to the root of the file system. */
  readonly ceiling: string | null;
  /** Whether the event may not write: no input or variable then names a place outside of the ceiling. */
  readonly untrusted?: boolean | undefined;
  /** Parent of private temporary folders; absolute. */
  readonly tempDir: string;
  /** Root of the tool cache that Dolt is installed into; absolute. */
  readonly toolCacheDir: string;
  /** Where a database is cloned to when nothing names a place; null: the user must name one. */
  readonly cloneDir: string | null;
  /** Folder in which conflicts files are made, one for each run; absent: each town has one of its own in its database. */
  readonly conflictsDir?: string;
  /** Calls somebody who can be asked; absent: nobody sits there. */
  readonly ask?: (() => Asker) | undefined;
  /** Whether the user's home folder is used, for ~/.config/bd and by git and ssh (not on a runner: it may be someone else's). */
  readonly userHome: boolean;
  readonly log: Logger;
  /** What may appear nowhere; whoever comes to know a secret adds it before anybody can use it. */
  readonly secrets: Secrets;
  readonly progress: (event: PeerEvent) => void;
  /** Aborted by a signal that ends the run. */
  readonly signal: AbortSignal;
  /** Told of every process and folder that must not outlive the run, for a later clean-up by another process. */
  readonly onResource: (resource: Resource) => void;
}

/** Something to be removed by whoever cleans up after a run that could not do so itself. */
export type Resource =
  /** `folder`: the private folder that the process was started with, by which it is known again. */
  | { readonly kind: 'process'; readonly pid: number; readonly folder: string }
  | { readonly kind: 'folder'; readonly path: string };
