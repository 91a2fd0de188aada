import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { connect as connectTls } from 'node:tls';
import { limitedText } from '../core/budget.ts';
import type { Env } from '../core/env.ts';
import { isSafeAddress } from '../core/secrets.ts';
import { openDirectly, openThrough } from '../egress/dial.ts';
import type { Target } from '../egress/host-rule.ts';
import { jobProxyFor } from '../egress/job-proxy.ts';

/** How requests of the cache leave the machine, and when they end. */
export interface RequestContext {
  /** Of the job: its proxy is used. */
  readonly env: Env;
  /** Ends a request at any moment, with its connection: an open one would keep the step running. */
  readonly signal: AbortSignal;
  /** How long the service may take to accept a connection, and to answer once the whole request was sent. */
  readonly answerMs: number;
}

interface Sent {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
}

/** A text, or the file that holds it. */
type Body = { readonly text: string } | { readonly file: string };

/** An answer of the service is a few hundred bytes. */
const MAX_TEXT_BYTES = 64 * 1024;
const CONFLICT = 409;
const USER_AGENT = 'dolt-federation';
/** The version of the protocol of Azure Blob Storage; since 2019-12-12 one request takes up to 5,000 MiB. */
const AZURE_VERSION = '2021-12-02';

/**
 * Calls the service with JSON.
 * @returns its answer; null: what should be created exists
 * @throws errors of the connection, an Error for any other refusal and if the answer is no JSON
 */
export async function postJson(
  context: RequestContext,
  to: { readonly url: string; readonly token: string },
  value: unknown,
) {
  const headers = {
    authorization: `Bearer ${to.token}`,
    'content-type': 'application/json',
    accept: 'application/json',
  };
  const answer = await send(context, { url: to.url, method: 'POST', headers, body: { text: JSON.stringify(value) } });
  if (answer.statusCode === CONFLICT) {
    answer.destroy();
    return null;
  }
  const parsed: unknown = JSON.parse(await limitedText(answer, MAX_TEXT_BYTES));
  return parsed;
}

/** Writes the body of an address to a file. @throws errors of the connection; no file remains */
export async function downloadTo(
  context: RequestContext,
  from: { readonly url: string; readonly maxBytes: number },
  file: string,
) {
  const answer = await send(context, { url: from.url, method: 'GET', headers: {} });
  let bytes = 0;
  const counted = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > from.maxBytes) throw new Error(`the entry is larger than ${from.maxBytes} bytes`);
      yield chunk;
    }
  };
  try {
    // A stream that opens the file later could create it after its removal below.
    const handle = await open(file, 'wx', 0o600);
    await pipeline(answer, counted, handle.createWriteStream(), { signal: context.signal });
    const promised = Number(answer.headers['content-length'] ?? bytes);
    if (promised !== bytes) throw new Error(`the entry broke off after ${bytes} of ${promised} bytes`);
  } catch (thrown) {
    answer.destroy();
    await rm(file, { force: true });
    throw thrown;
  }
}

/** Sends a file as one blob. @throws errors of the connection */
export async function uploadFrom(context: RequestContext, url: string, file: string): Promise<void> {
  const headers = {
    'x-ms-blob-type': 'BlockBlob',
    'x-ms-version': AZURE_VERSION,
    'content-type': 'application/octet-stream',
  };
  (await send(context, { url, method: 'PUT', headers, body: { file } })).destroy();
}

/** One request on its own connection. Redirects are not followed: the service sends none. */
async function send(context: RequestContext, sent: Sent): Promise<IncomingMessage> {
  const at = new URL(sent.url);
  if (!isSafeAddress(sent.url)) throw new Error(`${at.hostname} is named without https`);
  const { body } = sent;
  const length = body === undefined ? {} : { 'content-length': await lengthOf(body) };
  const socket = await connect(context, at);
  const answer = await new Promise<IncomingMessage>((done, fail) => {
    const asking = httpRequest({
      method: sent.method,
      path: `${at.pathname}${at.search}`,
      headers: { ...sent.headers, ...length, host: at.host, 'user-agent': USER_AGENT },
      createConnection: () => socket,
      signal: context.signal,
    });
    asking.on('error', fail);
    asking.on('response', done);
    asking.on('finish', () => {
      const timer = setTimeout(() => asking.destroy(silent(at, context)), context.answerMs);
      for (const event of ['response', 'close']) asking.on(event, () => clearTimeout(timer));
    });
    // A server that refuses an upload may close the connection before the whole body was sent.
    if (body !== undefined && 'file' in body) pipeline(createReadStream(body.file), asking).catch(fail);
    else asking.end(body?.text);
  });
  const status = answer.statusCode ?? 0;
  if ((status >= 200 && status < 300) || status === CONFLICT) return answer;
  answer.destroy();
  throw new Error(`${at.hostname} answered ${status}`);
}

async function lengthOf(body: Body): Promise<number> {
  return 'file' in body ? (await stat(body.file)).size : Buffer.byteLength(body.text);
}

function silent({ hostname }: URL, { answerMs }: RequestContext): Error {
  return new Error(`${hostname} was silent for ${answerMs / 1000} s`);
}

/** A connection, ready to be written to. It ends with the signal. */
async function connect(context: RequestContext, at: URL): Promise<Socket> {
  const { env, signal } = context;
  const isTls = at.protocol === 'https:';
  const host = at.hostname.replace(/^\[(.*)\]$/, '$1');
  const target: Target = { host, port: Number(at.port) || (isTls ? 443 : 80) };
  const proxy = isTls ? jobProxyFor(env, 'https', target) : ({ kind: 'direct' } as const);
  if (proxy.kind === 'unusable') throw new Error(proxy.why);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(silent(at, context)), context.answerMs);
  const limited = AbortSignal.any([signal, late.signal]);
  try {
    const socket =
      proxy.kind === 'proxy'
        ? await openThrough(proxy.url, target, limited)
        : await openDirectly(target, { plain: !isTls, named: true }, limited);
    return isTls ? await secured(socket, host, limited) : socket;
  } finally {
    clearTimeout(timer);
  }
}

async function secured(socket: Socket, host: string, signal: AbortSignal): Promise<Socket> {
  const tls = connectTls({ socket, ...(isIP(host) === 0 ? { servername: host } : {}), ALPNProtocols: ['http/1.1'] });
  const stop = () => tls.destroy(new Error(`${host} did not complete the handshake of TLS`));
  signal.addEventListener('abort', stop, { once: true });
  await new Promise<void>((done, fail) => {
    tls.once('secureConnect', () => done());
    tls.once('error', fail);
  });
  return tls;
}
