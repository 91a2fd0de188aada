import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Env } from '../core/env.ts';
import { Failure } from '../core/failure.ts';
import type { Secrets } from '../core/secrets.ts';
import type { Reach } from './host-rule.ts';
import { Passes } from './passes.ts';
import { passOn } from './plain-request.ts';
import { OpenConnections } from './relay.ts';
import { answer, IDLE_MS, openTunnel } from './tunnel.ts';

/** A proxy on loopback that lets one engine reach only the hosts of its peers. */
export interface FilteringProxy {
  /** Environment variables that make Dolt, git and cloud libraries use it. The address contains a secret. */
  readonly variables: Readonly<Record<string, string>>;
  /** See `Passes.during`. */
  during<T>(reach: Reach, work: () => Promise<T>): Promise<T>;
  /** Closes every connection, then itself. */
  close(): Promise<void>;
}

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 1024;
const HEADERS_MS = 30_000;
/** Longer than Go keeps a connection (90 s), so that none is closed when a request is sent. */
const KEEP_ALIVE_MS = 120_000;
const USER = 'engine';

/**
 * @param env of the job, whose own proxy is used if there is one
 * @param secrets gets the secret of the address
 * @param mayLackAnswer see `Passes`
 */
export async function openFilteringProxy(
  env: Env,
  secrets: Pick<Secrets, 'add'>,
  mayLackAnswer: (failure: Failure) => boolean,
): Promise<FilteringProxy> {
  const secret = randomBytes(24).toString('base64url');
  const inHeader = Buffer.from(`${USER}:${secret}`).toString('base64');
  for (const form of [secret, inHeader]) secrets.add(form);
  const isEngine = guard(inHeader);
  const agent = new Agent({ keepAlive: true });
  const open = new OpenConnections();
  const onEnd = (): void => {
    open.endUnless((target) => passes.permission(target) !== null);
    if (passes.areNone) agent.destroy();
  };
  const passes = new Passes(onEnd, mayLackAnswer);
  const relay = { env, passes, agent, open };
  // A large table file takes long; only the headers have a time limit.
  const times = { headersTimeout: HEADERS_MS, requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS };
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, ...times };
  const server = createServer(limits, (incoming, response) => {
    if (isEngine(incoming)) passOn(relay, incoming, response);
    else response.writeHead(407, { 'Proxy-Authenticate': CHALLENGE }).end();
  });
  server.on('connect', (incoming, client, early) => {
    // A client that resets its connection.
    client.on('error', () => client.destroy());
    if (isEngine(incoming)) void openTunnel(relay, incoming, client, early);
    else answer(client, '407 Proxy Authentication Required', `Proxy-Authenticate: ${CHALLENGE}\r\n`);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  const clients = new Set<Socket>();
  server.on('connection', (client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Failure('engine-start', 'no TCP port is free', {
      hint: 'Close programs that listen on many ports of 127.0.0.1, then run again.',
    });
  return {
    variables: variables(`http://${USER}:${secret}@127.0.0.1:${address.port}`),
    during: (reach, work) => passes.during(reach, work),
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      open.endUnless(() => false);
      for (const client of clients) client.destroy();
      agent.destroy();
      await closed;
    },
  };
}

const CHALLENGE = 'Basic realm="dolt-federation"';

/** Distinguishes the engine from other programs of this machine. */
function guard(inHeader: string): (incoming: IncomingMessage) => boolean {
  const expected = Buffer.from(`Basic ${inHeader}`);
  return ({ headers }) => {
    const given = Buffer.from(headers['proxy-authorization'] ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
}

/** Go and libcurl bypass a proxy for hosts in NO_PROXY; Go always does for loopback (golang.org/x/net). */
function variables(address: string): Readonly<Record<string, string>> {
  const through = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].map((name) => [name, address] as const);
  return { ...Object.fromEntries(through), NO_PROXY: '', no_proxy: '' };
}
