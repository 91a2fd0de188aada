import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { atRevision } from '../sql/at-revision.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';
import { foreignKeys, type NamedForeignKey } from './foreign-keys.ts';
import { tableNames } from './table-shape.ts';

const HINT =
  'Drop the foreign key or create the table on the side that has the key, commit, then run again. No `accept` allows this.';

/** A foreign key without its name: two commits may name it differently. */
const textOf = ({ table, columns, parent, parentColumns }: NamedForeignKey): string =>
  JSON.stringify([table, columns, parent, parentColumns]);

/**
 * Refuses a head with a foreign key that refers to no table, as one that was made without checks of foreign keys. After
 * such a merge every commit fails (Dolt 2.3.0, measured).
 * @throws Failure `constraint-violation`, which no `accept` lifts
 */
export async function refuseBrokenKeys(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<void> {
  const broken = await brokenKeys(sql, heads.theirs);
  if (broken.length === 0) return;
  const own = new Set((await brokenKeys(sql, heads.ours)).map(textOf));
  const [key] = broken.filter((one) => !own.has(textOf(one)));
  if (key === undefined) return;
  throw new Failure(
    'constraint-violation',
    plain(
      `the foreign key ${key.name} of ${key.table} refers to ${key.parent}, which does not exist in ${heads.theirs}`,
    ),
    { hint: HINT },
  );
}

/** The foreign keys at a commit that refer to no table there. A commit takes the name in its own case only (Dolt 2.3.0). */
const brokenKeys = remembered(
  1,
  async (sql, commit: string): Promise<readonly NamedForeignKey[]> =>
    await atRevision(sql, commit, async (session) => {
      const keys = await foreignKeys(session);
      if (keys.length === 0) return [];
      const tables = new Set(await tableNames(session));
      return keys.filter(({ parent }) => !tables.has(parent));
    }),
);
