import { isDeepStrictEqual } from 'node:util';
import { ERRORS } from '../contract/error-codes.ts';
import { plain, shellWord } from '../core/text.ts';
import { columnType, type Item, isNotNull } from '../dolt/schema/create-table.ts';
import { folded, identifier, quoted } from '../dolt/sql/identifier.ts';
import { otherSide, SIDES, type Side } from './merging.ts';

/** A table as the base and both sides have it; empty: not under this name. */
export interface TableSides {
  readonly table: string;
  readonly base: readonly Item[];
  readonly ours: readonly Item[];
  readonly theirs: readonly Item[];
}

/** The facts that decide how a person makes two definitions of a table mergeable. */
export interface SchemaFacts extends TableSides {
  /** The merge base. */
  readonly commit: string;
  readonly changes: Readonly<Record<Side, SideChanges>>;
}

/** The changes of one side since the base. */
interface SideChanges {
  /** The name that the table has now; null: the table has its name, or is gone. */
  readonly renamedTo: string | null;
  /** Columns that have another name now. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  readonly dropped: readonly string[];
  /** Columns that were dropped and added again, which Dolt treats as different columns. */
  readonly replaced: readonly string[];
}

/** How messages name the sides: the merge may have begun on the head of the other one. */
type Seen = (side: Side) => Side;

/** The hint for tables that are in conflict. Equal definitions help, unless Dolt treats a table or column as a different one. */
export function schemaCures(tables: readonly SchemaFacts[], seen: Seen): string {
  return [...new Set(tables.map((facts) => schemaCure(facts, seen)))].join(' ');
}

function schemaCure(facts: SchemaFacts, seen: Seen): string {
  return (
    goneCure(facts, seen) ??
    replacedCure(facts, seen) ??
    droppedCure(facts, seen) ??
    renamedCure(facts, seen) ??
    twinCure(facts) ??
    columnCure(facts, seen) ??
    ERRORS['schema-conflict'].hint
  );
}

/** Equal names would merge the rows as if both sides had added them. */
function goneCure({ table, commit, changes, ...at }: SchemaFacts, seen: Seen): string | null {
  const side = at.base.length === 0 ? undefined : SIDES.find((one) => at[one].length === 0);
  if (side === undefined) return null;
  const name = changes[side].renamedTo;
  if (name !== null) {
    return `One side (${seen(side)}) renamed the table ${plain(table)}. Rename it back there (\`RENAME TABLE ${renames(name, table).join(', ')}\`), commit and sync, then run again. Rename it when both sides are equal.`;
  }
  return `One side (${seen(side)}) dropped the table ${plain(table)}. Drop it on the other side, too, or restore it on the side that dropped it (\`dolt checkout ${commit} -- ${shellWord(plain(table))}\`). Commit and sync, then run again.`;
}

function replacedCure({ table, changes }: SchemaFacts, seen: Seen): string | null {
  const side = SIDES.find((one) => changes[one].replaced.length > 0);
  if (side === undefined) return null;
  const names = changes[side].replaced;
  return `One side (${seen(side)}) dropped the column ${plain(names.join(', '))} of ${plain(table)} and added it again, so that Dolt treats it as a different column, even if the definitions are equal. Drop it on both sides (${drops(table, names)}), commit and sync, then run again. Add it again with its values when both sides are equal.`;
}

function droppedCure({ table, changes, ...at }: SchemaFacts, seen: Seen): string | null {
  for (const side of SIDES) {
    const other = otherSide(side);
    const names = changes[side].dropped.filter(
      (name) => !changes[other].dropped.includes(name) && columnText(at.base, name) !== columnText(at[other], name),
    );
    if (names.length === 0) continue;
    const present = names.filter((name) => columnText(at[other], name) !== null);
    const there = present.length < names.length ? '' : ` (${drops(table, names)})`;
    return `One side (${seen(side)}) dropped the column ${plain(names.join(', '))} of ${plain(table)}, which the other side changed. Drop it on the other side, too${there}, or take back the commit that dropped it with \`dolt revert\`. Commit and sync, then run again. A new column of the same name does not help, because Dolt treats it as a different column.`;
  }
  return null;
}

/** The steps from one name to another: Dolt 2.3.0 takes no new name that differs only in case (measured). */
function renames(from: string, to: string): string[] {
  const names = folded(from) === folded(to) ? [from, `${to}_2`, to] : [from, to];
  return names.slice(1).map((name, index) => `${identifier(names[index] ?? from)} TO ${identifier(name)}`);
}

