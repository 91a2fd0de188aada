import { devNull } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { Peer } from '../../src/config/configuration.ts';
import type { Env } from '../../src/core/env.ts';
import { peerCredentials } from '../../src/credentials/engine-credentials.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { ownRepository } from '../../src/credentials/providers/git.ts';
import type { EngineCredentials } from '../../src/dolt/engine-credentials.ts';
import { doltEnvironment } from '../../src/dolt/environment.ts';
import { configure } from '../helpers/configuring.ts';
import { failureOf } from '../helpers/thrown.ts';

/** All variables with credentials that a job or the shell of a user may have. */
const JOB: Env = {
  AWS_ACCESS_KEY_ID: 'job-aws-id',
  AWS_SECRET_ACCESS_KEY: 'job-aws-secret',
  AWS_SESSION_TOKEN: 'job-aws-token',
  AWS_ENDPOINT_URL_S3: 'https://s3.job.example',
  AWS_ENDPOINT_URL_DYNAMODB: 'https://dynamo.job.example',
  AWS_REGION: 'eu-job-1',
  GOOGLE_APPLICATION_CREDENTIALS: '/job-google.json',
  STORAGE_EMULATOR_HOST: '127.0.0.1:4443',
  SSH_AUTH_SOCK: '/job-agent',
  AZURE_TENANT_ID: 'job-azure-tenant',
  AZURE_CLIENT_ID: 'job-azure-client',
  AZURE_CLIENT_SECRET: 'job-azure-secret',
  GITHUB_TOKEN: 'job-token',
  DOLT_REMOTE_PASSWORD: 'job-password',
  GIT_CONFIG_COUNT: '1',
};
const OF_JOB = /job/;

const peerOf = (peer: unknown): Peer => {
  const [found] = configure(stringify({ federation: { peers: { p: peer } } })).peers;
  if (found === undefined) throw new Error('no peer');
  return found;
};

interface Given {
  readonly entry?: Readonly<Record<string, unknown>>;
  readonly env?: Env;
  readonly userHome?: boolean;
}

function credentialsOf(peer: unknown, { entry, env = JOB, userHome = false }: Given = {}): EngineCredentials {
  const text = entry === undefined ? '' : stringify({ p: entry });
  const credential = parseCredentials({ text, name: 'c' }, {}).get('p') ?? null;
  return peerCredentials(peerOf(peer), credential, { env, userHome });
}

const variablesOf = (...engineCredentials: Parameters<typeof credentialsOf>) =>
  credentialsOf(...engineCredentials).variables('/private');

const AWS = { 'aws-access-key-id': 'own-id', 'aws-secret-access-key': 'own-secret' };
const SSH = {
  'ssh-key': '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
  'known-hosts': 'h.example ssh-ed25519 AAAA\n',
};
const AWS_PEER = 'aws://[table:bucket]/db';

