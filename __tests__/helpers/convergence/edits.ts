/** The tables of a case: one whose rows say when they were written, and one that leaves that to the commits. */
export const TABLES = {
  dated: {
    create:
      'CREATE TABLE dated (id VARCHAR(10) PRIMARY KEY, title VARCHAR(60), points INT, updated_at DATETIME NOT NULL)',
    key: ['id'],
    columns: ['title', 'points', 'updated_at'],
    time: 'updated_at',
  },
  plain: {
    create:
      'CREATE TABLE plain (area INT, name VARCHAR(10), note VARCHAR(60), amount DECIMAL(10,2), PRIMARY KEY (area, name))',
    key: ['area', 'name'],
    columns: ['note', 'amount'],
    time: null,
  },
} as const;

export type TableName = keyof typeof TABLES;
export const TABLE_NAMES: readonly TableName[] = ['dated', 'plain'];

/** Columns that hold numbers; all others hold text. */
export const NUMERIC: ReadonlySet<string> = new Set(['points', 'amount']);

export type Cells = Readonly<Record<string, string | null>>;

/** The edit of one row in one commit; `key` is the name that the row has in a case. */
export interface Change {
  readonly table: TableName;
  readonly key: string;
  /** The cells it writes; null: it deletes the row. */
  readonly cells: Cells | null;
}

/** One commit of a writer, as the model sees it. */
export interface Edit {
  readonly id: number;
  /** The edits that its database had before this commit. */
  readonly below: ReadonlySet<number>;
  /** The commit's date: `YYYY-MM-DD HH:MM:SS`, UTC. */
  readonly time: string;
  readonly changes: readonly Change[];
}

/** Values of a table's key columns, in their order. */
export function keyValues(table: TableName, key: string): string[] {
  return table === 'dated' ? [key] : [`${key.length}`, key];
}
