import { startServerProcess } from './server-process.ts';
import { serverProgram } from './server-program.ts';

/** The faults that toxiproxy 2.12 can make in a connection. */
export type Toxic =
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number; readonly jitter?: number } }
  | { readonly type: 'bandwidth'; readonly attributes: { readonly rate: number } }
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: number } }
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: number } }
  | { readonly type: 'limit_data'; readonly attributes: { readonly bytes: number } };

/** A port that forwards to another one, until a fault is added. */
export interface Proxied {
  readonly port: number;
  /** Adds a fault to the data in that direction; returns a function that removes it. */
  add(toxic: Toxic, stream?: 'upstream' | 'downstream'): Promise<() => Promise<void>>;
  /** Cuts every connection and refuses new ones, or accepts them again. */
  enable(enabled: boolean): Promise<void>;
  /** Cuts every connection and forwards new ones to another port. */
  lead(upstreamPort: number): Promise<void>;
  /** Cuts every connection and accepts new ones without a fault. */
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
      // It must listen on the same port after it is switched off and on again.
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
          // The removal of a toxic waits for the data that it holds back, but a proxy closes at once.
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
