import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { ServerTls } from './servers/certificates.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

type Reply = (response: ServerResponse, headers: IncomingHttpHeaders) => void;

/** A server on this machine that answers as GitHub or a mirror does, and records its requests. */
export interface ReleaseHost extends AsyncDisposable {
  readonly url: string;
  readonly seen: Seen[];
  /** The number of connections, for any request. */
  connections(): number;
  /** Serves a reply at a path; all other paths are 404. Later replies replace earlier ones. */
  on(path: string, reply: Reply): void;
}

/** @param tls absent: it speaks plain http */
export async function releaseHost(tls?: ServerTls): Promise<ReleaseHost> {
  const replies = new Map<string, Reply>();
  const seen: Seen[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    seen.push({ method: request.method ?? '', path, headers: request.headers });
    (replies.get(path) ?? says(404))(response, request.headers);
  };
  const server =
    tls === undefined
      ? createServer(listener)
      : createSecureServer({ cert: await readFile(tls.cert), key: await readFile(tls.key) }, listener);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `${tls === undefined ? 'http://127.0.0.1' : `https://${tls.host}`}:${address.port}`,
    seen,
    connections: () => connections,
    on: (path, reply) => replies.set(path, reply),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The address of a host that does not listen (any more). */
export async function closedHost(): Promise<string> {
  await using host = await releaseHost();
  return host.url;
}

export const says =
  (status: number, body: string | Buffer = ''): Reply =>
  (response) => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
  };

export const sendsJson = (value: unknown): Reply => says(200, JSON.stringify(value));

export const sendsFile =
  (file: string): Reply =>
  (response) => {
    response.writeHead(200, { 'content-length': statSync(file).size });
    createReadStream(file).pipe(response);
  };

export const redirects =
  (location: string): Reply =>
  (response) => {
    response.writeHead(302, { location }).end();
  };

/** Announces the full length and sends half of it. */
export const breaksOff =
  (body: Buffer): Reply =>
  (response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
  };
