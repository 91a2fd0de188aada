import { z } from 'zod';
import { ERRORS } from '../contract/error-codes.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { plain } from '../core/text.ts';
import { CODE_TABLES, definitionsAt } from '../dolt/schema/code-tables.ts';
import type { Item } from '../dolt/schema/create-table.ts';
import { schemaDifference, type TableChange, tableChanges, tableHashes } from '../dolt/schema/table-changes.ts';
import { alterations, definedTables, tableItemsAt } from '../dolt/schema/table-definitions.ts';
import { differences } from '../dolt/sql/differences.ts';
import { folded, identifier, isDoltTable, quoted } from '../dolt/sql/identifier.ts';
import { openMerge } from '../dolt/sql/merge.ts';
import { schemaConflicts } from '../dolt/sql/require-mergeable.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { schemaConflict } from './merge-failure.ts';
import { computedColumns, lostItems, type SchemaFault, schemaFaults } from './merged-schema.ts';
import type { Merging } from './merging.ts';
import { otherSide, SIDES, type Side } from './merging.ts';
import { columnCure, keyCure, type SchemaFacts, schemaCures, type TableSides } from './schema-cure.ts';

type Heads = Pick<Merging, 'base' | 'ours' | 'theirs'>;

const addedRow = z.object({ n: z.coerce.number().int().nullable() });

/**
 * Reads the tables that either side changed, before the merge.
 * @throws Failure `not-deterministic` if the merge would compute a default that differs on every machine,
 * `schema-conflict` if a side lost indexes or checks through a defect of Dolt, `dolt-defect` if both renamed a table, or if
 * this Dolt would misread a default
 */
export async function checkSides(sql: Sql, heads: Heads, swapped: boolean): Promise<readonly TableSides[]> {
  await checkRenames(sql, heads);
  const tables = await sidesOf(sql, heads);
  for (const one of tables) {
    await checkDefaults(sql, heads, one, swapped);
    await checkLosses(sql, heads, one, swapped);
  }
  return tables;
}

/**
 * Opens the merge of two heads. Its definitions are merged then, its rows may be in conflict.
 * @throws Failure `schema-conflict` with the fix for these definitions, or as `openMerge`
 */
export async function openWithSchema(
  sql: Sql,
  heads: Heads,
  sides: readonly TableSides[],
  { date, swapped }: { readonly date: string; readonly swapped: boolean },
): Promise<void> {
  const seenAs = (side: Side): Side => seen(side, swapped);
  try {
    await openMerge(sql, { head: heads.theirs, date });
  } catch (thrown) {
    const failure = toFailure(thrown);
    const cure =
      failure.code === 'schema-conflict' ? keyCure(await changedByBoth(sql, heads, sides), heads.base, seenAs) : null;
    if (cure === null) throw thrown;
    throw new Failure('schema-conflict', cure.message, { hint: cure.hint, cause: failure });
  }
  const conflicts = await schemaConflicts(sql);
  if (conflicts.length === 0) return;
  const facts: SchemaFacts[] = [];
  for (const { table_name: table } of conflicts) {
    const known = sides.find((one) => one.table === table) ?? { table, base: [], ours: [], theirs: [] };
    const changes = {
      ours: await changesOf(sql, heads, known, 'ours'),
      theirs: await changesOf(sql, heads, known, 'theirs'),
    };
    facts.push({ ...known, commit: heads.base, changes });
  }
  throw schemaConflict(conflicts, swapped, schemaCures(facts, seenAs));
}

async function changedByBoth(sql: Sql, heads: Heads, sides: readonly TableSides[]): Promise<TableSides[]> {
  const ours = await tableChanges(sql, heads.base, heads.ours);
  const theirs = await tableChanges(sql, heads.base, heads.theirs);
  return sides.filter(({ table }) => [ours, theirs].every((changes) => changes.some(({ to }) => to === table)));
}

async function changesOf(
  sql: Sql,
  { base, ...heads }: Heads,
  one: TableSides,
  side: Side,
): Promise<SchemaFacts['changes'][Side]> {
  if (one.base.length > 0 && one[side].length > 0) {
    const { renamed, dropped, replaced } = await alterations(sql, one.table, { from: base, to: heads[side] });
    return { renamedTo: null, renamed, dropped: dropped.filter((name) => !replaced.includes(name)), replaced };
  }
  const renamedTo = renames(await tableChanges(sql, base, heads[side])).get(one.table) ?? null;
  return { renamedTo, renamed: [], dropped: [], replaced: [] };
}

/**
 * Checks that the definitions in the open merge are the result of both sides' changes.
 * @throws Failure `schema-conflict` with every item that is not
 */
