import { createHash } from 'node:crypto';
import { Failure } from '../core/failure.ts';
import { statOf } from '../core/files.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { Exporting } from './export.ts';
import { issueLines } from './read-issues.ts';
import { readRecords } from './records.ts';

/** How a JSONL file differs from the database, by the ids of the issues. */
export interface Difference {
  /** Issues in the database. */
  readonly issues: number;
  /** In the database only. */
  readonly missing: readonly string[];
  /** In the file only: issues, or records that an export does not write. */
  readonly extra: readonly string[];
  readonly changed: readonly string[];
  /** Whether only the order of the lines differs. */
  readonly reordered: boolean;
}

/**
 * Compares a JSONL file with what an export would write. A missing file has no records.
 * @param sql a session of its own
 * @throws Failure `no-issues`, `export-failed` if the file cannot be read or is not JSONL
 */
export async function compareIssues(
  sql: Sql,
  { file, branch, scope }: Pick<Exporting, 'file' | 'branch' | 'scope'>,
): Promise<Difference> {
  const found = await statOf(file);
  if (found !== null && !found.isFile()) throw new Failure('export-failed', `${file} is not an ordinary file`);
  const inFile = new Map<string, string>();
  const order: string[] = [];
  const extra: string[] = [];
  if (found !== null) {
    for await (const { kind, id, line } of readRecords(file)) {
      if (kind === 'other' || inFile.has(id)) extra.push(id);
      else {
        inFile.set(id, digestOf(line));
        order.push(id);
      }
    }
  }
  const missing: string[] = [];
  const changed: string[] = [];
  let [issues, position, reordered] = [0, 0, false];
  for await (const { id, line } of issueLines(sql, branch, scope)) {
    issues += 1;
    const digest = inFile.get(id);
    if (digest === undefined) missing.push(id);
    else {
      if (line === null || digest !== digestOf(line)) changed.push(id);
      reordered ||= order[position] !== id;
      position += 1;
      inFile.delete(id);
    }
  }
  extra.push(...inFile.keys());
  const isOnlyOrder = missing.length + changed.length + extra.length === 0;
  return { issues, missing, extra, changed, reordered: isOnlyOrder && reordered };
}

function digestOf(line: string): string {
  return createHash('sha256').update(line).digest('base64');
}
