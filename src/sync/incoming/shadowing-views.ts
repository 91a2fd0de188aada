import { Failure } from '../../core/failure.ts';
import { listed, plain } from '../../core/text.ts';
import { viewNamesAt } from '../../dolt/schema/code-tables.ts';
import { shownNamesOn } from '../../dolt/schema/table-shape.ts';
import { foldedView } from '../../dolt/schema/view-cycles.ts';
import { isDoltTable } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { TablesOfHeads } from './incoming-changes.ts';

/**
 * Refuses a head after whose merge a view has the name of a table, in any case. Every statement then reads the view, ours
 * that check the table included (Dolt 2.3.0, measured: a table that is renamed away and back lets a view take its name).
 * Tables and views that only our working set has count, too: a view hides a private table, and one of ours a new table.
 * So do tables that neither side has and that the program of the database would read.
 * @param isRead whether the program of the database reads a table of this name
 * @throws Failure `peer-brings-code`, which no `accept` lifts
 */
export async function refuseShadowingViews(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string; readonly branch: string },
  tables: TablesOfHeads,
  isRead: (table: string) => boolean,
): Promise<void> {
  const views = new Map<string, string>();
  for (const commit of [heads.theirs, heads.ours]) {
    for (const name of await viewNamesAt(sql, commit)) views.set(foldedView(name), name);
  }
  for (const name of await shownNamesOn(sql, 'VIEW', heads.branch)) views.set(foldedView(name), name);
  if (views.size === 0) return;
  const working = await shownNamesOn(sql, 'BASE TABLE', heads.branch);
  const names = [...tables.theirs.keys(), ...tables.ours.keys(), ...working];
  // Dolt lets a view take the names of its own tables as well, through which every check reads.
  const ofPrograms = [...views].flatMap(([view, name]) => (isDoltTable(view) || isRead(view) ? [name] : []));
  const hidden = [...new Set([...ofPrograms, ...names.map((table) => views.get(foldedView(table)))])].filter(
    (name) => name !== undefined,
  );
  if (hidden.length === 0) return;
  throw new Failure(
    'peer-brings-code',
    plain(
      `after a merge ${listed('view', hidden)} would have the name of a table that one side has or that Dolt or bd reads, and be read in its place; nothing was merged`,
    ),
    { hint: 'Drop or rename the view on the side that has it, commit, then run again. No `accept` allows this.' },
  );
}