export async function checkMerged(
  sql: Sql,
  heads: Heads,
  sides: readonly TableSides[],
  swapped: boolean,
): Promise<void> {
  const present = await definedTables(sql, null);
  const faults: SchemaFault[] = [];
  const cures: string[] = [];
  for (const one of sides) {
    const merged = present.has(one.table) ? await tableItemsAt(sql, one.table, null) : [];
    const found = schemaFaults({ ...one, merged });
    faults.push(...found);
    if (found.length > 0) cures.push(columnCure(one, (side) => seen(side, swapped)) ?? ERRORS['schema-conflict'].hint);
  }
  const definitions = await definitionFaults(sql, heads);
  if (faults.length === 0 && definitions.length === 0) return;
  const message = (named: (fault: SchemaFault) => string): string =>
    ['the merged schema differs from both sides', ...faults.map(named), ...definitions].join('\n');
  throw new Failure(
    'schema-conflict',
    message((fault) => `${faultName(fault)}${definitionsText(fault, swapped)}`),
    {
      hint: cures.length === 0 ? undefined : [...new Set(cures)].join(' '),
      values: { least: 'keys', without: message(faultName) },
    },
  );
}

async function sidesOf(sql: Sql, heads: Heads): Promise<TableSides[]> {
  const names = new Set<string>();
  for (const side of SIDES) {
    for (const { from, to } of await tableChanges(sql, heads.base, heads[side])) {
      for (const name of [from, to]) if (name !== null && !isDoltTable(name)) names.add(name);
    }
  }
  const present = {
    base: await definedTables(sql, heads.base),
    ours: await definedTables(sql, heads.ours),
    theirs: await definedTables(sql, heads.theirs),
  };
  const tables: TableSides[] = [];
  for (const table of [...names].sort()) {
    const at = async (version: 'base' | Side): Promise<Item[]> =>
      present[version].has(table) ? tableItemsAt(sql, table, heads[version]) : [];
    tables.push({ table, base: await at('base'), ours: await at('ours'), theirs: await at('theirs') });
  }
  return tables;
}

/** Dolt 2.3.0 merges a table that both sides renamed as if each had added it, so that deleted rows return (measured). */
async function checkRenames(sql: Sql, heads: Heads): Promise<void> {
  const [ours, theirs] = [
    await tableChanges(sql, heads.base, heads.ours),
    await tableChanges(sql, heads.base, heads.theirs),
  ];
  const [ourNames, theirNames] = [renames(ours), renames(theirs)];
  const [ourHashes, theirHashes] = [await tableHashes(sql, heads.ours), await tableHashes(sql, heads.theirs)];
  const [ourOthers, theirOthers] = [otherTables(ours), otherTables(theirs)];
  const isSuspect = (name: string): boolean =>
    (theirOthers.has(name) || [...theirNames.values()].includes(name)) && ourHashes.get(name) !== theirHashes.get(name);
  const hidden = [...ourOthers].some(isSuspect) ? await hiddenRenames(sql, heads.base, ours) : [];
  const renamed = [...ourNames, ...hidden].flatMap(([table, here]) => {
    const there = theirNames.get(table) ?? (theirOthers.has(here) && theirOthers.has(table) ? here : undefined);
    return there === undefined ? [] : [{ table, here, there }];
  });
  for (const { table, here, there } of renamed) {
    if (here === there && ourHashes.get(here) === theirHashes.get(there)) continue;
    const names = here === there ? here : `${here} on one side and ${there} on the other`;
    throw new Failure(
      'dolt-defect',
      `both sides renamed the table ${plain(table)} to ${plain(names)}, and this Dolt merges its rows as if both sides had added them`,
      {
        hint: 'Give the table one name and the same rows on both sides, commit, then run again. Next time, sync before and after the rename, and rename on one side only.',
      },
    );
  }
}

/** The tables that have another name now, by their former name. */
function renames(changes: readonly TableChange[]): ReadonlyMap<string, string> {
  return new Map(
    changes.flatMap(({ from, to }) => (from === null || to === null || from === to ? [] : [[from, to] as const])),
  );
}

/** The names that may have another table now: new ones, and those whose definition or column tags changed. */
function otherTables(changes: readonly TableChange[]): ReadonlySet<string> {
  return new Set(
    changes.flatMap(({ from, to, definitionChanged, recreated }) => {
      const isOther = from === null || (from === to && (definitionChanged || recreated));
      return to !== null && !isDoltTable(to) && isOther ? [to] : [];
    }),
  );
}

/**
 * Renames of the session's branch that Dolt does not show, because another table has the old name since. It compares
 * tables of one name first, and others by their columns. So the names are changed for the comparison.
 */
async function hiddenRenames(
  sql: Sql,
  base: string,
  changes: readonly TableChange[],
): Promise<(readonly [table: string, now: string])[]> {
  const names = otherTables(changes);
  if (!changes.some(({ from, to }) => from !== null && from === to && names.has(to))) return [];
  const present = new Set([...(await definedTables(sql, null))].map(folded));
  const free = [...names, ...present].map((_, index) => `federation_${index}`).filter((name) => !present.has(name));
  const tables = new Map([...names].map((name, index) => [free[index] ?? '', name]));
  try {
    for (const [to, name] of tables) await sql.run(`RENAME TABLE ${quoted(name)} TO ${quoted(to)}`);
    return (await schemaDifference(sql, base, 'WORKING')).flatMap(({ from_table_name: from, to_table_name: to }) => {
      const now = tables.get(to);
      return from === '' || now === undefined || now === from ? [] : [[from, now] as const];
    });
  } finally {
    await sql.run("CALL DOLT_RESET('--hard')");
  }
}

