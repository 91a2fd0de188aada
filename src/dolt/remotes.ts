import { z } from 'zod';
import type { Sql } from './sql.ts';

export interface Remote {
  readonly name: string;
  readonly url: string;
  /** Full name of the git ref that holds the data; null: Dolt's own, and always for other remotes than git. */
  readonly ref: string | null;
}

const params = z.looseObject({ git_ref: z.string().optional() }).nullable();
const remoteRow = z
  .object({ name: z.string(), url: z.string(), params: z.string().nullable() })
  .transform(({ name, url, ...row }): Remote => {
    const parsed = params.safeParse(JSON.parse(row.params ?? 'null'));
    return { name, url, ref: (parsed.success ? parsed.data?.git_ref : undefined) ?? null };
  });

/** All remotes that the database knows, by name. */
export async function listRemotes(sql: Sql): Promise<Remote[]> {
  return sql.rows(remoteRow, 'SELECT name, url, params FROM dolt_remotes ORDER BY name');
}

/** Registers a remote. A `file://` remote's folder is created at once (Dolt 2.3.0). */
export async function addRemote(sql: Sql, { name, url, ref }: Remote): Promise<void> {
  if (ref === null) await sql.run("CALL DOLT_REMOTE('add', ?, ?)", [name, url]);
  else await sql.run("CALL DOLT_REMOTE('add', '--ref', ?, ?, ?)", [ref, name, url]);
}

/** Forgets a remote and its tracking branches. */
export async function removeRemote(sql: Sql, name: string): Promise<void> {
  await sql.run("CALL DOLT_REMOTE('remove', ?)", [name]);
}
