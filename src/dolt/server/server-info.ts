import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readSmallText } from '../../core/files.ts';

/** The file that a running server keeps beside the data. */
export function serverInfoFile(database: string): string {
  return join(database, '.dolt', 'sql-server.info');
}

/** A server's own information about itself. */
export interface ServerInfo {
  readonly pid: number;
  readonly port: number;
}

/** The file of a server, which may have ended without removing it; null if there is none. */
export async function readServerInfo(database: string): Promise<ServerInfo | null> {
  return parseServerInfo(await readSmallText(serverInfoFile(database)));
}

/**
 * The server files of the folder and of the folder above: a server of several databases keeps its file in the folder of
 * them all (Dolt 2.3.0, measured).
 */
export async function serversOf(database: string): Promise<readonly ServerInfo[]> {
  const found = await Promise.all([database, dirname(database)].map(readServerInfo));
  return found.filter((info) => info !== null);
}

/** A server writes `pid:port:secret` (Dolt 2.3.0). The secret is a password and is not read. */
export function parseServerInfo(text: string): ServerInfo | null {
  const [, pid, port] = /^([1-9]\d{0,9}):(\d{1,5}):/.exec(text) ?? [];
  return pid === undefined || port === undefined ? null : { pid: Number(pid), port: Number(port) };
}

/**
 * Removes the file of a killed server: it contains its process id and a password. The file of another server stays.
 * @param pid process id of the server
 */
export async function removeServerInfo(database: string, pid: number): Promise<void> {
  const info = await readServerInfo(database);
  if (info?.pid === pid) await rm(serverInfoFile(database), { force: true });
}