async function checkDefaults(sql: Sql, heads: Heads, one: TableSides, swapped: boolean): Promise<void> {
  for (const side of SIDES) {
    const other = otherSide(side);
    if (one[other].length === 0) continue;
    const [column] = computedColumns(one.base, one[side], one[other]);
    if (column === undefined) continue;
    // Its rows are not in the merge.
    const before = (await tableHashes(sql, heads.base)).get(one.table);
    if (before !== undefined && before === (await tableHashes(sql, heads[other])).get(one.table)) continue;
    const { text, values } = await differences(sql, { from: heads[side], to: heads[other] }, one.table);
    const [added] = await sql.rows(addedRow, `SELECT COUNT(*) AS n FROM ${text} WHERE diff_type = 'added'`, values);
    if ((added?.n ?? 0) === 0) continue;
    const lacking = seen(other, swapped);
    const { calls } = column;
    const hint = `Add the column with the same definition on the side without it (${lacking}), commit, and sync again.`;
    const about = (what: string, effect: string): string =>
      `column ${column.column} of ${one.table} has a default that ${what}, and ${lacking} has rows without the column: ${effect}`;
    if (calls === null)
      throw new Failure('dolt-defect', about('is of bytes', 'this Dolt would give them its text'), { hint });
    const why = about(`calls ${calls}`, 'a merge would compute different values for them on each machine');
    const statement = `ALTER TABLE ${identifier(one.table)} ADD COLUMN ${column.text}`;
    throw new Failure('not-deterministic', `${why}\n${plain(statement)}`, {
      hint,
      values: { least: 'keys', without: why },
    });
  }
}

async function checkLosses(sql: Sql, heads: Heads, one: TableSides, swapped: boolean): Promise<void> {
  for (const side of SIDES) {
    const lost = lostItems(one.base, one[side]);
    if (lost.length === 0) continue;
    const { replaced } = await alterations(sql, one.table, { from: heads.base, to: heads[side] });
    if (replaced.length === 0) continue;
    const items = lost.map(({ kind, name }) => `${kind} ${name}`).join(', ');
    throw new Failure(
      'schema-conflict',
      `${one.table}: ${seen(side, swapped)} lacks ${items} since its column ${replaced.join(', ')} was replaced by one of the same name`,
      {
        hint: `Dolt 2.3.0 drops indexes and checks when a column's tag changes. Create them again on that side, or drop them on the other side too, commit, and sync again.`,
      },
    );
  }
}

/** Views, triggers, events and procedures that are not the result of both sides' changes. */
async function definitionFaults(sql: Sql, heads: Heads): Promise<string[]> {
  const faults: string[] = [];
  for (const table of CODE_TABLES) {
    const read = async (commit: string): Promise<Map<string, string>> =>
      new Map((await definitionsAt(sql, table, commit)).map(({ kind, name, digest }) => [`${kind} ${name}`, digest]));
    const ours = await read(heads.ours);
    const theirs = await read(heads.theirs);
    if (sameEntries(ours, theirs)) continue;
    const [base, merged] = [await read(heads.base), await read('WORKING')];
    for (const name of new Set([...base.keys(), ...ours.keys(), ...theirs.keys(), ...merged.keys()])) {
      const [old, our, their, result] = [base, ours, theirs, merged].map((found) => found.get(name) ?? null);
      const isRight = our === their || their === old ? result === our : our === old && result === their;
      if (!isRight) faults.push(`${name} has a definition that neither side has`);
    }
  }
  return faults;
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, digest]) => b.get(name) === digest);
}

function faultName({ table, kind, name }: SchemaFault): string {
  return plain(`table ${table}: ${[kind, name].filter((text) => text !== '').join(' ')}`);
}

/** Definitions have literals, which can be as private as a row. */
function definitionsText({ ours, theirs, merged }: SchemaFault, swapped: boolean): string {
  const [here, there] = swapped ? [theirs, ours] : [ours, theirs];
  const lines = [`  ours: ${here ?? '(none)'}`, `  theirs: ${there ?? '(none)'}`, `  merged: ${merged ?? '(none)'}`];
  return lines.map((line) => `\n${plain(line)}`).join('');
}

function seen(side: Side, swapped: boolean): Side {
  return swapped ? otherSide(side) : side;
}

/** Dolt 2.3.0 cannot compute some defaults of added columns; its error names neither table nor column. */
export function withDefaultHint(failure: Failure): Failure {
  if (failure.code !== 'not-deterministic' || failure.hint !== ERRORS['not-deterministic'].hint) return failure;
  return new Failure(
    'not-deterministic',
    `one side added a column whose default Dolt must compute for rows of the other side: ${failure.message}`,
    { cause: failure },
  );
}
