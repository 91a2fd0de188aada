import { once } from 'node:events';
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';

/** A server that repeats the headers that it got. */
export async function startEcho() {
  const server = createHttpServer((asked, answer) => {
    asked.resume();
    asked.on('end', () => answer.writeHead(200, { 'X-Own': 'yes' }).end(JSON.stringify(asked.rawHeaders)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: portOf(server.address()), [Symbol.asyncDispose]: async () => void server.close() };
}

/** A server that sends back what it gets. */
export async function startTcpEcho() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A server that answers the same text to everything. */
export async function startSaying(text: string) {
  const server = createServer(
    (socket) => void socket.on('error', () => undefined).once('data', () => socket.end(text, 'latin1')),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: portOf(server.address()), [Symbol.asyncDispose]: async () => void server.close() };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const authorization = ({ username, password }: URL) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** Asks the proxy for an address of plain http. */
export async function get(url: URL, path: string, headers: Readonly<Record<string, string>> = {}) {
  const own = { 'Proxy-Authorization': authorization(url), ...headers };
  const asking = request({ host: url.hostname, port: url.port, path, headers: own, agent: false });
  asking.end();
  const [answer] = await once(asking, 'response');
  let body = '';
  for await (const chunk of answer) body += chunk;
  return { status: answer.statusCode, headers: answer.headers, body };
}

/** Opens a tunnel and sends a text; returns all received data, or the first `enough` characters. */
export async function tunnel(url: URL, target: string, sent: string, enough = Number.POSITIVE_INFINITY) {
  const socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => undefined);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: ${authorization(url)}\r\n\r\n`);
  const [head] = await once(socket, 'data');
  let came = '';
  const ended = once(socket, 'close');
  const filled = new Promise<void>((done) => {
    socket.on('data', (bytes: Buffer) => {
      came += bytes.toString('latin1');
      if (came.length >= enough) done();
    });
  });
  socket.write(sent, 'latin1');
  await Promise.race([ended, filled]);
  return { status: String(head).split('\r\n')[0], came, socket, ended };
}
