import { startServerProcess } from './server-process.ts';
import { serverProgram } from './server-program.ts';

/** The faults that toxiproxy 2.12 can make in a connection. */
export type Toxic =
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number; readonly jitter?: number } }
  | { readonly type: 'bandwidth'; readonly attributes: { readonly rate: number } }
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: number } }
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: number } }
  | { readonly type: 'limit_data'; readonly attributes: { readonly bytes: number } };

/** A port that leads to another one, until something is done to it. */
export interface Proxied {
  readonly port: number;
  /** Does something to what flows that way from now on; returns what undoes it. */
  add(toxic: Toxic, stream?: 'upstream' | 'downstream'): Promise<() => Promise<void>>;
  /** Cuts every connection and takes none, or takes them again. */
  enable(enabled: boolean): Promise<void>;
  /** Cuts every connection and leads to another port from now on. */
  lead(upstreamPort: number): Promise<void>;
  /** Cuts every connection and takes new ones, to which nothing is done any more. */
  clear(): Promise<void>;
}

export interface Toxiproxy extends AsyncDisposable {
  proxy(upstreamPort: number): Promise<Proxied>;
  log(): string;
}

export async function startToxiproxy(folder: string): Promise<Toxiproxy> {
  const server = await startServerProcess({
    command: serverProgram('TOXIPROXY'),
    ports: ['api'],
    args: ({ api }) => ['-host', '127.0.0.1', '-port', `${api}`],
    cwd: folder,
  });
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const url = `http://127.0.0.1:${server.port.api}${path}`;
    const answer = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`toxiproxy: ${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  let made = 0;
  return {
    log: server.log,
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
    async proxy(upstreamPort) {
      made += 1;
      const name = `proxy-${made}`;
      const wanted = { name, listen: '127.0.0.1:0', upstream: `127.0.0.1:${upstreamPort}`, enabled: true };
      const created = await call('POST', '/proxies', wanted);
      // Switched off and on again it must listen where it did.
      const listen = listenAddress(created);
      let toxics = 0;
      let { upstream } = wanted;
      return {
        port: Number(listen.slice(listen.lastIndexOf(':') + 1)),
        async add(toxic, stream = 'downstream') {
          toxics += 1;
          const toxicName = `toxic-${toxics}`;
          await call('POST', `/proxies/${name}/toxics`, { name: toxicName, stream, toxicity: 1, ...toxic });
          return async () => {
            await call('DELETE', `/proxies/${name}/toxics/${toxicName}`);
          };
        },
        async enable(enabled) {
          await call('POST', `/proxies/${name}`, { listen, upstream, enabled });
        },
        async clear() {
          // Taking a toxic away waits for what it holds back; a proxy is closed at once.
          await call('DELETE', `/proxies/${name}`);
          await call('POST', '/proxies', { name, listen, upstream, enabled: true });
        },
        async lead(port) {
          upstream = `127.0.0.1:${port}`;
          await call('POST', `/proxies/${name}`, { listen, upstream, enabled: true });
        },
      };
    },
  };
}

function listenAddress(created: unknown): string {
  if (typeof created === 'object' && created !== null && 'listen' in created) return String(created.listen);
  throw new Error(`toxiproxy made no proxy: ${JSON.stringify(created)}`);
}
