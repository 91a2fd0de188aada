import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import type { ServerTls } from './certificates.ts';

/** The requests that a step makes of the service and of the storage behind it. */
export type CacheRequest =
  | 'GetCacheEntryDownloadURL'
  | 'CreateCacheEntry'
  | 'FinalizeCacheEntryUpload'
  | 'download'
  | 'upload';

/** The fault of a request: a status, a refusal, no answer, half of the body, or an endless body, byte by byte. */
export type CacheFault = number | 'denied' | 'silent' | 'cut' | 'trickle';

/** GitHub's cache service, version 2, with its storage. It checks what GitHub checks. */
export interface StubCache extends AsyncDisposable {
  readonly url: string;
  /** The variables that a runner gives to a step of JavaScript. */
  readonly env: Readonly<Record<string, string>>;
  /** The content of each entry by key, oldest first. */
  readonly entries: Map<string, Buffer>;
  readonly requests: CacheRequest[];
  readonly faults: Map<CacheRequest, CacheFault>;
  /** The newest key with this prefix. */
  keyOf(beginning: string): string | undefined;
  /** Lets the next request of this kind wait until it is released. */
  hold(request: CacheRequest): { readonly arrived: Promise<void>; release(): void };
}

export const CACHE_TOKEN = 'runtime-token-of-the-job-0123456789';
const SIGNATURE = 'sig=0123456789abcdef';

const request = z.strictObject({
  key: z
    .string()
    .min(1)
    .max(512)
    .regex(/^[^,]+$/),
  version: z.string().min(1),
  restore_keys: z.array(z.string()).max(9).default([]),
  size_bytes: z.string().optional(),
});

export async function startCacheService(tls?: ServerTls): Promise<StubCache> {
  const entries = new Map<string, Buffer>();
  const versions = new Map<string, string>();
  const uploads = new Map<string, { readonly key: string; bytes: Buffer | null }>();
  const requests: CacheRequest[] = [];
  const faults = new Map<CacheRequest, CacheFault>();
  const held = new Map<CacheRequest, () => Promise<void>>();
  let url = '';

  const keyOf = (beginning: string) => [...entries.keys()].reverse().find((key) => key.startsWith(beginning));
  const json = (response: ServerResponse, value: unknown) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  const serve = async (name: CacheRequest, asked: IncomingMessage, response: ServerResponse) => {
    const sent = await buffer(asked);
    const path = asked.url ?? '';
    const own = tls === undefined ? `http://${asked.headers.host}` : url;
    if (name === 'download') {
      const bytes = entries.get(decodeURIComponent(/\/blob\/([^?]+)\?/.exec(path)?.[1] ?? ''));
      if (bytes === undefined) return void response.writeHead(404).end();
      return void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    }
    if (name === 'upload') {
      const upload = uploads.get(/\/upload\/(\d+)\?/.exec(path)?.[1] ?? '');
      if (upload === undefined || asked.headers['x-ms-blob-type'] !== 'BlockBlob')
        return void response.writeHead(400).end();
      upload.bytes = sent;
      return void response.writeHead(201).end();
    }
    const { key, version, restore_keys, size_bytes } = request.parse(JSON.parse(sent.toString('utf8')));
    if (name === 'GetCacheEntryDownloadURL') {
      const found = entries.has(key) ? key : [key, ...restore_keys].map(keyOf).find((one) => one !== undefined);
      if (found === undefined || (versions.get(found) ?? version) !== version) return json(response, { ok: false });
      const at = `${own}/blob/${encodeURIComponent(found)}?${SIGNATURE}`;
      return json(response, { ok: true, signed_download_url: at, matched_key: found });
    }
    if (name === 'CreateCacheEntry') {
      const isTaken = entries.has(key) || [...uploads.values()].some((upload) => upload.key === key);
      if (isTaken) return void response.writeHead(409).end('{"code":"already_exists","msg":"taken"}');
      const id = String(uploads.size + 1);
      uploads.set(id, { key, bytes: null });
      return json(response, { ok: true, signed_upload_url: `${own}/upload/${id}?${SIGNATURE}` });
    }
    const { bytes } = [...uploads.values()].reverse().find((one) => one.key === key) ?? { bytes: null };
    if (bytes === null || String(bytes.length) !== size_bytes) return json(response, { ok: false });
    entries.set(key, bytes);
    versions.set(key, version);
    return json(response, { ok: true, entry_id: '7' });
  };
  const fail = async (fault: CacheFault, asked: IncomingMessage, response: ServerResponse) => {
    if (fault === 'silent') return;
    if (fault === 'denied') {
      await buffer(asked);
      return json(response, { ok: false, message: 'cache write denied: token has no writable scopes' });
    }
    if (typeof fault === 'number') {
      await buffer(asked);
      response.writeHead(fault, { 'content-type': 'application/json' }).end('{"code":"failed","msg":"no"}');
      return;
    }
    const bytes = entries.values().next().value ?? Buffer.alloc(100);
    response.writeHead(200, { 'content-length': bytes.length });
    if (fault === 'cut') response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    else {
      let sent = 0;
      const timer = setInterval(() => {
        response.write(bytes.subarray(sent, sent + 1));
        sent += 1;
      }, 20);
      response.on('close', () => clearInterval(timer));
    }
  };
  const listener = (asked: IncomingMessage, response: ServerResponse) => {
    const path = asked.url ?? '';
    const method = /^\/twirp\/github\.actions\.results\.api\.v1\.CacheService\/(\w+)$/.exec(path)?.[1];
    const name = z
      .enum(['GetCacheEntryDownloadURL', 'CreateCacheEntry', 'FinalizeCacheEntryUpload', 'download', 'upload'])
      .parse(method ?? (path.startsWith('/blob/') ? 'download' : 'upload'));
    requests.push(name);
    // The storage uses signatures, and never gets the token.
    const isAllowed =
      method === undefined
        ? path.endsWith(SIGNATURE) && asked.headers.authorization === undefined
        : asked.headers.authorization === `Bearer ${CACHE_TOKEN}`;
    const fault = isAllowed ? faults.get(name) : 401;
    const wait = held.get(name);
    held.delete(name);
    const answer = async () => {
      await wait?.();
      await (fault === undefined ? serve(name, asked, response) : fail(fault, asked, response));
    };
    answer().catch((thrown: unknown) => response.writeHead(500).end(String(thrown)));
  };
  const files = tls === undefined ? null : { cert: await readFile(tls.cert), key: await readFile(tls.key) };
  const server = files === null ? createServer(listener) : createSecureServer(files, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `${tls === undefined ? 'http://127.0.0.1' : `https://${tls.host}`}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: { ACTIONS_RESULTS_URL: `${url}/`, ACTIONS_RUNTIME_TOKEN: CACHE_TOKEN, ACTIONS_CACHE_SERVICE_V2: 'true' },
    entries,
    requests,
    faults,
    keyOf,
    hold(request) {
      const gate = new AbortController();
      const arrived = new Promise<void>((arrive) => {
        held.set(request, async () => {
          arrive();
          if (!gate.signal.aborted) await once(gate.signal, 'abort');
        });
      });
      return { arrived, release: () => gate.abort() };
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