describe('the credentials of the job', () => {
  test.each<[string, unknown, RegExp]>([
    ['aws', AWS_PEER, /^(AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|ENDPOINT_URL_(S3|DYNAMODB)|REGION))$/],
    ['gs', 'gs://bucket/db', /^(GOOGLE_APPLICATION_CREDENTIALS|STORAGE_EMULATOR_HOST)$/],
    ['ssh', 'ssh://h.example/db', /^SSH_AUTH_SOCK$/],
    ['git over ssh', 'git@h.example:db', /^SSH_AUTH_SOCK$/],
    ['az', 'az://a.blob.core.windows.net/c/db', /^AZURE_(TENANT_ID|CLIENT_ID|CLIENT_SECRET)$/],
    ['https', 'https://h.example/db', /^$/],
    ['dolthub', 'dolthub://org/repo', /^$/],
    ['git over https', 'git+https://h.example/db.git', /^$/],
    ['file', 'file:///tmp/db', /^$/],
    ['oci', 'oci://bucket/db', /^$/],
  ])('reach a peer of their kind without an entry: %s', (_, peer, names) => {
    const variables = variablesOf(peer);
    const ofJob = Object.keys(JOB).filter((name) => names.test(name));
    expect(
      Object.keys(variables)
        .filter((name) => OF_JOB.test(variables[name] ?? '') || name in JOB)
        .sort(),
    ).toEqual(ofJob.sort());
    for (const name of ofJob) expect(variables[name]).toBe(JOB[name]);
  });

  test('do not reach a peer with an entry, except the addresses', () => {
    const addresses = ['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL_S3', 'AWS_REGION'];
    const kept = (variables: Readonly<Record<string, string>>) =>
      Object.keys(variables).filter((name) => OF_JOB.test(variables[name] ?? ''));
    const aws = variablesOf(AWS_PEER, { entry: { url: 'aws://[table:bucket]', ...AWS } });
    expect(kept(aws).sort()).toEqual(addresses);
    expect(aws).toMatchObject({ AWS_SECRET_ACCESS_KEY: 'own-secret', AWS_SHARED_CREDENTIALS_FILE: devNull });
    const google = { url: 'gs://bucket', 'google-credentials': '{"type":"authorized_user"}' };
    expect(kept(variablesOf('gs://bucket/db', { entry: google }))).toEqual([]);
    expect(kept(variablesOf('ssh://h.example/db', { entry: { url: 'ssh://h.example', ...SSH } }))).toEqual([]);
    const azure = { 'azure-tenant-id': 't', 'azure-client-id': 'c', 'azure-client-secret': 's' };
    const az = variablesOf('az://a.example/c/db', { entry: { url: 'az://a.example', ...azure } });
    expect(kept(az)).toEqual([]);
    expect(az).toMatchObject({ AZURE_CLIENT_SECRET: 's', AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' });
  });
});

describe('the keys of the job', () => {
  const at = (endpoint: string) => ({ endpoint: AWS_PEER, aws: { endpoint } });

  test.each([
    ['an unknown host', at('https://s3.stranger.example')],
    ["a host name that only starts like Amazon's", at('https://s3.amazonaws.com.stranger.example')],
    ['Amazon without TLS', at('http://127.0.0.1:80')],
    ['an API of an Amazon customer', at('https://abc123.execute-api.eu-west-1.amazonaws.com')],
    ['an API with S3 in its name', at('https://s3.execute-api.eu-west-1.amazonaws.com')],
    ['a machine of an Amazon customer', at('https://ec2-192-0-2-1.eu-west-1.compute.amazonaws.com')],
    ['a load balancer of an Amazon customer', at('https://s3-1.eu-west-1.elb.amazonaws.com')],
    ["a customer's endpoint service", at('https://vpce-1.vpce-svc-1.eu-west-1.vpce.amazonaws.com')],
    ['a function', at('https://s3.lambda-url.eu-west-1.on.aws')],
    ['an unknown host with the name of Azure', 'az://a.blob.core.windows.net.stranger.example/c/db'],
  ])('are refused for %s', async (_, peer) => {
    expect(await failureOf(() => credentialsOf(peer))).toMatchObject({ code: 'credential-url-mismatch' });
  });

  test.each([
    ['Amazon', at('https://s3.eu-west-1.amazonaws.com')],
    ["Amazon's first region", at('https://s3.amazonaws.com')],
    ['Amazon over IPv6', at('https://s3.dualstack.us-east-2.amazonaws.com')],
    ['Amazon in China', at('https://s3.cn-north-1.amazonaws.com.cn')],
    ['Amazon with FIPS', at('https://s3-fips.us-gov-west-1.amazonaws.com')],
    ['Amazon under its old name', at('https://s3-eu-west-1.amazonaws.com')],
    ["Amazon's endpoint in a VPC", at('https://bucket.vpce-0a1b-2c.s3.us-east-1.vpce.amazonaws.com')],
    ['the service that the job names', at('https://s3.job.example/')],
  ])('are sent to %s', (_, peer) => {
    expect(variablesOf(peer)).toMatchObject({ AWS_SECRET_ACCESS_KEY: 'job-aws-secret' });
  });

  test("do not include the contents of the user's own files for an unknown host", () => {
    const variables = variablesOf(at('https://s3.stranger.example'), { env: {}, userHome: true });
    expect(variables).toMatchObject({ AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull });
    const az = variablesOf('az://a.stranger.example/c/db', { env: {}, userHome: true });
    expect(az).toEqual({ AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' });
  });
});

describe('the metadata service of the machine', () => {
  const roleOf = (peer: string, url: string) => variablesOf(peer, { entry: { url, 'instance-role': true }, env: {} });
  const environment = (peer: string, engineCredentials: EngineCredentials = credentialsOf(peer, { env: {} })) =>
    doltEnvironment({}, '/root', { privateDir: '/private', userHome: false, engineCredentials });

  test('is not called by default', () => {
    expect(environment(AWS_PEER)['AWS_EC2_METADATA_DISABLED']).toBe('true');
    expect(environment('gs://bucket/db')['GCE_METADATA_HOST']).toBe('127.0.0.1:1');
    expect(environment('az://a.example/c/db')['AZURE_TOKEN_CREDENTIALS']).toBe('EnvironmentCredential');
  });

  test('is called only for the peer whose entry asks for it', () => {
    const engineCredentials = credentialsOf(AWS_PEER, {
      entry: { url: 'aws://[table:bucket]', 'instance-role': true },
      env: {},
    });
    expect(environment(AWS_PEER, engineCredentials)['AWS_EC2_METADATA_DISABLED']).toBe('false');
    expect(roleOf('gs://bucket/db', 'gs://bucket')['GCE_METADATA_HOST']).toBeUndefined();
    const az = roleOf('az://a.example/c/db', 'az://a.example');
    expect(az['AZURE_TOKEN_CREDENTIALS']).toBe('ManagedIdentityCredential');
  });
});

test('a user without a password, or with the credentials of another user, is refused before a request', async () => {
  const peer = { endpoint: 'https://h.example/db', user: 'ann' };
  expect(await failureOf(() => credentialsOf(peer))).toMatchObject({ code: 'auth' });
  const entry = { url: 'https://h.example', user: 'u', password: 'one' };
  const keys = [
    credentialsOf('https://h.example/db'),
    credentialsOf(peer, { entry }),
    credentialsOf(peer, { entry: { ...entry, password: 'two' } }),
  ];
  expect(new Set(keys.map((engineCredentials) => engineCredentials.key)).size).toBe(3);
});

describe('the token of the workflow', () => {
  const env = { GITHUB_SERVER_URL: 'https://github.example', GITHUB_REPOSITORY: 'org/repo' };
  test.each([
    ['reaches its own repository', 'git+https://github.example/org/repo.git', env, 'a-token', true],
    ['does not reach another repository', 'git+https://github.example/org/repo2.git', env, 'a-token', false],
    ['does not reach another host', 'git+https://github.example.org/org/repo.git', env, 'a-token', false],
    ['does not reach another port', 'git+https://github.example:444/org/repo.git', env, 'a-token', false],
    ['does not reach its repository over ssh', 'git@github.example:org/repo', env, 'a-token', false],
    ['reaches no repository outside of a workflow', 'git+https://github.example/org/repo.git', {}, 'a-token', false],
    ['reaches no repository if it is empty', 'git+https://github.example/org/repo.git', env, undefined, false],
  ])('%s', (_, endpoint, variables, token, isGiven) => {
    const credential = ownRepository(peerOf(endpoint), variables, token);
    expect(credential?.secret).toEqual(isGiven ? { kind: 'git-token', token } : undefined);
  });
});
