import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import type { ErrorCode } from '../../src/contract/error-codes.ts';
import { type Env, readEnv } from '../../src/core/env.ts';
import { makeDoltKey } from './dolt-key.ts';
import { bareRepository } from './servers/bare-repository.ts';
import { makeCertificates } from './servers/certificates.ts';
import { startDoltSqlServer } from './servers/dolt-sql-server.ts';
import { startDolthubHost } from './servers/dolthub-host.ts';
import { startDynalite } from './servers/dynalite.ts';
import { startFakeGcs } from './servers/fake-gcs.ts';
import { startGitHttp } from './servers/git-http.ts';
import { type Sshd, startSshd } from './servers/sshd.ts';
import { startVersitygw } from './servers/versitygw.ts';
import { below, type TempFolder } from './temp-folder.ts';

/** The value under a peer's name: in the configuration, and in the credentials. */
export type Written = Readonly<Record<string, unknown>>;

/** Credentials that a server refuses, or none, and the code of the run. */
interface Refused {
  readonly why: string;
  /** null: none are given. */
  readonly credentials: Written | null;
  readonly code: ErrorCode;
}

/** An endpoint on a real server. */
export interface Remote {
  readonly peer: Written & { readonly endpoint: string };
  /** The job's environment, in addition to PATH. */
  readonly env: Env;
  /** The host that replaces DoltHub. */
  readonly dolthubHost?: string;
  /** null: the server asks for none. */
  readonly credentials: Written | null;
  readonly refused: readonly Refused[];
  /** Whether the database exists there before the first push. */
  readonly filled?: boolean;
  readonly servers: readonly AsyncDisposable[];
}

/** Starts the servers of one form; `local` is a database that a live server serves a copy of. */
type Form = (folder: TempFolder, local: string) => Promise<Remote>;

const OPEN = { env: {}, credentials: null, refused: [], servers: [] } as const;

const dolthub: Form = async (folder) => {
  const [key, other] = [await makeDoltKey(folder.file('key')), await makeDoltKey(folder.file('other-key'))];
  const host = await startDolthubHost(folder.path, key.kid);
  const url = 'dolthub://org';
  return {
    peer: { endpoint: `${url}/repo` },
    env: { SSL_CERT_FILE: host.ca },
    dolthubHost: host.host,
    credentials: { url, 'dolt-jwk': key.jwk },
    refused: [
      { why: 'no key', credentials: null, code: 'auth' },
      { why: 'another key', credentials: { url, 'dolt-jwk': other.jwk }, code: 'auth' },
    ],
    servers: [host],
  };
};

const gs: Form = async (folder) => {
  const gcs = await startFakeGcs(folder.path);
  const env = { STORAGE_EMULATOR_HOST: gcs.host };
  return { ...OPEN, peer: { endpoint: `gs://${gcs.bucket}/path/db` }, env, servers: [gcs] };
};

/** S3 with a table for the manifest: the service is named by the peer, or by the job. */
const s3 =
  (named: 'by the peer' | 'by the job'): Form =>
  async (folder) => {
    const server = await startVersitygw(folder.path);
    const dynamo = await startDynalite(folder.path);
    const byPeer = named === 'by the peer';
    const aws = { region: server.region, endpoint: server.endpoint, 'dynamodb-table': dynamo.table };
    const inJob = { AWS_ENDPOINT_URL_S3: server.endpoint, AWS_REGION: server.region };
    const url = byPeer ? `s3://${server.bucket}` : `aws://[${dynamo.table}:${server.bucket}]`;
    const service = byPeer ? { 'aws-endpoint': server.endpoint } : {};
    const keys = { 'aws-access-key-id': server.accessKey, 'aws-secret-access-key': server.secretKey };
    const credentials = { url, ...service, ...keys };
    return {
      peer: { endpoint: `${url}/path/db`, ...(byPeer ? { aws } : {}) },
      env: { AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint, ...(byPeer ? {} : inJob) },
      credentials,
      refused: [
        { why: 'no key', credentials: null, code: 'auth' },
        { why: 'a wrong key', credentials: { ...credentials, 'aws-secret-access-key': 'another-key' }, code: 'auth' },
      ],
      servers: [server, dynamo],
    };
  };

const file: Form = async (folder) => ({ ...OPEN, peer: { endpoint: `file://${folder.file('box')}` } });

const https: Form = async (folder) => {
  const host = await startDolthubHost(folder.path);
  return {
    ...OPEN,
    peer: { endpoint: `${host.url}/org/repo`, live: false },
    env: { SSL_CERT_FILE: host.ca },
    servers: [host],
  };
};

const liveDatabase: Form = async (folder, local) => {
  await cp(local, folder.file('live'), { recursive: true });
  const server = await startDoltSqlServer(folder.path, folder.file('live'));
  const credentials = { url: new URL(server.url).origin, user: server.user, password: server.password };
  return {
    peer: { endpoint: server.url, live: false },
    env: { SSL_CERT_FILE: server.ca },
    credentials,
    refused: [
      { why: 'no password', credentials: null, code: 'auth' },
      { why: 'a wrong password', credentials: { ...credentials, password: 'another-password' }, code: 'auth' },
    ],
    filled: true,
    servers: [server],
  };
};

