import { open, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { limitedText } from '../core/budget.ts';
import { type RequestContext, sendRequest } from '../egress/https-request.ts';

/** An answer of the service is a few hundred bytes. */
const MAX_TEXT_BYTES = 64 * 1024;
const CONFLICT = 409;
/** The version of the protocol of Azure Blob Storage; since 2019-12-12 one request takes up to 5,000 MiB. */
const AZURE_VERSION = '2021-12-02';

/**
 * Calls the service with JSON.
 * @returns its answer; null: what should be created exists
 * @throws errors of the connection, an Error for any other refusal and if the answer is not JSON
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

/** @throws errors of the connection, an Error for a refusal. The service sends no redirects. */
async function send(context: RequestContext, sent: Parameters<typeof sendRequest>[1]): Promise<IncomingMessage> {
  const answer = await sendRequest(context, sent);
  const status = answer.statusCode ?? 0;
  if ((status >= 200 && status < 300) || status === CONFLICT) return answer;
  answer.destroy();
  throw new Error(`${new URL(sent.url).hostname} answered ${status}`);
}
