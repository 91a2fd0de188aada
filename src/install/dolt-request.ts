import type { FileCache } from '../caches/file-cache.ts';
import type { InstallResult } from '../contract/result.ts';
import type { DoltSource } from '../contract/vocabulary.ts';
import type { Env } from '../core/env.ts';
import type { Logger } from '../core/logger.ts';
import type { FolderPlace } from '../core/private-folder.ts';
import type { AskedVersion } from './version.ts';

/** Which Dolt to use and where it may come from. */
export interface DoltRequest {
  /** Absent: the pinned version, or any version at `path`. */
  readonly version?: AskedVersion | undefined;
  readonly source: DoltSource;
  /** The path of the executable to use. */
  readonly path?: string | undefined;
  /** SHA-256 of the release asset, 64 lower-case hexadecimal digits; no other Dolt is accepted then. */
  readonly sha256?: string | undefined;
  /** Base URL that replaces https://github.com/dolthub/dolt/releases/download, from `parseMirror`. */
  readonly mirror?: string | undefined;
  /** Sent to GitHub's API only. */
  readonly githubToken?: string | undefined;
}

/** The context of an installation; a command's context is compatible. */
export interface InstallContext extends FolderPlace {
  readonly env: Env;
  /** Folder that `path` is relative to; absolute. */
  readonly cwd: string;
  /** Root of the tool cache; absolute. */
  readonly toolCacheDir: string;
  readonly log: Logger;
  /** The Actions cache; absent: outside a job, or not wanted. */
  readonly cache?: FileCache | undefined;
  /** Whether the event of the job may not write. */
  readonly untrusted?: boolean | undefined;
  readonly signal: AbortSignal;
  /** How long to wait before a busy host is asked again; absent: the default. */
  readonly pausesMs?: readonly number[];
}

/** An installed Dolt, and where it came from. */
export type InstalledDolt = Readonly<InstallResult>;
