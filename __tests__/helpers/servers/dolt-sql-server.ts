import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { preparePrivateRoot } from '../../../src/dolt/environment.ts';
import { testDolt, UNCOLLECTED } from '../dolt-binary.ts';
import { makeCertificates } from './certificates.ts';
import { startServerProcess } from './server-process.ts';

/** A database's own live server, as a remote over TLS. */
export interface DoltSqlServer extends AsyncDisposable {
  /** The remote: `https://localhost:PORT/<database>`. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** PEM file of the authority; the client trusts it through SSL_CERT_FILE. */
  readonly ca: string;
  readonly sqlPort: number;
  log(): string;
}

/**
 * Serves a database that exists.
 * @param database folder of the database; its name is the database's
 */
export async function startDoltSqlServer(
  folder: string,
  local: string,
  behavior: { readonly read_only?: boolean } = {},
): Promise<DoltSqlServer> {
  const cwd = await mkdtemp(join(folder, 'sql-server-'));
  const { ca, cert, key } = await makeCertificates(folder);
  const password = 'a-root-password';
  const server = await startServerProcess({
    command: testDolt(),
    ports: ['sql', 'remotesapi'],
    args: async ({ sql, remotesapi }) => {
      const listener = { host: '127.0.0.1', port: sql, tls_cert: cert, tls_key: key };
      const own = { cfg_dir: join(cwd, 'cfg'), privilege_file: join(cwd, 'privileges.db') };
      const config = { listener, behavior, remotesapi: { port: remotesapi }, data_dir: local, ...own };
      await writeFile(join(cwd, 'server.yaml'), stringify({ ...config, branch_control_file: join(cwd, 'branch.db') }));
      return ['sql-server', '--config', join(cwd, 'server.yaml')];
    },
    cwd,
    env: {
      DOLT_ROOT_PATH: await preparePrivateRoot(cwd),
      DOLT_ROOT_PASSWORD: password,
      DOLT_DISABLE_EVENT_FLUSH: '1',
      ...UNCOLLECTED,
    },
  });
  const database = local.split('/').at(-1) ?? '';
  const url = `https://localhost:${server.port.remotesapi}/${database}`;
  return {
    url,
    user: 'root',
    password,
    ca,
    sqlPort: server.port.sql,
    log: server.log,
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
}
