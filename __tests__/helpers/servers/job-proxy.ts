import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** A proxy of a job that resolves every name to this machine. */
export interface JobProxy extends AsyncDisposable {
  /** With a user and a password. */
  readonly url: string;
  /** `CONNECT host:port`, or the method and the host of a plain request. */
  readonly asked: readonly string[];
}

const AUTHORIZATION = `Basic ${Buffer.from('a-user:a-word').toString('base64')}`;

export async function startJobProxy(): Promise<JobProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer((question, answer) => {
    const { host, port, pathname, search } = new URL(question.url ?? '');
    const { 'proxy-authorization': authorization, ...headers } = question.headers;
    asked.push(`${question.method} ${host}${authorization === AUTHORIZATION ? '' : ' without the password'}`);
    const options = { host: '127.0.0.1', port, method: question.method, path: `${pathname}${search}`, headers };
    const sent = request(options, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    sent.on('error', () => answer.destroy());
    question.pipe(sent);
  });
  proxy.on('connect', (question, client, early) => {
    const isLetIn = question.headers['proxy-authorization'] === AUTHORIZATION;
    asked.push(`CONNECT ${question.url}${isLetIn ? '' : ' without the password'}`);
    const server = connect(Number(question.url?.split(':').at(-1)), '127.0.0.1');
    sockets.add(server);
    server.on('error', () => client.destroy());
    client.on('error', () => server.destroy());
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    server.write(early);
    client.pipe(server).pipe(client);
  });
  proxy.on('connection', (socket) => sockets.add(socket));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://a-user:a-word@127.0.0.1:${address.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
