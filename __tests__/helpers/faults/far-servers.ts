import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { bareRepository } from '../servers/bare-repository.ts';
import { startGitHttp } from '../servers/git-http.ts';
import { startRemotesrv } from '../servers/remotesrv.ts';
import { startUnavailable } from '../servers/unavailable.ts';
import { openTestTown } from '../town.ts';

export const FAR_KINDS = ['remotesrv', 'git over http'] as const;
export type FarKind = (typeof FAR_KINDS)[number];

/** A real server, and one of the same protocol that is down. */
export interface FarServer extends AsyncDisposable {
  readonly kind: FarKind;
  readonly port: number;
  readonly downPort: number;
  /** Makes a remote that holds what the seed holds; gives its URL at a port of this machine. */
  remote(name: string): Promise<(port: number) => string>;
}

/** @param seed a town whose branch every remote begins with */
export async function startFarServer(kind: FarKind, folder: string, seed: string): Promise<FarServer> {
  switch (kind) {
    case 'remotesrv':
      return remotesrv(folder, seed);
    case 'git over http':
      return git(folder, seed);
  }
}

async function remotesrv(folder: string, seed: string): Promise<FarServer> {
  const server = await startRemotesrv(folder);
  const down = await startUnavailable('h2c');
  await push(seed, `${server.url}/org/seed`);
  return {
    kind: 'remotesrv',
    port: server.port.http,
    downPort: down.port,
    async remote(name) {
      await cp(join(server.dir, 'org', 'seed'), join(server.dir, 'org', name), { recursive: true });
      return (port) => `http://localhost:${port}/org/${name}`;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await down[Symbol.asyncDispose]();
    },
  };
}

async function git(folder: string, seed: string): Promise<FarServer> {
  const root = join(folder, 'git');
  const repository = await bareRepository(join(root, 'seed.git'), { withBranch: true });
  await push(seed, `git+file://${repository.path}`);
  const server = await startGitHttp({ root });
  const down = await startUnavailable('http');
  return {
    kind: 'git over http',
    port: server.port,
    downPort: down.port,
    async remote(name) {
      await cp(repository.path, join(root, `${name}.git`), { recursive: true });
      return (port) => `http://localhost:${port}/${name}.git`;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await down[Symbol.asyncDispose]();
    },
  };
}

async function push(town: string, url: string): Promise<void> {
  const seed = openTestTown(town);
  await seed.dolt('remote', 'add', 'far', url);
  await seed.dolt('push', 'far', 'main');
}
