import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server that refuses every request and records its credentials. */
export interface RecordingServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly Recorded[];
}

interface Options {
  /** Redirects every request to this address instead of refusing it. */
  readonly redirectTo?: string;
  /** Speaks HTTP/2 without TLS, as Dolt does with its own remotes over http. */
  readonly http2?: boolean;
  /** Refuses every request, with its secret in plain text as the reason. */
  readonly repeats?: boolean;
  /** Address of this machine to listen on. */
  readonly at?: string;
}

export async function startRecordingServer({
  redirectTo,
  http2 = false,
  repeats,
  at = '127.0.0.1',
}: Options = {}): Promise<RecordingServer> {
  const requests: Recorded[] = [];
  const note = (method = '', path = '', headers: IncomingHttpHeaders) => requests.push({ method, path, headers });
  const listener: RequestListener = ({ method, url, headers }, response) => {
    note(method, url, headers);
    if (repeats === true) response.writeHead(403, { 'content-type': 'text/plain' }).end(reasons(headers.authorization));
    else if (redirectTo === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="nobody"' }).end();
    else response.writeHead(302, { location: `${redirectTo}${url}` }).end();
  };
  const server = http2
    ? createHttp2Server(({ method, url, headers }, response) => {
        note(method, url, headers);
        response.stream.respond({ ':status': 401 }, { endStream: true });
      })
    : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, at, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://${at}:${address.port}`,
    port: address.port,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

/** A secret of a Basic header: as sent, decoded, and as in a URL. */
function reasons(header = ''): string {
  const sent = header.replace('Basic ', '');
  const meant = Buffer.from(sent, 'base64')
    .toString()
    .replace(/^[^:]*:/, '');
  return `no rights for ${meant}, for ${encodeURIComponent(meant)}, or for ${sent}; wrong password: ${meant}`;
}
