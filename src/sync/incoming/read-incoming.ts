import { Failure } from '../../core/failure.ts';
import { commitsAfter, refuseUnreadableDates } from '../../dolt/rows/future-dates.ts';
import { refuseBrokenKeys } from '../../dolt/schema/broken-keys.ts';
import { CODE_TABLES, definitionsAt, MIGRATION_TABLES, migrationAt } from '../../dolt/schema/code-tables.ts';
import { refuseOddIndexComments } from '../../dolt/schema/index-comments.ts';
import { holdsRowsOfUsers } from '../../dolt/schema/row-tables.ts';
import { changesCollation, type TableChange, tableChanges, tableHashes } from '../../dolt/schema/table-changes.ts';
import { refuseViewCycle, viewsAt } from '../../dolt/schema/view-cycles.ts';
import { doltDefect } from '../../dolt/sql/failure.ts';
import { mergeBase } from '../../dolt/sql/history.ts';
import { isDoltTable } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import { readExpressions } from './expressions.ts';
import {
  type IncomingChanges,
  type IncomingDefinition,
  incomingDefinitions,
  type TablesOfHeads,
} from './incoming-changes.ts';
import { readLocalTables, readPrivateTables } from './local-tables.ts';
import { lossyIncoming } from './losses/false-merges.ts';
import { readOthersLosses } from './losses/others-losses.ts';
import type { SharedCommit } from './losses/shared-commits.ts';
import { lostColumns } from './lost-columns.ts';
import { isOtherProject } from './project.ts';
import { readDeletions, readFutureRows } from './rows.ts';
import { refuseShadowingViews } from './shadowing-views.ts';
import { readSteering } from './steering.ts';
import { isSeeded, readVersions, type SchemaVersions, withoutUpgrade } from './upgrades.ts';

/** Two commits to compare, and their merge base. */
export interface Heads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  /** Our branch; its working set may keep more tables out of commits. */
  readonly branch: string;
  readonly rules: DatabaseRules;
  /** The commits that the head shares with other heads of the run and that we lack. */
  readonly shared: readonly SharedCommit[];
  /** Percent of a table's rows that a head may delete of those commits. */
  readonly maxDelete: number;
}

const isOwn = (name: string | null): boolean => name !== null && isDoltTable(name);

/**
 * Reads what a head would bring: its difference from the merge base, without tables that are already the same here. The
 * cost depends on the difference, not on the size of the tables.
 * @param limit the latest time that does not count as future, `YYYY-MM-DD HH:MM:SS` in UTC
 * @returns null if it brings nothing, or has no common history with ours
 */
export async function readIncoming(
  sql: Sql,
  heads: Omit<Heads, 'base'>,
  limit: string,
): Promise<IncomingChanges | null> {
  if (heads.ours === heads.theirs) return null;
  const base = await mergeBase(sql, heads.ours, heads.theirs);
  if (base === null || base === heads.theirs) return null;
  return await readIncomingFrom(sql, { ...heads, base }, { limit, since: [base] });
}

/** The latest time that does not count as future, and the commits since which losses count. */
interface Bounds {
  readonly limit: string;
  readonly since: readonly string[];
}

/**
 * The same with a base that need not be the merge base.
 * @throws Failure `dolt-defect` if this Dolt cannot read a definition of the head
 */
export async function readIncomingFrom(sql: Sql, heads: Heads, bounds: Bounds): Promise<IncomingChanges> {
  await refuseUnreadableDates(sql, { from: heads.ours, to: heads.theirs });
  await refuseOddIndexComments(sql, heads);
  return await readDifference(sql, heads, bounds).catch((thrown: unknown) => {
    if (!(thrown instanceof Failure) || (thrown.code !== 'unknown' && thrown.code !== 'dolt-defect')) throw thrown;
    // A failure of ours has a hint of its own.
    if (thrown.code === 'dolt-defect' && thrown.toolText === null) throw thrown;
    throw doltDefect(
      `this Dolt cannot read the tables of ${heads.theirs}`,
      thrown,
      'Find a default, check or generated column that `SHOW CREATE TABLE` cannot print, such as `EXTRACT(YEAR FROM d)`. Drop it on the side that has it, commit, then run again.',
    );
  });
}

async function readDifference(sql: Sql, heads: Heads, { limit, since }: Bounds): Promise<IncomingChanges> {
  const { base } = heads;
  const tablesOf = await tablesOfHeads(sql, heads);
  const { rules } = heads;
  const isKnown = rules.recognises([...tablesOf.ours.keys(), ...tablesOf.base.keys()]);
  await refuseShadowingViews(sql, heads, tablesOf, (table) => isKnown && rules.reads(table).length > 0);
  const views = { theirs: await viewsAt(sql, heads.theirs), proved: [await viewsAt(sql, heads.ours)] };
  refuseViewCycle(views);
  await refuseBrokenKeys(sql, heads);
  const toOurs = await tableChanges(sql, heads.ours, heads.theirs);
  const incoming = await incomingTables(sql, heads);
  const tables = incoming.filter(({ from, to }) => !isOwn(from) && !isOwn(to));
  const definitions = await readDefinitions(sql, heads);
  const futureCommits = await commitsAfter(sql, { from: heads.ours, to: heads.theirs }, limit);
  const migrations = await readMigrations(sql, heads, toOurs);
  const versions = isKnown ? await readVersions(sql, heads, tablesOf) : null;
  const times = { before: tablesOf.base, limit };
  const futureRows = await readFutureRows(sql, { from: base, to: heads.theirs }, withRows(incoming), times);
  const localTables = await readLocalTables(
    sql,
    heads,
    (row) => isKnown && isSeeded(row, versions?.theirs ?? 0, rules.upgrades),
  );
  const news = { commits: `${heads.ours}..${heads.theirs}`, head: heads.theirs, rules };
  return {
    definitions,
    futureRows,
    ...(await readLossesSince(sql, heads, since, versions)),
    othersLosses: await readOthersLosses(sql, heads),
    localTables,
    otherProject: isKnown && (await isOtherProject(sql, heads, tablesOf)),
    versions,
    privateTables: await readPrivateTables(sql, heads, tablesOf),
    expressions: await readExpressions(sql, heads, tables),
    steering: isKnown ? await readSteering(sql, heads, tablesOf) : [],
    unexplained: tables.flatMap(({ to, explained }) => (to !== null && !explained ? [to] : [])),
    lossy: await lossyIncoming(sql, news),
    futureCommits,
    redefined: tables.flatMap(({ from, to, redefined }) =>
      from !== null && to !== null && redefined && isRedefinedHere(to, toOurs) ? [from] : [],
    ),
    collation:
      (await changesCollation(sql, base, heads.theirs)) && (await changesCollation(sql, heads.ours, heads.theirs)),
    migrations,
  };
}

