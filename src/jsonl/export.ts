import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { errorMessage, Failure } from '../core/failure.ts';
import { makeFolders, statOf, takeAccess, temporaryBeside } from '../core/files.ts';
import { inParts } from '../core/lists.ts';
import { counted, listed, plain } from '../core/text.ts';
import { databaseName } from '../dolt/sql/at-revision.ts';
import { textCellSchema } from '../dolt/sql/cell.ts';
import { tableHistory } from '../dolt/sql/differences.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { FormerFile } from './git.ts';
import { type ExportScope, type IssueLine, issueLines, leftOutOf, useBranch } from './read-issues.ts';
import { readRecords } from './records.ts';

export interface Exporting {
  /** Absolute path of the JSONL file. */
  readonly file: string;
  readonly branch: string;
  readonly scope: ExportScope;
  /** Whether a file may be replaced although it has records that the database does not have. */
  readonly allowFewer: boolean;
  /** Percent of the records that may leave the file at once while their issues stay in the database. */
  readonly maxDelete: number;
  /** Whether messages may name rows. */
  readonly nameRows: boolean;
}

export interface Exported {
  readonly status: 'written' | 'unchanged';
  /** Issues in the file. */
  readonly issues: number;
}

/**
 * Writes the issues of a branch to a JSONL file: beside it first, then by rename. A file with the same content is not
 * touched. Nothing is written if a row cannot be imported, or if the file has records that the database never deleted.
 * @param sql a session of its own
 * @throws Failure `no-issues`, `export-row`, `export-fewer`, `export-failed`, `file-owner`
 */
export async function exportIssues(sql: Sql, exporting: Exporting): Promise<Exported> {
  const { file, branch, scope, nameRows } = exporting;
  const target = await realpath(file).catch(() => file);
  const former = await statOf(target);
  if (former !== null && !former.isFile()) throw new Failure('export-failed', `${target} is not an ordinary file`);
  await within(target, () => makeFolders(dirname(target)));
  const temporary = await within(target, () => temporaryBeside(target));
  try {
    const handle = await within(target, () => open(temporary, 'wx', former === null ? 0o644 : 0o600));
    let issues: number;
    try {
      const written = await writeLines(handle, issueLines(sql, branch, scope), target);
      if (written.problems.length > 0) throw refusedRows(named('row', written.problems, nameRows));
      issues = written.ids.size;
      if (former !== null) {
        if (written.digest === (await digestOf(target))) return { status: 'unchanged', issues };
        await refuseFewer(sql, { copy: target, name: target }, written.ids, exporting);
        await within(target, () => takeAccess(handle, target, former));
      }
    } finally {
      await handle.close();
    }
    await within(target, () => rename(temporary, target));
    return { status: 'written', issues };
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Compares the file of a commit with the exported one that is to replace it.
 * @throws Failure `export-fewer`, `export-failed`
 */
export async function requireRecords(sql: Sql, exporting: Exporting, former: FormerFile): Promise<void> {
  if (exporting.allowFewer) return;
  await useBranch(sql, exporting.branch);
  const ids = new Set<string>();
  for await (const { kind, id } of readRecords(exporting.file)) if (kind === 'issue') ids.add(id);
  await refuseFewer(sql, former, ids, exporting);
}

interface Written {
  readonly ids: ReadonlySet<string>;
  readonly digest: string;
  /** Rows that bd would refuse. */
  readonly problems: readonly string[];
}

/** Bytes that are written at once. */
const BATCH = 1024 * 1024;

async function writeLines(handle: FileHandle, lines: AsyncIterable<IssueLine>, target: string): Promise<Written> {
  const ids = new Set<string>();
  const problems: string[] = [];
  const hash = createHash('sha256');
  let batch: string[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    const bytes = Buffer.from(batch.join(''));
    hash.update(bytes);
    await within(target, () => handle.writeFile(bytes));
    batch = [];
    size = 0;
  };
  for await (const { id, line, problem } of lines) {
    ids.add(id);
    if (problem !== null) {
      problems.push(`${id} ${problem}`);
      continue;
    }
    batch.push(line, '\n');
    size += line.length + 1;
    if (size >= BATCH) await flush();
  }
  await flush();
  await within(target, () => handle.sync());
  return { ids, digest: hash.digest('hex'), problems };
}

function named(noun: string, names: readonly string[], nameRows: boolean): string {
  return nameRows ? listed(noun, names.map(plain)) : counted(names.length, noun);
}

function refusedRows(rows: string): Failure {
  return new Failure('export-row', `bd would refuse the whole file because of ${rows}`);
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await within(file, async () => {
    for await (const chunk of createReadStream(file)) hash.update(chunk);
  });
  return hash.digest('hex');
}

/** More records than this are not looked up in the history. */
const MAX_PROVEN = 5_000;
const PAGE = 500;
const idRow = z.object({ id: textCellSchema });

/** @throws Failure `export-fewer` if an export with these issues would remove records without a reason */
async function refuseFewer(
  sql: Sql,
  former: FormerFile,
  ids: ReadonlySet<string>,
  exporting: Exporting,
): Promise<void> {
  if (exporting.allowFewer) return;
  const lost = await lostRecords(sql, former, ids, exporting);
  if (lost.length === 0) return;
  const records = named('record', lost, exporting.nameRows);
  throw new Failure('export-fewer', `an export would remove ${records} from ${former.name}`);
}

/**
 * The records of a file that an export would remove without a reason. A record may only disappear if the history of the
 * branch shows that its issue was deleted, or if bd leaves out its issue, and never the last one. One issue that a peer
 * makes ephemeral must not end all later exports, but a setting that leaves out many must not empty the file.
 */
async function lostRecords(
  sql: Sql,
  { copy, name }: FormerFile,
  ids: ReadonlySet<string>,
  { branch, scope, maxDelete }: Pick<Exporting, 'branch' | 'scope' | 'maxDelete'>,
): Promise<readonly string[]> {
  const issues = new Set<string>();
  const others: string[] = [];
  for await (const { kind, id } of readRecords(copy, name)) {
    if (kind === 'other') others.push(id);
    else issues.add(id);
  }
  const absent = [...issues].filter((id) => !ids.has(id));
  if (absent.length === 0 || ids.size === 0 || absent.length > MAX_PROVEN) return [...absent, ...others];
  const leftOut = await leftOutOf(sql, absent, scope);
  const deleted = await deletedOf(
    sql,
    branch,
    absent.filter((id) => !leftOut.has(id)),
  );
  const mayLeave = leftOut.size * 100 <= issues.size * maxDelete;
  return [...absent.filter((id) => !deleted.has(id) && !(mayLeave && leftOut.has(id))), ...others];
}

/** Those of the issues that a commit of the history deleted. */
async function deletedOf(sql: Sql, branch: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const of = { database: await databaseName(sql), head: branch, table: 'issues' };
  const history = await tableHistory(sql, of);
  for (const page of inParts(ids, PAGE)) {
    const rows = await sql.rows(
      idRow,
      `SELECT DISTINCT from_id AS id FROM ${history} WHERE diff_type = 'removed' AND from_id IN (${page.map(() => '?').join(', ')})`,
      page,
    );
    for (const { id } of rows) found.add(id ?? '');
  }
  return found;
}

/** Errors of the file system as a failure that names the file. */
async function within<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure('export-failed', `cannot write ${file}: ${errorMessage(cause)}`, { cause });
  }
}
