import { ERRORS } from '../contract/error-codes.ts';
import { plain, shellWord } from '../core/text.ts';
import type { Item } from '../dolt/schema/create-table.ts';
import { identifier } from '../dolt/sql/identifier.ts';
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
    twinCure(facts) ??
    ERRORS['schema-conflict'].hint
  );
}

/** Equal names would merge the rows as if both sides had added them. */
function goneCure({ table, commit, changes, ...at }: SchemaFacts, seen: Seen): string | null {
  const side = at.base.length === 0 ? undefined : SIDES.find((one) => at[one].length === 0);
  if (side === undefined) return null;
  const name = changes[side].renamedTo;
  if (name !== null) {
    return `One side (${seen(side)}) renamed the table ${plain(table)}. Rename it back there (\`RENAME TABLE ${identifier(name)} TO ${identifier(table)}\`), commit and sync, then run again. Rename it when both sides are equal.`;
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

/** Columns that both sides added under one name, with different identities. */
function twinCure({ table, ...at }: SchemaFacts): string | null {
  if (at.base.length === 0 || at.ours.length !== at.theirs.length) return null;
  if (at.ours.some(({ text }, index) => text !== at.theirs[index]?.text)) return null;
  const names = at.ours.flatMap(({ kind, name }) =>
    kind === 'column' && columnText(at.base, name) === null ? [name] : [],
  );
  if (names.length === 0) return null;
  return `The definitions are equal, but Dolt treats the new columns of ${plain(table)} as different ones. Drop them on one side (${drops(table, names)}), commit and sync, then run again: the merge takes the column of the other side with its values.`;
}

/**
 * The refusal of tables whose primary key differs from the base: Dolt merges no rows of a table then, even if only one
 * side changed the key, or both did equally.
 * @param tables those that both sides changed
 * @returns null if no table has another key
 */
export function keyCure(
  tables: readonly TableSides[],
  seen: Seen,
): { readonly message: string; readonly hint: string } | null {
  for (const one of tables) {
    const former = keyOf(one.base);
    const changed = SIDES.filter((side) => one[side].length > 0 && keyOf(one[side]) !== former);
    if (one.base.length === 0 || changed.length === 0) continue;
    const undone = changed.map((side) => {
      const steps = [
        ...(keyOf(one[side]) === null ? [] : ['DROP PRIMARY KEY']),
        ...(former === null ? [] : [`ADD ${former}`]),
      ];
      return `\`ALTER TABLE ${identifier(one.table)} ${steps.join(', ')}\``;
    });
    return {
      message:
        changed.length > 1
          ? `both sides changed the primary key of ${plain(one.table)}, and Dolt cannot merge its rows`
          : `one side (${changed.map(seen).join('')}) changed the primary key of ${plain(one.table)}, and the other side changed the table`,
      hint: `Give the table its former primary key again, on each side that changed it (${[...new Set(undone)].join(' or ')}). Commit and sync, then run again. Change the key when both sides are equal. Equal definitions alone do not help: the rows would have to be equal, too.`,
    };
  }
  return null;
}

/** The primary key as in an ALTER TABLE; null: none. */
function keyOf(items: readonly Item[]): string | null {
  const key = items.find(({ kind }) => kind === 'primary key');
  const columns = key?.tokens.filter(({ kind }) => kind === 'name').map(({ text }) => identifier(text));
  return columns === undefined ? null : `PRIMARY KEY (${columns.join(', ')})`;
}

function columnText(items: readonly Item[], name: string): string | null {
  return items.find((item) => item.kind === 'column' && item.name === name)?.text ?? null;
}

function drops(table: string, names: readonly string[]): string {
  return `\`ALTER TABLE ${identifier(table)} ${names.map((name) => `DROP COLUMN ${identifier(name)}`).join(', ')}\``;
}
