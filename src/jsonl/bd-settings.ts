import { z } from 'zod';
import { parsedJson } from '../core/json.ts';
import { splitList } from '../core/lists.ts';
import { columnsAt } from '../dolt/schema/columns.ts';
import { textCellSchema } from '../dolt/sql/cell.ts';
import { folded, quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { type KnownWords, STATUSES } from './import-problem.ts';
import type { ExportScope } from './read-issues.ts';

const settingRow = z.object({ name: textCellSchema, value: textCellSchema });
const nameRow = z.object({ name: textCellSchema });

/** The settings of bd in the database that an export depends on, by name. */
export async function readSettings(sql: Sql): Promise<(name: string) => string> {
  const names = ['types.infra', 'types.custom', 'status.custom', 'export.exclude_owners', 'export.exclude_owner'];
  const rows = await sql.rows(
    settingRow,
    `SELECT \`key\` AS name, value AS value FROM config WHERE \`key\` IN (${names.map(() => '?').join(', ')})`,
    names,
  );
  return (name) => rows.find((row) => row.name === name)?.value ?? '';
}

/**
 * The statuses and types that bd 1.3.0 accepts besides its own: those of the tables, else of the setting. Types of the
 * workspace count too, and its statuses if the database has none.
 */
export async function readKnownWords(
  sql: Sql,
  tables: ReadonlySet<string>,
  setting: (name: string) => string,
  scope: Pick<ExportScope, 'customStatuses' | 'customTypes'>,
): Promise<KnownWords> {
  const [statuses, types] = [await names(sql, tables, 'custom_statuses'), await names(sql, tables, 'custom_types')];
  const [status, type] = [setting('status.custom'), setting('types.custom')];
  const set = status === '' ? statusNames(scope.customStatuses) : statusNames(splitList(status, ','));
  return {
    statuses: new Set(statuses.length > 0 ? statuses : set),
    types: new Set([...(types.length > 0 ? types : typeNames(type)), ...scope.customTypes]),
  };
}

async function names(sql: Sql, tables: ReadonlySet<string>, table: string): Promise<readonly string[]> {
  if (!tables.has(table)) return [];
  if (!(await columnsAt(sql, table, null)).some(({ name }) => folded(name) === 'name')) return [];
  return (await sql.rows(nameRow, `SELECT name AS name FROM ${quoted(table)}`)).map(({ name }) => name ?? '');
}

const STATUS = /^([a-z][a-z0-9_-]*)(?::(?:active|wip|done|frozen))?$/;
const MAX_STATUSES = 50;

/** bd accepts none of the statuses of a list if one is invalid, occurs twice or is one of its own. */
function statusNames(words: readonly string[]): readonly string[] {
  const found = words.flatMap((word) => STATUS.exec(word)?.slice(1, 2) ?? []).filter((name) => !STATUSES.has(name));
  return new Set(found).size === words.length && words.length <= MAX_STATUSES ? found : [];
}

/** A JSON array, or a list with commas. */
function typeNames(text: string): readonly string[] {
  const list = z.array(z.string()).safeParse(parsedJson(text));
  return list.success ? list.data.map((word) => word.trim()) : splitList(text, ',');
}
