import { mergeMakers } from '../dolt/content.ts';
import { engineVersion, MERGE_PROTOCOL, type MergeMaker } from '../dolt/merge.ts';
import type { Sql } from '../dolt/sql.ts';
import type { Notice } from './notice.ts';

/**
 * What to know of the merges that a peer has and we lack, where other rules or another Dolt made them. What both sides
 * have is no finding: merges under older rules stay valid.
 * @returns null where all of them were made as ours are
 */
export async function otherMakers(
  sql: Sql,
  heads: { readonly peer: string; readonly ours: string; readonly theirs: string },
): Promise<Notice | null> {
  const own: MergeMaker = { protocol: MERGE_PROTOCOL, engine: await engineVersion(sql) };
  return makersNotice(heads.peer, own, await mergeMakers(sql, `${heads.ours}..${heads.theirs}`));
}

/** The notice about some merges, told in the order of protocols and engines; null where all are like our own. */
export function makersNotice(peer: string, own: MergeMaker, makers: readonly MergeMaker[]): Notice | null {
  const protocols = makers.flatMap(({ protocol }) =>
    protocol === own.protocol ? [] : [`merge protocol ${protocol} (ours: ${own.protocol})`],
  );
  const engines = makers.flatMap(({ engine }) =>
    engine === null || engine === own.engine ? [] : [`Dolt ${engine} (ours: ${own.engine ?? 'unknown'})`],
  );
  const others = [...new Set([...protocols, ...engines])].sort();
  if (others.length === 0) return null;
  return {
    severity: 'notice',
    code: 'protocol',
    message: `${peer} has merges that were made with ${others.join(' and ')}; contents still converge, but the same heads may not give the same commit`,
  };
}
