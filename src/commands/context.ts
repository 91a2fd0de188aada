import type { FileCache } from '../caches/file-cache.ts';
import type { Env } from '../core/env.ts';
import type { Logger, ProgressEvent } from '../core/logger.ts';
import type { Prompt } from '../core/prompt.ts';
import type { Secrets } from '../core/secrets.ts';
import type { ProposedChange, Unread } from '../github/base-commit.ts';
import type { Repository } from '../github/client.ts';
import type { Asker } from '../resolve/ask-rows.ts';

/** The environment of a command besides its request. It does not depend on the frontend. */
export interface Context {
  readonly env: Env;
  /** Absolute path of the working directory of the user. */
  readonly cwd: string;
  /** Folder above which no configuration or database is searched; null: search up to the root of the file system. */
  readonly ceiling: string | null;
  /** Whether the event may not write: no input or variable may then name a path outside the ceiling. */
  readonly untrusted?: boolean | undefined;
  /** The change that the event proposes: a pull request or a merge group; null: none. Absent outside a job. */
  readonly proposed?: ProposedChange | Unread | null;
  /** The repository of the job; null: there is no token for it. Absent outside a job. */
  readonly repository?: Repository | null;
  /**
   * Whether the workflow of the event is that of the default branch. If not, a change may set its inputs and variables.
   */
  readonly ownWorkflow?: boolean;
  /** Parent of private temporary folders; absolute. */
  readonly tempDir: string;
  /** Folder for copies of served databases that later runs use again; absolute. Absent: nothing is kept. */
  readonly stateDir?: string;
  /** Root of the tool cache that Dolt is installed into; absolute. */
  readonly toolCacheDir: string;
  /** The folder for clones if no path is given; null: the user must name one. */
  readonly cloneDir: string | null;
  /** Folder for conflicts files, one per run; absent: each database keeps its own. */
  readonly conflictsDir?: string;
  /** Opens a prompt for lines of text; absent: the run is not interactive. */
  readonly prompt?: (() => Prompt) | undefined;
  /** Opens a prompt; absent: the run is not interactive. */
  readonly ask?: (() => Asker) | undefined;
  /**
   * Whether git, ssh and ~/.config/bd use the user's home folder. Not on a runner, where it may belong to another user.
   */
  readonly userHome: boolean;
  /** Puts messages and hints in the words of the frontend; absent: options are written as flags. */
  readonly reword?: (text: string) => string;
  readonly log: Logger;
  /** GitHub's cache of the job; absent: outside a job, or not wanted. */
  readonly cache?: FileCache | undefined;
  /** Values that must not appear in any output. A secret is added before it can be used. */
  readonly secrets: Secrets;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Aborted by a signal that ends the run. */
  readonly signal: AbortSignal;
  /** Called for every process and folder that must not outlive the run, so that another process can clean up later. */
  readonly onResource: (resource: Resource) => void;
}

/** Something that a later process removes if the run could not do so. */
export type Resource =
  /** `folder`: the private folder that the process was started with; it identifies the process. */
  | { readonly kind: 'process'; readonly pid: number; readonly folder: string }
  | { readonly kind: 'folder'; readonly path: string };
