import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { atRevision } from '../sql/at-revision.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';

const row = z.object({ table: z.string(), index: z.string(), comment: z.string() });

type CommentedIndex = Readonly<z.infer<typeof row>>;

const ODD =
  'SELECT DISTINCT table_name AS `table`, index_name AS `index`, index_comment AS comment FROM information_schema.statistics ' +
  'WHERE table_schema = DATABASE() AND (LOCATE(CHAR(39), index_comment) > 0 OR LOCATE(CHAR(92), index_comment) > 0)';

/**
 * The indexes at a commit whose comment contains a quote or a backslash. SHOW CREATE TABLE prints such a comment
 * unchanged (Dolt 2.3.0, measured), so that what follows it seems to be part of a string.
 */
export const oddIndexComments = remembered(
  1,
  async (sql, commit: string): Promise<readonly CommentedIndex[]> =>
    await atRevision(sql, commit, (session) => session.rows(row, ODD)),
);

/**
 * Refuses a head that adds such an index: it hides the definitions after it from every check. Beside a functional index
 * Dolt parses its own text again, and every INSERT into the table fails (2.3.0, measured).
 * @throws Failure `dolt-defect`, which no `accept` lifts
 */
export async function refuseOddIndexComments(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<void> {
  const odd = await oddIndexComments(sql, heads.theirs);
  if (odd.length === 0) return;
  const known = new Set((await oddIndexComments(sql, heads.ours)).map((one) => JSON.stringify(one)));
  const added = odd.find((one) => !known.has(JSON.stringify(one)));
  if (added === undefined) return;
  throw new Failure(
    'dolt-defect',
    plain(
      `the comment of the index ${added.index} of ${added.table} contains a quote or a backslash, and this Dolt cannot print it`,
    ),
    {
      hint: 'Drop the index on the side that has it and add it with another comment, commit, then run again. No `accept` allows this.',
    },
  );
}
