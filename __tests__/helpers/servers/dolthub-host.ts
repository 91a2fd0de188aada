import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificates, makeCertificates } from './certificates.ts';
import { startRemotesrv } from './remotesrv.ts';
import { startServerProcess } from './server-process.ts';
import { serverProgram } from './server-program.ts';

/** A host that speaks DoltHub's protocol over TLS: nginx in front of a remotesrv. */
export interface DolthubHost extends AsyncDisposable {
  /** Replaces DoltHub: `localhost:PORT`. */
  readonly host: string;
  /** A remote is `${url}/org/repo`. */
  readonly url: string;
  /** PEM file of the authority; the client trusts it through SSL_CERT_FILE. */
  readonly ca: string;
  /** The requests so far: method, path, status and the Authorization header. */
  asked(): Promise<readonly string[]>;
}

interface Place {
  readonly cwd: string;
  readonly tls: number;
  readonly upstream: number;
  readonly certificates: Certificates;
  /** Id of the only key that is accepted; null: all are. */
  readonly kid: string | null;
}

/** Only the RPC requests use TLS: remotesrv gives the addresses of table files with its own port, as DoltHub does. */
const configuration = ({ cwd, tls, upstream, certificates, kid }: Place): string => `daemon off;
master_process off;
pid ${cwd}/nginx.pid;
events {}
http {
  log_format asked '$request_method $request_uri $status $http_authorization';
  access_log ${cwd}/access.log asked;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${cwd}/${name};`).join(' ')}
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${tls} ssl http2;
    ssl_certificate ${certificates.cert};
    ssl_certificate_key ${certificates.key};
    ${kid === null ? '' : `if ($http_authorization !~ "^Bearer ${tokenStart(kid)}") { return 401; }`}
    location / { grpc_pass grpc://127.0.0.1:${upstream}; }
  }
}
`;

/** The prefix of every token that a key signed: the part of its header that base64 encodes in whole groups. */
function tokenStart(kid: string): string {
  const header = Buffer.from(`{"alg":"EdDSA","dolt_token_version":"2023.01","kid":"${kid}"`);
  return header.subarray(0, header.length - (header.length % 3)).toString('base64url');
}

/** @param kid id of the only key that is accepted; null: all are */
export async function startDolthubHost(folder: string, kid: string | null = null): Promise<DolthubHost> {
  const certificates = await makeCertificates(folder);
  const cwd = await mkdtemp(join(folder, 'nginx-'));
  const remotesrv = await startRemotesrv(folder);
  const nginx = await startServerProcess({
    command: serverProgram('NGINX'),
    ports: ['tls'],
    args: async ({ tls }) => {
      const place = { cwd, tls, upstream: remotesrv.port.http, certificates, kid };
      await writeFile(join(cwd, 'nginx.conf'), configuration(place));
      return ['-p', cwd, '-c', join(cwd, 'nginx.conf'), '-e', join(cwd, 'error.log')];
    },
    cwd,
  }).catch(async (thrown: unknown) => {
    await remotesrv[Symbol.asyncDispose]();
    throw thrown;
  });
  const host = `localhost:${nginx.port.tls}`;
  return {
    host,
    url: `https://${host}`,
    ca: certificates.ca,
    asked: async () => (await readFile(join(cwd, 'access.log'), 'utf8')).trimEnd().split('\n'),
    async [Symbol.asyncDispose]() {
      await nginx[Symbol.asyncDispose]();
      await remotesrv[Symbol.asyncDispose]();
    },
  };
}
