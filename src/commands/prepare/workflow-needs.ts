import { createHash } from 'node:crypto';
import type { Endpoint, Peer } from '../../config/configuration.ts';
import { gitTransport } from '../../credentials/credential.ts';
import type { WorkflowNeeds, WorkflowSecret } from '../../report/commands/workflow.ts';
import { isOwnRepository, type Repository } from './own-repository.ts';

interface Wanted {
  readonly peer: Pick<Peer, 'name' | 'endpoint'>;
  /** The repository that will hold the workflow; null: unknown. */
  readonly repository: Repository | null;
  /** The name of this database; null: none. */
  readonly town: string | null;
  /** Whether the configuration names the folder of the database, which a runner lacks. */
  readonly namesDatabase: boolean;
}

/** The settings that the workflow of a database needs for its primary. */
export function workflowNeeds({ peer, repository, town, namesDatabase }: Wanted): WorkflowNeeds {
  const { endpoint, name } = peer;
  const usesToken = isOwnRepository(endpoint, repository);
  const entry = usesToken ? null : secretsOf(endpoint);
  return {
    repository: repository === null ? null : `${repository.owner}/${repository.name}`,
    minute: minuteOf(town ?? endpoint.canonical),
    runner: isLocal(endpoint) ? 'self-hosted' : 'ubuntu-latest',
    contents: usesToken ? 'write' : 'read',
    bootstrap: namesDatabase ? name : null,
    secrets: entry?.secrets ?? [],
    credentials: entry === null ? [] : [`${name}: {url: '${entry.url.replaceAll("'", "''")}', ${entry.keys}}`],
  };
}

/** Databases that share a peer should not start at one minute. */
function minuteOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt16BE() % 60;
}

function isLocal({ kind, dolt }: Endpoint): boolean {
  return kind === 'file' || (kind === 'git' && /^(?:git\+)?file:/i.test(dolt));
}

interface Entry {
  /** The part of the endpoint that the secret is for. */
  readonly url: string;
  readonly keys: string;
  readonly secrets: readonly WorkflowSecret[];
}

const SSH_SECRETS: readonly WorkflowSecret[] = [
  { name: 'SSH_KEY', value: 'a private key without a passphrase, for this remote only' },
  { name: 'KNOWN_HOSTS', value: 'the line of the host for known_hosts, from its operator' },
];

/** The entry of the credentials that a kind of remote needs; null: none. */
function secretsOf(endpoint: Endpoint): Entry | null {
  const { kind, written } = endpoint;
  switch (kind) {
    case 'file':
    // Oracle's client reads its own file, which no entry replaces.
    case 'oci':
      return null;
    case 'dolthub':
      return {
        url: withoutPath(written),
        keys: 'dolt-jwk: {env: DOLTHUB_KEY}',
        secrets: [
          { name: 'DOLTHUB_KEY', value: 'the file ~/.dolt/creds/<id>.jwk of a key that `dolt creds new` made' },
        ],
      };
    case 'http':
      return {
        url: withoutPath(written),
        keys: 'user: {env: DOLT_USER}, password: {env: DOLT_PASSWORD}',
        secrets: [
          { name: 'DOLT_USER', value: 'a user of the server' },
          { name: 'DOLT_PASSWORD', value: 'its password' },
        ],
      };
    case 's3':
    case 'aws':
      return {
        url: withoutPath(written),
        keys: 'aws-access-key-id: {env: AWS_KEY_ID}, aws-secret-access-key: {env: AWS_SECRET}',
        secrets: [
          { name: 'AWS_KEY_ID', value: 'the id of an access key for the bucket and the table' },
          { name: 'AWS_SECRET', value: 'its secret' },
        ],
      };
    case 'gs':
      return {
        url: withoutPath(written),
        keys: 'google-credentials: {env: GOOGLE_KEY}',
        secrets: [{ name: 'GOOGLE_KEY', value: 'the JSON key of a service account for the bucket' }],
      };
    case 'ssh':
      return { url: withoutPath(written), keys: SSH_KEYS, secrets: SSH_SECRETS };
    case 'git':
      return gitSecrets(endpoint);
    case 'az':
      return {
        url: withoutPath(written),
        keys: 'azure-tenant-id: {env: AZURE_TENANT}, azure-client-id: {env: AZURE_CLIENT}, azure-client-secret: {env: AZURE_SECRET}',
        secrets: [
          { name: 'AZURE_TENANT', value: 'the id of the tenant' },
          { name: 'AZURE_CLIENT', value: 'the id of an application with access to the container' },
          { name: 'AZURE_SECRET', value: 'its secret' },
        ],
      };
  }
}

const SSH_KEYS = 'ssh-key: {env: SSH_KEY}, known-hosts: {env: KNOWN_HOSTS}';

function gitSecrets(endpoint: Endpoint): Entry | null {
  const url = endpoint.written.replace(/^git\+https:/, 'https:');
  switch (gitTransport(endpoint)) {
    case null:
      return null;
    case 'ssh':
      return { url, keys: SSH_KEYS, secrets: SSH_SECRETS };
    case 'git-token':
      return {
        url,
        keys: 'git-token: {env: GIT_TOKEN}',
        secrets: [{ name: 'GIT_TOKEN', value: 'a token that may read and write the contents of this repository' }],
      };
  }
}

/** `https://host` of `https://host/path`. */
function withoutPath(written: string): string {
  return /^[^:]+:\/\/(?:\[[^\]]*\]|[^/[])*/.exec(written)?.[0] ?? written;
}
