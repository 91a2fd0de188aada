import { z } from 'zod';
import type { Sql } from './sql.ts';

export interface Remote {
  readonly name: string;
  readonly url: string;
  /** Full name of the git ref that holds the data; null: Dolt's default, and always for non-git remotes. */
  readonly ref: string | null;
}

/** A local branch, and its upstream. */
export interface Upstream {
  readonly branch: string;
  readonly remote: string;
  readonly follows: string;
}

const params = z.looseObject({ git_ref: z.string().optional() }).nullable();
const remoteRow = z
  .object({ name: z.string(), url: z.string(), params: z.string().nullable() })
  .transform(({ name, url, ...row }): Remote => {
    const parsed = params.safeParse(JSON.parse(row.params ?? 'null'));
    return { name, url, ref: (parsed.success ? parsed.data?.git_ref : undefined) ?? null };
  });
const backupRow = z.object({ name: z.string(), url: z.string() });
const upstreamRow = z.object({ branch: z.string(), remote: z.string(), follows: z.string() });

/** All remotes of the database, by name. */
export async function listRemotes(sql: Sql): Promise<Remote[]> {
  return sql.rows(remoteRow, 'SELECT name, url, params FROM dolt_remotes ORDER BY name');
}

/** The backups of the database. Dolt 2.3.0 refuses a remote with the address of one. */
export async function listBackups(sql: Sql): Promise<{ readonly name: string; readonly url: string }[]> {
  return sql.rows(backupRow, 'SELECT name, url FROM dolt_backups ORDER BY name');
}

/** Adds a remote. Dolt creates a `file://` remote's folder at once (2.3.0). */
export async function addRemote(sql: Sql, { name, url, ref }: Remote): Promise<void> {
  if (ref === null) await sql.run("CALL DOLT_REMOTE('add', ?, ?)", [name, url]);
  else await sql.run("CALL DOLT_REMOTE('add', '--ref', ?, ?, ?)", [ref, name, url]);
}

/** Removes a remote and its tracking branches; local branches lose their upstream (Dolt 2.3.0). */
export async function removeRemote(sql: Sql, name: string): Promise<void> {
  await sql.run("CALL DOLT_REMOTE('remove', ?)", [name]);
}

/** The local branches with an upstream at a remote. */
export async function upstreamsOf(sql: Sql, remote: string): Promise<Upstream[]> {
  return sql.rows(
    upstreamRow,
    'SELECT name AS branch, remote, branch AS follows FROM dolt_branches WHERE remote = ? ORDER BY name',
    [remote],
  );
}

/** Sets the upstream of a local branch, which must have been fetched before (Dolt 2.3.0). */
export async function setUpstream(sql: Sql, { branch, remote, follows }: Upstream): Promise<void> {
  await sql.run("CALL DOLT_BRANCH('-u', ?, ?)", [`${remote}/${follows}`, branch]);
}
