import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { connect as connectTls } from 'node:tls';
import type { Env } from '../core/env.ts';
import { isSafeAddress } from '../core/secrets.ts';
import { askProxy, NotReached, openDirectly, openThrough } from './dial.ts';
import { canonicalHost, type Target } from './host-rule.ts';
import { jobProxyFor } from './job-proxy.ts';

/** How requests to a service leave the machine, and when they end. */
export interface RequestContext {
  /** Of the job: its proxy is used. */
  readonly env: Env;
  /** Ends a request at any moment, with its connection: an open one would keep the process running. */
  readonly signal: AbortSignal;
  /** How long the service may take to accept a connection, and to answer once the whole request was sent. */
  readonly answerMs?: number;
  /** Whether plain http to other machines is allowed: nothing secret is sent. Absent: only to this machine. */
  readonly mayBePlain?: boolean;
}

/** One request. */
interface Sent {
  readonly url: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body | undefined;
}

/** A text, or the file that holds it. */
type Body = { readonly text: string } | { readonly file: string };

const USER_AGENT = 'dolt-federation';

/**
 * One request on its own connection, by https or to this machine, through the proxy that the rules of `jobProxyFor` give.
 * Redirects are not followed, and nothing is retried.
 * @returns the answer, whose body must be read or destroyed
 * @throws errors of the connection
 */
export async function sendRequest(
  context: RequestContext,
  { url, method, headers, body }: Sent,
): Promise<IncomingMessage> {
  const at = new URL(url);
  if (context.mayBePlain !== true && !isSafeAddress(url)) throw new Error(`${at.hostname} is named without https`);
  const length = body === undefined ? {} : { 'content-length': await lengthOf(body) };
  const asking = await begin(context, at, {
    method,
    headers: { ...headers, ...length, host: at.host, 'user-agent': USER_AGENT },
    signal: context.signal,
  });
  return await new Promise<IncomingMessage>((done, fail) => {
    asking.on('error', fail);
    asking.on('response', done);
    asking.on('finish', () => {
      const stop = onSilence(context, at, (error) => asking.destroy(error));
      for (const event of ['response', 'close']) asking.on(event, stop);
    });
    // A server that refuses an upload may close the connection before the whole body was sent.
    if (body !== undefined && 'file' in body) pipeline(createReadStream(body.file), asking).catch(fail);
    else asking.end(body?.text);
  });
}

type Options = Required<Pick<RequestOptions, 'method' | 'signal'>> & {
  readonly headers: Readonly<Record<string, string | number>>;
};

/** A request that is not sent yet. A proxy gets one for a plain URL itself, and opens a tunnel for the others. */
async function begin(context: RequestContext, at: URL, options: Options): Promise<ClientRequest> {
  const proxy = at.protocol === 'https:' ? null : proxyFor(context, at);
  if (proxy !== null) return askProxy(proxy, { ...options, path: at.href });
  const socket = await connect(context, at);
  return httpRequest({ ...options, path: `${at.pathname}${at.search}`, createConnection: () => socket });
}

function targetOf({ hostname, port, protocol }: URL): Target {
  return { host: canonicalHost(hostname), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

/** @returns null: the job has none for this address @throws Error if it cannot be used */
function proxyFor({ env }: RequestContext, at: URL): URL | null {
  const proxy = jobProxyFor(env, at.protocol === 'https:' ? 'https' : 'http', targetOf(at));
  if (proxy.kind === 'unusable') throw new Error(proxy.why);
  return proxy.kind === 'proxy' ? proxy.url : null;
}

async function lengthOf(body: Body): Promise<number> {
  return 'file' in body ? (await stat(body.file)).size : Buffer.byteLength(body.text);
}

/** Acts on a silent service. @returns stops the wait */
function onSilence({ answerMs }: RequestContext, { hostname }: URL, act: (error: Error) => void): () => void {
  if (answerMs === undefined) return () => undefined;
  const timer = setTimeout(() => act(new NotReached(`${hostname} was silent for ${answerMs / 1000} s`)), answerMs);
  return () => clearTimeout(timer);
}

/** A connection, ready to be written to. It ends with the signal. */
async function connect(context: RequestContext, at: URL): Promise<Socket> {
  const { signal } = context;
  const isTls = at.protocol === 'https:';
  const target = targetOf(at);
  const proxy = isTls ? proxyFor(context, at) : null;
  const late = new AbortController();
  const stop = onSilence(context, at, (error) => late.abort(error));
  const limited = AbortSignal.any([signal, late.signal]);
  try {
    const socket =
      proxy !== null
        ? await openThrough(proxy, target, limited)
        : await openDirectly(target, { plain: !isTls, named: true }, limited);
    return isTls ? await secured(socket, at.hostname.replace(/^\[(.*)\]$/, '$1'), limited) : socket;
  } finally {
    stop();
  }
}

async function secured(socket: Socket, host: string, signal: AbortSignal): Promise<Socket> {
  const tls = connectTls({ socket, ...(isIP(host) === 0 ? { servername: host } : {}), ALPNProtocols: ['http/1.1'] });
  const stop = () => tls.destroy(new NotReached(`${host} did not complete the handshake of TLS`));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await new Promise<void>((done, fail) => {
    tls.once('secureConnect', () => done());
    tls.once('error', fail);
  });
  return tls;
}