/** With the former name on one side, Dolt merges the name of that side and the definition of the other. */
function renamedCure({ table, changes, ...at }: SchemaFacts, seen: Seen): string | null {
  for (const side of SIDES) {
    const other = otherSide(side);
    for (const { from, to } of changes[side].renamed) {
      const there = changes[other].renamed.find((one) => one.from === from)?.to ?? from;
      if (there === to || columnText(at[other], there) === columnText(at.base, from)) continue;
      const steps = renames(to, from).map((step) => `\`ALTER TABLE ${identifier(table)} RENAME COLUMN ${step}\``);
      return `One side (${seen(side)}) renamed the column ${plain(from)} of ${plain(table)}, which the other side changed. Rename it back there (${steps.join(', then ')}), commit and sync, then run again. Rename it when both sides are equal.`;
    }
  }
  return null;
}

/** Columns that both sides added under one name, with different identities: equal definitions do not help. */
function twinCure({ table, base, ours, theirs, changes }: SchemaFacts): string | null {
  if (base.length === 0) return null;
  const known = [
    ...base.map(({ name }) => name),
    ...SIDES.flatMap((side) => changes[side].renamed.map(({ to }) => to)),
  ];
  const twins = ours.filter(
    ({ kind, name }) => kind === 'column' && !known.includes(name) && columnText(theirs, name) !== null,
  );
  const uneven = twins.filter(({ name, text }) => columnText(theirs, name) !== text);
  // Equal columns differ if nothing but columns does.
  const differing = uneven.length > 0 || !isDeepStrictEqual(otherTexts(ours), otherTexts(theirs)) ? uneven : twins;
  const names = differing.map(({ name }) => name).sort();
  if (names.length === 0) return null;
  return `Dolt treats the new columns ${plain(names.join(', '))} of ${plain(table)} as different ones, even if the definitions are equal. Drop them on one side (${drops(table, names)}), commit and sync, then run again: the merge takes the column of the other side with its values.`;
}

/** In place of a definition that can have literals. */
const HIDDEN = '…';

/** The indexes, keys and checks of a table. */
function otherTexts(items: readonly Item[]): string[] {
  return items.flatMap(({ kind, text }) => (kind === 'column' ? [] : [text])).sort();
}

/** Columns that both sides changed to different definitions. */
export function columnCure({ table, base, ours, theirs }: TableSides, seen: Seen): string | null {
  const columns = ours.flatMap((here) => {
    const there = columnOf(theirs, here.name);
    if (here.kind !== 'column' || there === undefined || there.text === here.text) return [];
    return [here.text, there.text].includes(columnText(base, here.name) ?? '') ? [] : [{ ours: here, theirs: there }];
  });
  if (columns.length === 0) return null;
  const names = plain(columns.map((column) => column.ours.name).join(', '));
  // `seen` swaps the sides or keeps them, so it also leads from a name to its side.
  const ways = SIDES.map(seen).map((side) => {
    const other = otherSide(side);
    const clauses = columns.map(
      (column) => `MODIFY COLUMN ${toCopy(column[other]) ?? `${identifier(column[other].name)} ${HIDDEN}`}`,
    );
    return `on ${seen(side)}, \`ALTER TABLE ${identifier(table)} ${clauses.join(', ')}\` (the definition of ${seen(other)})`;
  });
  const hidden = ways.some((way) => way.includes(HIDDEN)) ? ` Replace ${HIDDEN}: definitions are not shown here.` : '';
  const noun = columns.length === 1 ? 'column' : 'columns';
  return `Both sides changed the ${noun} ${names} of ${plain(table)}. Run one of these: ${ways.join('; or ')}.${hidden} Commit and sync, then run again.`;
}

/**
 * A column as in an ALTER TABLE.
 * @returns null if the definition has more than a type and NOT NULL: literals can be as private as a row
 */
function toCopy(column: Item, nullable = false): string | null {
  const type = columnType(column);
  const rest = isNotNull(column) ? ' NOT NULL' : '';
  const hasMore =
    column.text !== `${quoted(column.name)} ${type}${rest}` || column.tokens.some(({ kind }) => kind === 'string');
  return hasMore ? null : `${identifier(column.name)} ${type}${nullable ? '' : rest}`;
}

/**
 * The refusal of tables whose primary key differs from the base: Dolt merges no rows of a table then, even if only one
 * side changed the key, or both did equally.
 * @param tables those that both sides changed
 * @param commit the merge base
 * @returns null if no table has another key
 */
