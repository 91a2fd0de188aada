import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { Certificates } from './certificates.ts';

/** A proxy in front of a remotesrv, or of a server of Dolt over TLS, that changes the addresses of table files in its answers. */
export interface NamingFront extends AsyncDisposable {
  readonly port: number;
  /** The first line of each request for a table file. */
  readonly requests: readonly string[];
}

interface Options {
  /** Port of the remotesrv, or of the server over TLS. */
  readonly upstream: number;
  /** Whether the upstream speaks TLS; it gives the address that it was asked at for table files. Absent: no. */
  readonly upstreamTls?: boolean;
  /**
   * The replacement of the address that the remotesrv gives for table files, `peer.example` with its own port; it has
   * to be as long. Absent: the front's own address.
   */
  readonly names?: string;
  /** The host that clients ask for; absent: `peer.example`. */
  readonly host?: string;
  /** Redirects requests for table files to this address. */
  readonly redirectTo?: string;
  /** The raw answer to a request for a table file; empty: the connection ends. */
  readonly answer?: string;
  /** Absent: plain. */
  readonly certificates?: Certificates;
}

const HOST = 'peer.example';

export async function startNamingFront(options: Options): Promise<NamingFront> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const host = options.host ?? HOST;
  let given = `${host}:${options.upstream}`;
  let named = options.names ?? given;
  const serve = (client: Socket): void => {
    sockets.add(client);
    client.on('error', () => client.destroy());
    client.once('data', (first: Buffer) => {
      const line = first.toString('latin1').split('\r\n')[0] ?? '';
      const isTableFile = !line.startsWith('PRI ');
      if (isTableFile) requests.push(line);
      if (isTableFile && options.answer !== undefined) {
        client.end(options.answer);
        return;
      }
      if (isTableFile && options.redirectTo !== undefined) {
        client.end(`HTTP/1.1 307 Temporary Redirect\r\nLocation: ${options.redirectTo}\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      const to = { port: options.upstream, host: '127.0.0.1' };
      const server =
        options.upstreamTls === true
          ? connectTls({ ...to, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
          : connect(to);
      sockets.add(server);
      server.on('error', () => client.destroy());
      server.write(first);
      client.pipe(server);
      const rename = renaming(given, named);
      server.on('data', (answer: Buffer) => client.write(rename(answer)));
      server.on('end', () => client.end());
    });
  };
  const { certificates } = options;
  const server =
    certificates === undefined
      ? createServer(serve)
      : createTlsServer(
          {
            cert: await readFile(certificates.cert),
            key: await readFile(certificates.key),
            ALPNProtocols: ['h2', 'http/1.1'],
          },
          serve,
        );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  if (options.upstreamTls === true) given = `${host}:${address.port}`;
  named = options.names ?? `${host}:${address.port}`;
  if (named.length !== given.length) throw new Error(`${named} is not as long as ${given}`);
  return {
    port: address.port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A text that ends with the beginning of the name waits for more, because a read may end in the middle of it. */
const LETTERS = 4;

/** Replaces a name in a stream of chunks. */
export function renaming(from: string, to: string): (chunk: Buffer) => Buffer {
  let kept = '';
  return (chunk) => {
    const text = (kept + chunk.toString('latin1')).replaceAll(from, to);
    kept = '';
    for (let length = from.length - 1; length >= LETTERS && kept === ''; length -= 1)
      if (text.endsWith(from.slice(0, length))) kept = from.slice(0, length);
    return Buffer.from(text.slice(0, text.length - kept.length), 'latin1');
  };
}
