import { createServer } from 'node:http';
import { listen } from './listen.ts';

/** A proxy that refuses every request. */
export interface RefusingProxy extends AsyncDisposable {
  readonly url: string;
  /** Host and port of each tunnel that was asked for. */
  readonly asked: readonly string[];
}

export async function startRefusingProxy(): Promise<RefusingProxy> {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  const listening = await listen(proxy);
  return { ...listening, url: `http://127.0.0.1:${listening.port}`, asked };
}
