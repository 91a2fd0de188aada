import { createServer, type ServerHttp2Session } from 'node:http2';
import { listen } from './listen.ts';

/** A message of gRPC without any field. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/**
 * A server over HTTP/2 that answers a repository `http-N` with a page and the status N, `grpc-N` with the code N of gRPC,
 * and `reset-N` with the end of the stream and the code N of HTTP/2. `empty-0` gets a message without a field.
 */
export async function startAnswering() {
  const server = createServer().on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.once('data', (asked: Buffer) => {
      const [, kind, number = ''] = /(http|grpc|reset|empty)-(\d+)/.exec(asked.toString('latin1')) ?? [];
      const grpc = { 'content-type': 'application/grpc', 'grpc-status': number, 'grpc-message': 'some words' };
      if (kind === 'http') {
        stream.respond({ ':status': Number(number), 'content-type': 'text/html' });
        stream.end('<html>');
      } else if (kind === 'reset') stream.close(Number(number));
      else if (kind === 'empty') {
        stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': number }));
        stream.end(EMPTY_MESSAGE);
      } else stream.respond(grpc, { endStream: true });
    });
  });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  const listening = await listen(server);
  return {
    url: `http://127.0.0.1:${listening.port}`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await listening[Symbol.asyncDispose]();
    },
  };
}
