import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/** A service that takes messages, as a chat or an alerting service does. */
export interface WebhookServer extends AsyncDisposable {
  readonly url: string;
  /** The bodies of all requests. */
  readonly bodies: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly location?: string;
}

/** @param answers of the first requests; `silent`: none at all. Later ones get 204. */
export async function startWebhook(answers: readonly (Answer | 'silent')[] = []): Promise<WebhookServer> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const given = answers[bodies.push(body) - 1];
      if (given === 'silent') return;
      const { status, ...headers } = given ?? { status: 204 };
      response.writeHead(status, headers).end();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    bodies,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