type Losses = Pick<IncomingChanges, 'dropped' | 'lostColumns' | 'deletions'>;

async function readLossesSince(
  sql: Sql,
  heads: Heads,
  since: readonly string[],
  versions: SchemaVersions | null,
): Promise<Losses> {
  const found: Losses[] = [];
  for (const base of since) found.push(await readLosses(sql, { ...heads, base }, versions));
  return {
    dropped: [...new Set(found.flatMap(({ dropped }) => dropped))],
    lostColumns: [...new Set(found.flatMap(({ lostColumns: columns }) => columns))],
    deletions: found.flatMap(({ deletions }) => deletions),
  };
}

/**
 * The tables and columns that a head drops and the rows that it deletes since the base, as far as we have them.
 * @param versions of our head and the other
 */
async function readLosses(sql: Sql, heads: Heads, versions: SchemaVersions | null): Promise<Losses> {
  const { base, ours, theirs, rules } = heads;
  const tablesOf = await tablesOfHeads(sql, heads);
  const tables = withRows(await incomingTables(sql, heads));
  const names = { after: tablesOf.theirs, ours: base === ours ? null : { head: ours, tables: tablesOf.ours } };
  const deletions = await readDeletions(sql, { from: base, to: theirs }, tables, names);
  const isKnown = rules.recognises([...tablesOf.ours.keys(), ...tablesOf.base.keys()]);
  const dropped = droppedTables(tables, tablesOf.theirs, (table) => isKnown && rules.reads(table).length > 0);
  const columns = isKnown ? await lostColumns(sql, heads, tablesOf, rules) : [];
  return withoutUpgrade({ dropped, lostColumns: columns, deletions }, versions, rules);
}

type Commits = Pick<Heads, 'base' | 'ours' | 'theirs'>;

async function tablesOfHeads(sql: Sql, { base, ours, theirs }: Commits): Promise<TablesOfHeads> {
  return {
    base: await tableHashes(sql, base),
    ours: await tableHashes(sql, ours),
    theirs: await tableHashes(sql, theirs),
  };
}

/** The tables that a head changes, without those that are already the same here. */
async function incomingTables(sql: Sql, { base, ours, theirs }: Commits): Promise<TableChange[]> {
  const toOurs = await tableChanges(sql, ours, theirs);
  return (await tableChanges(sql, base, theirs)).filter((change) => toOurs.some((one) => concerns(one, change)));
}

/** Those of the tables whose rows are checked here. */
function withRows(tables: readonly TableChange[]): TableChange[] {
  return tables.filter(({ from, to }) => [from, to].every((name) => name === null || holdsRowsOfUsers(name)));
}

/** Tables that are gone, and tables that their program needs and that lost their name. */
function droppedTables(
  changes: readonly TableChange[],
  after: TablesOfHeads['theirs'],
  isNeeded: (table: string) => boolean,
): string[] {
  return changes.flatMap(({ from, to }) => {
    if (from === null) return [];
    return to === null || (isNeeded(from) && !after.has(from)) ? [from] : [];
  });
}

/** Whether a table is defined differently here; both sides may have made the same change. */
function isRedefinedHere(table: string, news: readonly TableChange[]): boolean {
  return news.some(({ to, redefined }) => to === table && redefined);
}

/** Whether two changes are about the same table. */
function concerns(news: TableChange, change: TableChange): boolean {
  if (change.to === null) return news.from === change.from;
  // A table that lost its name is gone here, even where we have the same table under the new name.
  return news.to === change.to || (change.from !== null && change.from !== change.to && news.from === change.from);
}

/** Always reads the tables that hold code, because a difference need not show that a table was replaced. */
async function readDefinitions(sql: Sql, heads: Heads): Promise<IncomingDefinition[]> {
  const found: IncomingDefinition[] = [];
  for (const table of CODE_TABLES) {
    const base = await definitionsAt(sql, table, heads.base);
    const ours = heads.ours === heads.base ? base : await definitionsAt(sql, table, heads.ours);
    found.push(...incomingDefinitions({ base, ours, theirs: await definitionsAt(sql, table, heads.theirs) }));
  }
  return found;
}

async function readMigrations(
  sql: Sql,
  { ours, theirs }: Heads,
  news: readonly TableChange[],
): Promise<IncomingChanges['migrations']> {
  const found: IncomingChanges['migrations'][number][] = [];
  for (const table of MIGRATION_TABLES) {
    if (!news.some(({ from, to }) => from === table && to === table)) continue;
    const [here, there] = [await migrationAt(sql, table, ours), await migrationAt(sql, table, theirs)];
    if (here !== null && there !== null && here !== there) found.push({ table, ours: here, theirs: there });
  }
  return found;
}
