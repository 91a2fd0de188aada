/** A wanted entry of a cache. */
export interface Wanted {
  /** Its name in the log. */
  readonly what: string;
  /** The exact key, or the beginning of keys; of those that fit, the newest entry is taken. */
  readonly key: string;
  /** A larger entry is not read. */
  readonly maxBytes: number;
}

/** A new entry of a cache. */
export interface Stored {
  readonly what: string;
  readonly key: string;
}

/** The end of storing an entry. `exists`: another step reserved the key before, and may not have finished its entry. */
export type Saved = 'stored' | 'exists' | 'failed';

/**
 * A store that outlives the machine. Others may have written to it, so every reader checks an entry. Its methods end in
 * time and do not throw, because a run without a cache only takes longer.
 */
export interface FileCache {
  /** Whether entries may be read: a step that may only write must not add to what it does not know. */
  readonly mayRead: boolean;
  /** @returns the key of the entry that is now in the file; null: there is none, and no file */
  restoreFile(wanted: Wanted, file: string): Promise<string | null>;
  /** Stores a file under a new key. An entry is never replaced. */
  saveFile(stored: Stored, file: string): Promise<Saved>;
  /**
   * Restores ordinary files into a folder that it creates.
   * @param isExpected an entry with any other name is refused as a whole
   * @returns the key of the entry; null: there is none, and no folder
   */
  restoreFolder(wanted: Wanted, folder: string, isExpected: (name: string) => boolean): Promise<string | null>;
  /** @param names of ordinary files below the folder, with `/` */
  saveFolder(stored: Stored, folder: string, names: readonly string[]): Promise<boolean>;
  /**
   * Runs work on a restored entry within the remaining time for the cache.
   * @returns null: it failed, or the time is over; the reason is logged
   */
  check<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | null>;
  /** Warns once about an entry whose content does not match its key. It cannot be replaced under that key. */
  refuse(key: string, why: string): void;
}
