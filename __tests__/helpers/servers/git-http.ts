import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { readEnv } from '../../../src/core/env.ts';
import type { Certificates } from './certificates.ts';
import { serverProgram } from './server-program.ts';

/** A git host over smart HTTP that requires the token, as GitHub does. */
export interface GitHttp extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or `https://` with certificates, to be followed by the path of a repository below the root. */
  readonly url: string;
  readonly port: number;
  /** Method and path of each request, with its status. */
  readonly requests: readonly string[];
  /** From now on every push is refused: 403, as for a token that may only read. */
  refusePushes(): void;
  /** From now on no push gets an answer. */
  stallPushes(): void;
}

export interface GitHttpOptions {
  /** Folder that holds the repositories. */
  readonly root: string;
  /** Password of the user `x-access-token`; absent: access is open. */
  readonly token?: string;
  /** Absent: plain HTTP. */
  readonly certificates?: Certificates;
}

export async function startGitHttp({ root, token, certificates }: GitHttpOptions): Promise<GitHttp> {
  const requests: string[] = [];
  let pushes: 'served' | 'refused' | 'stalled' = 'served';
  const expected =
    token === undefined ? undefined : `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const listener: RequestListener = (request, response) => {
    response.on('finish', () => requests.push(`${request.method} ${request.url} ${response.statusCode}`));
    const isPush = /git-receive-pack/.test(request.url ?? '');
    if (expected !== undefined && request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    } else if (isPush && pushes === 'stalled') {
      request.resume();
    } else if (isPush && pushes === 'refused') {
      response.writeHead(403).end('Permission to org/repo.git denied to a-bot.');
    } else {
      serve(root, request, response);
    }
  };
  const server = certificates === undefined ? createServer(listener) : await tlsServer(certificates, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `${certificates === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    refusePushes() {
      pushes = 'refused';
    },
    stallPushes() {
      pushes = 'stalled';
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function tlsServer({ cert, key }: Certificates, listener: RequestListener) {
  return createTlsServer({ cert: await readFile(cert), key: await readFile(key) }, listener);
}

/** Runs git's CGI program for one request. */
function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const header = (name: string) => String(request.headers[name] ?? '');
  const cgi = spawn(serverProgram('GIT'), ['-c', 'safe.directory=*', 'http-backend'], {
    env: {
      PATH: readEnv()['PATH'] ?? '',
      HOME: root,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? '',
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      ...(header('content-length') === '' ? {} : { CONTENT_LENGTH: header('content-length') }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
    // git starts the program itself as a child, which runs forever on half a request (2.39.5), so both have to end.
    detached: true,
  });
  const end = (): void => {
    if (cgi.pid !== undefined && cgi.exitCode === null && cgi.signalCode === null) process.kill(-cgi.pid, 'SIGKILL');
  };
  // The request ends when its client disconnects.
  cgi.stdin.on('error', end);
  response.on('close', () => {
    if (!response.writableFinished) end();
  });
  request.pipe(cgi.stdin);
  const chunks: Buffer[] = [];
  cgi.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  cgi.on('close', () => answer(Buffer.concat(chunks), response));
}

/** Turns what a CGI program printed into an answer. */
function answer(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf('\r\n\r\n');
  const lines = end < 0 ? [] : output.subarray(0, end).toString().split('\r\n');
  const headers = lines.map(
    (line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const,
  );
  const status = headers.find(([name]) => name === 'Status')?.[1] ?? (end < 0 ? '500' : '200');
  for (const [name, value] of headers) if (name !== 'Status') response.setHeader(name, value);
  response.writeHead(Number.parseInt(status, 10)).end(end < 0 ? '' : output.subarray(end + 4));
}
