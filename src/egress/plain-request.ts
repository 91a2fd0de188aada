import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { askProxy, directOptions } from './dial.ts';
import { parseTarget, type Target } from './host-rule.ts';
import { Refusal } from './passes.ts';
import { jobProxy, problemOf, type Relay } from './relay.ts';

/** Headers of one connection that are not forwarded (RFC 9110, 7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * An answer with an invalid header. Dolt's error for it names the URL, and so the operation that was refused; an error
 * for a status does not (2.3.0, measured). Git takes the status or the header.
 */
const REFUSAL = 'HTTP/1.1 403 Refused by dolt-federation\r\nrefused by dolt-federation\r\nConnection: close\r\n\r\n';

/** Forwards a request for a plain http URL. */
export function passOn(relay: Relay, incoming: IncomingMessage, answer: ServerResponse): void {
  const [, authority = '', path = ''] = /^http:\/\/([^/?#]*)(.*)$/is.exec(incoming.url ?? '') ?? [];
  const target = parseTarget(authority, 80);
  if (target === null) {
    answer.writeHead(400).end();
    return;
  }
  const fail = (thrown: unknown): void => {
    // A client that closed the connection needs no answer.
    if (answer.destroyed) return;
    const problem = problemOf(thrown);
    relay.passes.record(target, problem);
    if (answer.headersSent) answer.destroy();
    else if (problem.kind === 'unreached') answer.writeHead(502, 'Bad Gateway').end();
    else answer.socket?.end(REFUSAL);
  };
  try {
    const sent = begin(relay, incoming, { target, path: path.startsWith('/') ? path : `/${path}` });
    const forget = relay.open.add(target, () => sent.destroy());
    sent.on('response', (response) => {
      try {
        answer.writeHead(response.statusCode ?? 502, response.statusMessage, headerLines(response).flat());
      } catch (thrown) {
        // Node reads a status below 100 and control characters in its text, but does not write them.
        sent.destroy();
        fail(thrown);
        return;
      }
      pipeline(response, answer, () => undefined);
    });
    sent.on('upgrade', (_, socket) => {
      socket.destroy();
      fail(new Error('it changed the protocol of the connection'));
    });
    sent.on('error', fail);
    sent.on('close', forget);
    answer.on('close', () => sent.destroy());
    pipeline(incoming, sent, () => undefined);
  } catch (thrown) {
    fail(thrown);
  }
}

/** @throws Refusal, Error if the job's proxy cannot be used */
function begin(relay: Relay, incoming: IncomingMessage, to: { readonly target: Target; path: string }): ClientRequest {
  const { target, path } = to;
  const permission = relay.passes.require(target);
  if (!permission.plain) throw new Refusal({ kind: 'plain' });
  const options = { method: incoming.method ?? 'GET', headers: headersOf(incoming) };
  const proxy = jobProxy(relay, 'http', target);
  if (proxy !== null) return askProxy(proxy, { ...options, path: incoming.url ?? '' });
  const { agent } = relay;
  return request({ ...options, ...directOptions(target, permission), path, setHost: false, agent });
}

/** The headers to forward, in their order and spelling, because some services sign them. */
function headerLines({ rawHeaders, headers }: IncomingMessage): readonly (readonly [name: string, value: string])[] {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  );
  return lines.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !named.includes(name.toLowerCase()));
}

function headersOf(incoming: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of headerLines(incoming)) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
