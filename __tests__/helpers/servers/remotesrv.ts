import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { serverProgram } from './server-program.ts';

/** Dolt's own remote server over plain HTTP: it has no users, and creates a database at a push. */
export interface Remotesrv extends ServerProcess<'http'> {
  /** A remote is `${url}/org/repo`. */
  readonly url: string;
  /** The folder that contains the folder `org/repo`. */
  readonly dir: string;
}

interface RemotesrvOptions {
  readonly readOnly?: boolean;
  /**
   * The host from which clients fetch table files, always at the server's own port; absent: the one they asked.
   * With a port in it the address is not a URL, and Dolt 2.3.0 dies of it.
   */
  readonly tableFilesAt?: string;
}

export async function startRemotesrv(
  folder: string,
  { readOnly = false, tableFilesAt }: RemotesrvOptions = {},
): Promise<Remotesrv> {
  const dir = await mkdtemp(join(folder, 'remotesrv-'));
  const server = await startServerProcess({
    command: serverProgram('REMOTESRV'),
    ports: ['http'],
    args: ({ http }) => [
      '-http-port',
      `${http}`,
      '-grpc-port',
      `${http}`,
      '-dir',
      dir,
      ...(readOnly ? ['-read-only'] : []),
      ...(tableFilesAt === undefined ? [] : ['-http-host', tableFilesAt]),
    ],
    cwd: dir,
  });
  return { ...server, dir, url: `http://localhost:${server.port.http}` };
}
