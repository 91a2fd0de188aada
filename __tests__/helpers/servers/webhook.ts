import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './listen.ts';

/** A service that accepts messages, as a chat or an alerting service does. */
export interface WebhookServer extends AsyncDisposable {
  readonly url: string;
  /** The bodies of all requests. */
  readonly bodies: readonly string[];
  /** Resolves when it has the first message. */
  readonly asked: Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly location?: string;
}

/** @param answers of the first requests; `silent`: none at all. Later ones get 204. */
export async function startWebhook(answers: readonly (Answer | 'silent')[] = []): Promise<WebhookServer> {
  const bodies: string[] = [];
  let reportAsked: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    reportAsked = resolve;
  });
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const given = answers[bodies.push(body) - 1];
      reportAsked();
      if (given === 'silent') return;
      const { status, ...headers } = given ?? { status: 204 };
      response.writeHead(status, headers).end();
    })();
  });
  const listening = await listen(server);
  return { ...listening, url: `http://127.0.0.1:${listening.port}`, bodies, asked };
}
