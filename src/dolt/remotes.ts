import { z } from 'zod';
import type { Sql } from './sql.ts';

export interface Remote {
  readonly name: string;
  readonly url: string;
}

const remoteRow = z.object({ name: z.string(), url: z.string() });

/** All remotes that the database knows, by name. */
export async function listRemotes(sql: Sql): Promise<Remote[]> {
  return sql.rows(remoteRow, 'SELECT name, url FROM dolt_remotes ORDER BY name');
}

/** Registers a remote. A `file://` remote's folder is created at once (Dolt 2.3.0). */
export async function addRemote(sql: Sql, remote: Remote): Promise<void> {
  await sql.run("CALL DOLT_REMOTE('add', ?, ?)", [remote.name, remote.url]);
}

/** Forgets a remote and its tracking branches. */
export async function removeRemote(sql: Sql, name: string): Promise<void> {
  await sql.run("CALL DOLT_REMOTE('remove', ?)", [name]);
}
