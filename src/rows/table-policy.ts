import type { Cells } from '../dolt/sql/cell.ts';
import { folded } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { Merging } from './merging.ts';

/**
 * How `newest` treats a table. `cells`: cell by cell; a row added on both sides is a collision unless only audit
 * columns differ. `whole`: rows are settings and are taken whole, also if both sides added one. `maximum`: this column
 * is a counter, and its greater value always wins. Names of columns are in lower case.
 */
export type TablePolicy =
  | {
      readonly kind: 'cells';
      /** Columns that get the greater value of both sides in every merge. */
      readonly greater?: readonly string[];
      /** More audit columns; the greater value counts. */
      readonly latest?: readonly string[];
      /** More audit columns that count as equal if one side has NULL. */
      readonly known?: readonly string[];
      /** Whether a table may have only audit columns besides its key. */
      readonly auditOnly?: boolean;
      /** Columns that are one cell as soon as both sides changed one of them. */
      readonly families?: readonly (readonly string[])[];
      /** Texts to which both sides may append: both parts are kept. */
      readonly appended?: readonly string[];
      /** Columns whose value a person must confirm where both sides changed it. */
      readonly left?: readonly string[];
      /** Columns that every merge computes: neither a conflict nor part of a report. */
      readonly derived?: readonly string[];
      /** Columns that say which database a row came from: they may differ between a row and the same row with a new key. */
      readonly origin?: readonly string[];
    }
  | {
      readonly kind: 'whole';
      /** The settings that need no person, by the beginnings of their keys; undefined: none needs one. */
      readonly automatic?: { readonly column: string; readonly prefixes: readonly string[] };
    }
  | { readonly kind: 'maximum'; readonly column: string };

/** The place that a child gets. */
export interface NewChild {
  /** Whether another row gets a key. */
  readonly isTaken: (key: string) => boolean;
  /** The key of another parent; null: the same parent. */
  readonly below: string | null;
}

/**
 * The rules that the program of a database expects of a merge. A run gets it as a whole; without it, every table is
 * ordinary.
 */
export interface DatabaseRules {
  /** Whether tables of these names are a database of the program. */
  recognises(tables: readonly string[]): boolean;
  /** The columns that the program reads of a table of this name; none if it does not read the table. */
  reads(table: string): readonly string[];
  /** The tables that need a policy of their own, by their names in lower case. */
  readonly policies: Readonly<Record<string, TablePolicy>>;
  /**
   * The row that names the project which a database belongs to, in a table with `key` and `value`, and the id that the
   * workspace expects there, if it has one.
   */
  readonly project: { readonly table: string; readonly key: string; readonly expected?: string | null };
  /** For hints: how a new database of the program begins with the history of another one. */
  readonly joining: string;
  /** The effects of an upgrade of the program on a database. */
  readonly upgrades: {
    /** The table with the versions of its migrations, and the hash of each. */
    readonly versions: string;
    /** Patterns that the program adds to `dolt_ignore`, and from which version on. */
    readonly ignored: readonly { readonly pattern: string; readonly since: number }[];
    /** Tables that become ignored ones. */
    readonly moved: readonly string[];
    /** Tables whose rows get other keys. */
    readonly rekeyed: readonly string[];
  };
  /** Tables whose rows are numbered below a parent, in one column of text that is the key. */
  readonly children: {
    readonly table: string;
    /** The key of the parent of a child; null if the row is not a child. */
    parentOf(key: string): string | null;
    /**
     * The key of the next child of the same parent; null if the row is not a child.
     * @param place.below the new key of the parent, if it got one: the child keeps its number if that is free
     */
    next(sql: Sql, key: string, place: NewChild): Promise<string | null>;
    /** A row was added under this key. */
    added(sql: Sql, key: string): Promise<void>;
  };
  /**
   * The tables in which the program computes the key, one column, from other columns of the row, by their names in lower
   * case. A row that was written before it did so has another key.
   */
  readonly derivedKeys: Readonly<Record<string, ((row: Cells) => string | null) | undefined>>;
  /**
   * Computes the columns that derive from others, in an open merge of its database that is otherwise complete, or in changes of
   * one commit, which is both sides then.
   */
  derive(sql: Sql, merging: Pick<Merging, 'base' | 'ours' | 'theirs'>): Promise<void>;
}

const CELLS: TablePolicy = { kind: 'cells' };

/** Columns of a table that do not count when its row is looked for under another key. */
export function originColumns(policy: TablePolicy): readonly string[] {
  return policy.kind === 'cells' ? (policy.origin ?? []) : [];
}

/** The policy of each table of a database. @param tables names of all its tables */
export function tablePolicies(
  { recognises, policies }: Pick<DatabaseRules, 'recognises' | 'policies'>,
  tables: readonly string[],
): (table: string) => TablePolicy {
  const isKnown = recognises(tables);
  return (table) => {
    const name = folded(table);
    return (isKnown && Object.hasOwn(policies, name) ? policies[name] : undefined) ?? CELLS;
  };
}
