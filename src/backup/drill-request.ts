import type { Peer } from '../config/configuration.ts';
import type { ProgressEvent } from '../core/logger.ts';
import type { EngineContext } from '../dolt/server/server.ts';
import type { PeerAccess } from '../sync/peer-plan.ts';
import type { Contents, Depth } from './contents.ts';

/** The part of a run that a drill uses; the context of a command is one. */
export interface DrillContext extends EngineContext {
  readonly onProgress: (event: ProgressEvent) => void;
}

/** The claims that a drill of one peer proves. */
export interface DrillRequest {
  readonly peer: Pick<Peer, 'name' | 'timeout' | 'endpoint' | 'ref'>;
  /** How the peer is reached, and the URL that Dolt gets. */
  readonly access: PeerAccess & { readonly url: string };
  /** The branch at the peer that must contain the commit. */
  readonly branch: string;
  /** The tag that must name the commit; null: none. */
  readonly tag: string | null;
  /** The contents of our database at the commit, read with the same depth. */
  readonly expected: Contents;
  readonly depth: Depth;
  /** Dolt executable. */
  readonly dolt: string;
  /** As for a run: the time limit of a remote operation, and how often reading is retried. */
  readonly timeoutMs: number;
  readonly retries: number;
}
