import type { Accept } from '../contract/vocabulary.ts';
import type { Sql } from '../dolt/sql.ts';
import { lookAt } from '../sync/look.ts';
import { screen } from '../sync/screen.ts';
import { futureLimit } from '../sync/screen-peers.ts';
import type { LeftMerge } from './conflicts-file.ts';

/**
 * Looks at what each head would bring, as a run does: a file that names a head is no reason to trust it.
 * @param rules.branch our branch
 * @param rules.acceptedOf what a peer may bring
 * @param rules.maxDelete percent of a table's rows that a peer may delete at once
 * @throws Failure why a peer has to wait
 */
export async function screenMerges(
  sql: Sql,
  merges: readonly LeftMerge[],
  rules: {
    readonly branch: string;
    readonly acceptedOf: (peer: string) => readonly Accept[];
    readonly maxDelete: number;
  },
): Promise<void> {
  for (const { peer, ours, theirs } of merges) {
    const brought = await lookAt(sql, { ours, theirs, branch: rules.branch }, futureLimit());
    if (brought === null) continue;
    const { failure } = screen(brought, { peer, accept: rules.acceptedOf(peer), maxDelete: rules.maxDelete });
    if (failure !== null) throw failure;
  }
}