/** @param at where the endpoint is, and for which part of it the key is given */
async function behindSsh(folder: TempFolder, at: (sshd: Sshd) => { endpoint: string; url: string }): Promise<Remote> {
  const sshd = await startSshd(folder.path);
  const { endpoint, url } = at(sshd);
  const credentials = { url, 'ssh-key': await readFile(sshd.key, 'utf8'), 'known-hosts': sshd.knownHosts };
  const stranger = { ...credentials, 'ssh-key': await readFile(sshd.strangerKey, 'utf8') };
  const imposter = { ...credentials, 'known-hosts': sshd.wrongKnownHosts };
  return {
    peer: { endpoint, live: false },
    env: { PATH: [sshd.portless, readEnv()['PATH'] ?? ''].join(delimiter) },
    credentials,
    refused: [
      { why: 'no known hosts', credentials: null, code: 'untrusted-host' },
      { why: 'another key of the host', credentials: imposter, code: 'untrusted-host' },
      { why: 'a key that may not log in', credentials: stranger, code: 'auth' },
    ],
    servers: [sshd],
  };
}

const ssh: Form = async (folder) => {
  await mkdir(folder.file('far'));
  return await behindSsh(folder, ({ url }) => ({
    endpoint: `${url}${folder.file('far')}`,
    url,
  }));
};

const scp: Form = async (folder) => {
  const remote = await behindSsh(folder, ({ user }) => ({
    endpoint: `${user}@127.0.0.1:org/repo`,
    url: `${user}@127.0.0.1:org`,
  }));
  const [sshd] = remote.servers;
  if (sshd !== undefined && 'home' in sshd) await bareRepository(`${sshd.home}/org/repo.git`, { withBranch: true });
  return remote;
};

const gitSsh: Form = async (folder) => {
  const { path } = await bareRepository(folder.file('far.git'), { withBranch: true });
  return await behindSsh(folder, ({ url }) => ({
    endpoint: `git+${url}${path}`,
    url: `git+${url}`,
  }));
};

const gitHttps: Form = async (folder) => {
  const certificates = await makeCertificates(folder.path);
  await bareRepository(folder.file('git', 'org', 'repo.git'), { withBranch: true });
  const host = await startGitHttp({ root: folder.file('git'), token: 'a-token-of-git', certificates });
  return {
    peer: { endpoint: `git+${host.url}/org/repo.git` },
    env: { SSL_CERT_FILE: certificates.ca },
    credentials: { url: host.url, 'git-token': 'a-token-of-git' },
    refused: [
      { why: 'no token', credentials: null, code: 'auth' },
      { why: 'a wrong token', credentials: { url: host.url, 'git-token': 'another-token' }, code: 'auth' },
    ],
    servers: [host],
  };
};

const gitFile: Form = async (folder) => {
  const { path } = await bareRepository(folder.file('far.git'), { withBranch: true });
  return { ...OPEN, peer: { endpoint: `git+file://${path}` } };
};

/** The seven forms of the guide, each by the server that the tests have for it. */
export const GUIDE: Readonly<Record<string, Form>> = {
  'dolthub://': dolthub,
  'gs://': gs,
  's3://, with a table': s3('by the peer'),
  'file://': file,
  'https:// with a password': liveDatabase,
  'ssh://': ssh,
  'git@host:path': scp,
};

/** The other forms. */
export const FURTHER: Readonly<Record<string, Form>> = {
  'https:// without a password': https,
  'aws://': s3('by the job'),
  'git+ssh://': gitSsh,
  'git+https://': gitHttps,
  'git+file://': gitFile,
};

export const FORMS: Readonly<Record<string, Form>> = { ...GUIDE, ...FURTHER };

/** Starts the servers of several forms by name, each in a folder of its own. */
export async function startRemotes(
  folder: TempFolder,
  local: string,
  forms: Iterable<readonly [name: string, form: Form]>,
): Promise<ReadonlyMap<string, Remote>> {
  const remotes = new Map<string, Remote>();
  for (const [name, form] of forms) {
    await mkdir(folder.file('servers', name), { recursive: true });
    remotes.set(name, await form(below(folder, 'servers', name), local));
  }
  return remotes;
}

/** The job's environment for all of them: one file holds all authorities. */
export async function jobEnvironment(folder: TempFolder, remotes: Iterable<Remote>): Promise<Record<string, string>> {
  const all = [...remotes].map(({ env }) => env);
  const authorities = all.flatMap((env) => env['SSL_CERT_FILE'] ?? []);
  await writeFile(folder.file('ca.pem'), (await Promise.all(authorities.map((file) => readFile(file)))).join('\n'));
  return { ...Object.assign({}, ...all), SSL_CERT_FILE: folder.file('ca.pem') };
}

/** Ends the servers of remotes, the last one first. */
export async function endRemotes(remotes: readonly Remote[]): Promise<void> {
  const servers = remotes.flatMap((remote) => remote.servers);
  for (const server of [...servers].reverse()) await server[Symbol.asyncDispose]();
}
