import type { Engines } from '../../dolt/server/engines.ts';

/** A database that a running server holds; the run works in a scratch copy. */
export interface ServedDatabase {
  /** The federated branch. */
  readonly branch: string;
  /** Whether it is the default branch of the server. */
  readonly isDefault: boolean;
  /** Tables with uncommitted changes at the server, ignored ones included. No move may change them. */
  readonly uncommitted: readonly string[];
  /** Those of them that `dolt_ignore` does not match, as a run reports them. */
  readonly dirty: readonly string[];
  /** Sets the branch of the scratch copy to the server's again, which clients can move at any time. */
  renew(scratch: Engines): Promise<void>;
  /**
   * Fast-forwards the branch at the server to a commit of the scratch copy.
   * @throws Failure `contention`, `uncommitted-changes`, `server-unreachable`, `server-refused`
   */
  moveTo(scratch: Engines, move: { readonly from: string; readonly to: string }): Promise<void>;
}
