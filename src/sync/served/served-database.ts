import type { Failure } from '../../core/failure.ts';
import type { Engines } from '../../dolt/server/engines.ts';
import type { Stays } from '../../dolt/sql/merge.ts';
import type { Tag } from '../../dolt/sql/tags.ts';

/** The head of a branch, and the commit that it moves to. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Merges what the run made with a head that another process made meanwhile.
 * @returns a commit that contains this head
 */
export type MergeAgain = (head: string) => Promise<string>;

export interface ServedRefs {
  /** Names of branches. */
  readonly branches: readonly string[];
  readonly tags: readonly Tag[];
}

/** A tag of dolt-federation, which keeps a commit. */
export type OwnTag = Pick<Tag, 'name' | 'commit'>;

/** A database that another process uses during the run: a server, or commands of bd. The run works in a scratch copy. */
export interface ServedDatabase {
  /** The federated branch. */
  readonly branch: string;
  /** Whether it is the default branch of the server. */
  readonly isDefault: boolean;
  /** Tables with uncommitted changes at the server, ignored ones included. No move may change them. */
  readonly uncommitted: readonly string[];
  /** Those of them that `dolt_ignore` does not match, as a run reports them. */
  readonly dirty: readonly string[];
  /** Why the branch at the server cannot move; null: it can. */
  readonly stays: Stays | null;
  /** The branches and tags of the database, which the scratch copy lacks. Absent: the copy has them. */
  readRefs?(): Promise<ServedRefs>;
  /** Sets the branch of the scratch copy to the server's again, which clients can move at any time. Absent: no server. */
  renew?(scratch: Engines): Promise<void>;
  /**
   * Fast-forwards the branch at the server to a commit of the scratch copy.
   * @param mergeAgain absent: a branch that moved meanwhile is not moved
   * @returns the move that was made, from the head that the branch had
   * @throws Failure `contention`, `uncommitted-changes`, `server-unreachable`, `server-refused`
   */
  moveTo(scratch: Engines, move: Move, mergeAgain?: MergeAgain): Promise<Move>;
  /**
   * Why the uncommitted changes at the server would refuse a move; null: they would not. Absent: the copy has them.
   * @throws Failure `interrupted`
   */
  whyRefused?(scratch: Engines, move: Move): Promise<Failure | null>;
  /** The folder with the records of moves that have begun; see own-moves.ts. */
  readonly recordsIn: string;
  /** The head of the branch at the server now; null: it has none. @throws Failure of the server */
  headNow(): Promise<string | null>;
  /**
   * Makes a tag at the server for a commit of the scratch copy. Absent: no run that replaces the head of a peer works in a copy.
   * @throws Failure of the server, `tag-conflict`
   */
  keepTag?(scratch: Engines, tag: OwnTag): Promise<void>;
  /** The folder of the scratch copy, if it stays after the run. */
  readonly keptCopy: string | null;
  /** Brings commits that the branch does not contain to where `resolve` looks for them. */
  keep(scratch: Engines, commits: readonly string[]): Promise<void>;
}
