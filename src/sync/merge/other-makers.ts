import type { Diagnostic } from '../../core/diagnostic.ts';
import { mergeMakers } from '../../dolt/rows/content.ts';
import { engineVersion, MERGE_PROTOCOL, type MergeMaker } from '../../dolt/sql/merge.ts';
import type { Sql } from '../../dolt/sql/sql.ts';

/** Maximum in a message: a peer can forge any number of merge messages. */
const MAX_MAKERS = 5;

/**
 * A notice about merges that a peer has and we lack, made under other rules or with another Dolt. Merges that both
 * sides have are not reported: merges under older rules stay valid.
 * @returns null if all of them were made like ours
 */
export async function otherMakers(
  sql: Sql,
  heads: { readonly peer: string; readonly ours: string; readonly theirs: string },
): Promise<Diagnostic | null> {
  const own: MergeMaker = { protocol: MERGE_PROTOCOL, engine: await engineVersion(sql) };
  return makersNotice(heads.peer, own, await mergeMakers(sql, `${heads.ours}..${heads.theirs}`));
}

/** The notice, in the order of protocols and engines; null if all merges are like ours. */
export function makersNotice(peer: string, own: MergeMaker, makers: readonly MergeMaker[]): Diagnostic | null {
  const protocols = makers.flatMap(({ protocol }) =>
    protocol === own.protocol ? [] : [`merge protocol ${protocol} (ours: ${own.protocol})`],
  );
  const engines = makers.flatMap(({ engine }) =>
    engine === null || engine === own.engine ? [] : [`Dolt ${engine} (ours: ${own.engine ?? 'unknown'})`],
  );
  const all = [...new Set([...protocols, ...engines])].sort();
  if (all.length === 0) return null;
  const others = all.length > MAX_MAKERS ? [...all.slice(0, MAX_MAKERS), `${all.length - MAX_MAKERS} more`] : all;
  return {
    severity: 'notice',
    code: 'protocol',
    message: `${peer} has merges made with ${others.join(' and ')}; contents still converge, but commit hashes may differ`,
  };
}
