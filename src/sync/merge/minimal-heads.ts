import { isAncestor, reachableOnlyFrom } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';

/** The heads that no other one contains, each once, in hash order. */
export async function minimalHeads(sql: Sql, heads: readonly string[]): Promise<string[]> {
  const distinct = [...new Set(heads)].sort();
  if (distinct.length < 2) return distinct;
  const needed = await Promise.all(
    distinct.map((head) =>
      reachableOnlyFrom(
        sql,
        head,
        distinct.filter((other) => other !== head),
      ),
    ),
  );
  return distinct.filter((_, index) => needed[index]);
}

/** Those of the heads that contain a commit. */
export async function headsContaining(sql: Sql, heads: readonly string[], commit: string): Promise<string[]> {
  const contains = await Promise.all(heads.map((head) => isAncestor(sql, commit, head)));
  return heads.filter((_, index) => contains[index]);
}
