import { join } from 'node:path';
import type { Configuration, Peer } from '../../config/configuration.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { isFile } from '../../core/files.ts';
import { liveHint } from '../../sync/incoming/live-unknown.ts';
import { rightsOf } from '../../sync/peer-actions.ts';
import type { DatabaseFacts } from './database-facts.ts';

/** Peers that are pushed to and for which the configuration does not say whether they are running databases. */
export function withoutLive(peers: readonly Peer[]): readonly Peer[] {
  return peers.filter(({ live, role }) => live === null && rightsOf(role).push);
}

/**
 * Whether the database has tables that a push could empty at a running server. A beads workspace always has; a `.beads`
 * folder with only our configuration is none.
 * @param facts only used if the workspace does not decide; null: the database could not be read
 * @returns null if unknown
 */
export async function hasIgnoredTables(
  { workspace }: Pick<Configuration, 'workspace'>,
  facts: () => Promise<DatabaseFacts | null>,
): Promise<boolean | null> {
  if (workspace !== null && (await isFile(join(workspace, 'metadata.json')))) return true;
  return (await facts())?.ignoresTables ?? null;
}

/** The setting to write into the configuration before pushing to a peer. */
export function liveNotice({ name, endpoint }: Peer): Diagnostic {
  return {
    severity: 'warning',
    code: 'live-unknown',
    message: `runs do not push to ${name} until the configuration specifies whether ${endpoint.written} is a running database`,
    hint: liveHint(name),
  };
}
