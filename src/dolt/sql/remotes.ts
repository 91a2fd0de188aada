import { z } from 'zod';
import type { Sql } from './sql.ts';

export interface Remote {
  readonly name: string;
  readonly url: string;
  /** Full name of the git ref that holds the data; null: Dolt's own, and always for other remotes than git. */
  readonly ref: string | null;
}

/** A local branch, and the branch of a remote that it follows. */
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

/** All remotes that the database knows, by name. */
export async function listRemotes(sql: Sql): Promise<Remote[]> {
  return sql.rows(remoteRow, 'SELECT name, url, params FROM dolt_remotes ORDER BY name');
}

/** The backups of the database. Dolt 2.3.0 refuses a remote with the address of one. */
export async function listBackups(sql: Sql): Promise<{ readonly name: string; readonly url: string }[]> {
  return sql.rows(backupRow, 'SELECT name, url FROM dolt_backups ORDER BY name');
}

/** Registers a remote. A `file://` remote's folder is created at once (Dolt 2.3.0). */
export async function addRemote(sql: Sql, { name, url, ref }: Remote): Promise<void> {
  if (ref === null) await sql.run("CALL DOLT_REMOTE('add', ?, ?)", [name, url]);
  else await sql.run("CALL DOLT_REMOTE('add', '--ref', ?, ?, ?)", [ref, name, url]);
}

/** Forgets a remote and its tracking branches; local branches that followed it follow nothing then (Dolt 2.3.0). */
export async function removeRemote(sql: Sql, name: string): Promise<void> {
  await sql.run("CALL DOLT_REMOTE('remove', ?)", [name]);
}

/** The local branches that follow a branch of a remote. */
export async function upstreamsOf(sql: Sql, remote: string): Promise<Upstream[]> {
  return sql.rows(
    upstreamRow,
    'SELECT name AS branch, remote, branch AS follows FROM dolt_branches WHERE remote = ? ORDER BY name',
    [remote],
  );
}

/** Makes a local branch follow a branch of a remote, which must have been fetched before (Dolt 2.3.0). */
export async function setUpstream(sql: Sql, { branch, remote, follows }: Upstream): Promise<void> {
  await sql.run("CALL DOLT_BRANCH('-u', ?, ?)", [`${remote}/${follows}`, branch]);
}
