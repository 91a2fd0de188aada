import { z } from 'zod';
import { toFailure } from '../../core/failure.ts';
import { columnsAt, keyNames } from '../schema/columns.ts';
import { generatedColumns } from '../schema/generated-columns.ts';
import { createTableAt } from '../schema/table-definitions.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';

/** A table at a commit, or in the session's branch if null. */
interface TableAt {
  readonly table: string;
  readonly commit: string | null;
}

/** A NOT NULL column that lacks values in one version of a table and in none before; null if there is none. */
export async function columnLeftEmpty(sql: Sql, after: TableAt, before: readonly TableAt[]): Promise<string | null> {
  const empty = await columnsWithoutValue(sql, after);
  if (empty.length === 0) return null;
  const old: string[] = [];
  for (const version of before) old.push(...(await columnsWithoutValue(sql, version)));
  return empty.find((name) => !old.includes(name)) ?? null;
}

const emptyRow = z.record(z.string(), z.coerce.number());

/**
 * The NOT NULL columns that lack a value in some row. Dolt 2.3.0 merges such rows into a table without a primary key, and
 * where a VIRTUAL column becomes NULL, without an error or a violation (measured). Elsewhere it refuses or removes them.
 */
async function columnsWithoutValue(sql: Sql, { table, commit }: TableAt): Promise<string[]> {
  const columns = await columnsAt(sql, table, commit);
  const generated = generatedColumns(await createTableAt(sql, table, commit));
  const isVirtual = (name: string): boolean => generated.get(name)?.stored === false;
  const isKeyless = keyNames(columns).length === 0;
  const names = columns.flatMap(({ name, nullable, primary }) =>
    nullable || primary || !(isKeyless || isVirtual(name)) ? [] : [name],
  );
  if (names.length === 0) return [];
  const counts = names.map((name, index) => `COUNT(*) - COUNT(${quoted(name)}) AS c${index}`);
  const from = `FROM ${quoted(table)}${commit === null ? '' : ' AS OF ?'}`;
  try {
    const [found] = await sql.rows(emptyRow, `SELECT ${counts.join(', ')} ${from}`, commit === null ? [] : [commit]);
    return names.filter((_, index) => (found?.[`c${index}`] ?? 0) > 0);
  } catch (thrown) {
    // Dolt cannot read a VIRTUAL column without a value.
    const virtual = toFailure(thrown).code === 'constraint-violation' ? names.filter(isVirtual) : [];
    if (virtual.length === 0) throw thrown;
    return virtual;
  }
}