export function keyCure(
  tables: readonly TableSides[],
  commit: string,
  seen: Seen,
): { readonly message: string; readonly hint: string } | null {
  for (const one of tables) {
    const former = keyOf(one.base);
    const changed = SIDES.filter(
      (side) => one[side].length > 0 && (keyOf(one[side]) !== former || retyped(one, side).length > 0),
    );
    if (one.base.length === 0 || changed.length === 0) continue;
    const other = changed.filter((side) => lacksKey(one, side));
    const kept = changed.filter((side) => !other.includes(side));
    const undone = kept.map((side) => {
      const isSameKey = keyOf(one[side]) === former;
      const steps = [
        ...(isSameKey || keyOf(one[side]) === null ? [] : ['DROP PRIMARY KEY']),
        ...retyped(one, side).map(
          (column) => `MODIFY COLUMN ${toCopy(column) ?? `${identifier(column.name)} ${HIDDEN}`}`,
        ),
        ...(isSameKey || former === null ? [] : [`ADD ${former}`]),
        ...madeNotNull(one, side).flatMap((column) => {
          const text = toCopy(column, true);
          return text === null ? [] : [`MODIFY COLUMN ${text}`];
        }),
      ];
      return `\`ALTER TABLE ${identifier(one.table)} ${steps.join(', ')}\``;
    });
    const hidden = undone.some((statement) => statement.includes(HIDDEN))
      ? ` Replace ${HIDDEN} with the former definition, which is not shown here.`
      : '';
    const stay = new Set(kept.flatMap((side) => madeNotNull(one, side).map(({ name }) => name)));
    const nulls =
      stay.size === 0
        ? ''
        : ` A column stays NOT NULL after its key is dropped: make ${plain([...stay].join(', '))} nullable again.`;
    return {
      message:
        changed.length > 1
          ? `both sides changed the primary key of ${plain(one.table)}, and Dolt cannot merge its rows`
          : `one side (${changed.map(seen).join('')}) changed the primary key of ${plain(one.table)}, and the other side changed the table`,
      hint: [
        ...(kept.length === 0
          ? []
          : [
              `Give the table its former primary key again, on each side that changed it (${[...new Set(undone)].join(' or ')}).${hidden}`,
            ]),
        ...other.map((side) => restoreCure(one, commit, seen(side))),
        `Commit and sync, then run again.${nulls} Change the key when both sides are equal. Equal definitions alone do not help: the rows would have to be equal, too.`,
      ].join(' '),
    };
  }
  return null;
}

/** A statement cannot give such a table its former key: a column of it has another name, or this is another table. */
function restoreCure({ table, base }: TableSides, commit: string, side: Side): string {
  const columns = plain((keyColumns(base) ?? []).join(', '));
  const lacked = columns === '' ? 'the former columns' : `the former primary key (${columns})`;
  return `The table ${plain(table)} of one side (${side}) lacks ${lacked}. If a column was renamed there, rename it back. Otherwise rename this table, and give its name to the former one again: rename that one to ${plain(table)}, or restore it with \`dolt checkout ${commit} -- ${shellWord(plain(table))}\`.`;
}

/** Whether a side has no place for the former key: it lacks a column of it or, without a key, all former columns. */
function lacksKey({ base, ...at }: TableSides, side: Side): boolean {
  const isAbsent = (name: string): boolean => columnOf(at[side], name) === undefined;
  const names = keyColumns(base);
  if (names !== null) return names.some(isAbsent);
  return base.filter(({ kind }) => kind === 'column').every(({ name }) => isAbsent(name));
}

/** The primary key as in an ALTER TABLE; null: none. */
function keyOf(items: readonly Item[]): string | null {
  const columns = keyColumns(items);
  return columns === null ? null : `PRIMARY KEY (${columns.map(identifier).join(', ')})`;
}

function keyColumns(items: readonly Item[]): string[] | null {
  const key = items.find(({ kind }) => kind === 'primary key');
  return key?.tokens.filter(({ kind }) => kind === 'name').map(({ text }) => text) ?? null;
}

/** The columns of the former key that have another type at a side, as they were. To Dolt that is another key. */
function retyped(one: TableSides, side: Side): Item[] {
  return (keyColumns(one.base) ?? []).flatMap((name) => {
    const [former, now] = [one.base, one[side]].map((items) => columnOf(items, name));
    return former !== undefined && now !== undefined && columnType(former) !== columnType(now) ? [former] : [];
  });
}

/** The columns of a side's key that could be NULL before: they stay NOT NULL when the key is dropped. */
function madeNotNull(one: TableSides, side: Side): Item[] {
  const names = keyColumns(one[side]) ?? [];
  return names.flatMap((name) => {
    const [former, now] = [one.base, one[side]].map((items) => columnOf(items, name));
    return former !== undefined && !isNotNull(former) && now !== undefined ? [now] : [];
  });
}

function columnOf(items: readonly Item[], name: string): Item | undefined {
  return items.find((item) => item.kind === 'column' && item.name === name);
}

function columnText(items: readonly Item[], name: string): string | null {
  return columnOf(items, name)?.text ?? null;
}

function drops(table: string, names: readonly string[]): string {
  return `\`ALTER TABLE ${identifier(table)} ${names.map((name) => `DROP COLUMN ${identifier(name)}`).join(', ')}\``;
}
