import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseRepository } from '../../../src/commands/prepare/own-repository.ts';
import { workflowNeeds } from '../../../src/commands/prepare/workflow-needs.ts';
import { parseEndpoint } from '../../../src/config/endpoint/parse.ts';
import { bindCredential } from '../../../src/credentials/bind.ts';
import { parseCredentials } from '../../../src/credentials/parse.ts';
import { workflow } from '../../../src/report/commands/workflow.ts';
import { doltJwk } from '../../helpers/jwk.ts';

const OWN = { host: 'github.com', owner: 'my-org', name: 'my-repo' };
const endpointOf = (written: string) =>
  parseEndpoint(written, { dolthubHost: 'dolthub.example', allowInsecure: false });

const needsOf = (written: string) =>
  workflowNeeds({
    peer: { name: 'origin', endpoint: endpointOf(written) },
    repository: OWN,
    town: 'north',
    namesDatabase: true,
  });

/** A value that each secret may have. */
const VALUES: Readonly<Record<string, string>> = {
  DOLTHUB_KEY: JSON.stringify(doltJwk()),
  DOLT_USER: 'sync',
  DOLT_PASSWORD: 'a-password',
  AWS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET: 'a-secret',
  GOOGLE_KEY: JSON.stringify({
    type: 'service_account',
    client_email: 'a@b.example',
    private_key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
  }),
  SSH_KEY: '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
  KNOWN_HOSTS: 'far.example ssh-ed25519 AAAA\n',
  GIT_TOKEN: 'a-token-of-git',
  AZURE_TENANT: 'tenant',
  AZURE_CLIENT: 'client',
  AZURE_SECRET: 'a-secret',
};

describe('the workflow of a primary', () => {
  test.each([
    ['dolthub://my-org/issues', ['DOLTHUB_KEY']],
    ['https://dolt.example:50051/issues', ['DOLT_USER', 'DOLT_PASSWORD']],
    ['s3://my-bucket/issues', ['AWS_KEY_ID', 'AWS_SECRET']],
    ['aws://[my-table:my-bucket]/issues', ['AWS_KEY_ID', 'AWS_SECRET']],
    ['gs://my-bucket/issues', ['GOOGLE_KEY']],
    ['ssh://dolt@far.example/srv/issues', ['SSH_KEY', 'KNOWN_HOSTS']],
    ['ssh://git@far.example/my-org/issues.git', ['SSH_KEY', 'KNOWN_HOSTS']],
    ['git@github.com:my-org/my-repo', ['SSH_KEY', 'KNOWN_HOSTS']],
    ['git+ssh://git@far.example/my-org/issues.git', ['SSH_KEY', 'KNOWN_HOSTS']],
    ['https://github.com/my-org/other.git', ['GIT_TOKEN']],
    ['git+https://git.example/my-org/other.git', ['GIT_TOKEN']],
    ["git+https://git.example/my-org/it's.git", ['GIT_TOKEN']],
    ['az://account.blob.core.windows.net/box/issues', ['AZURE_TENANT', 'AZURE_CLIENT', 'AZURE_SECRET']],
  ])('%s names the secrets of its kind, only for its address', (written, names) => {
    const needs = needsOf(written);
    expect(needs.secrets.map(({ name }) => name)).toEqual(names);
    const { steps, 'runs-on': runner } = parse(workflow(needs)).jobs.sync;
    expect(runner).toBe('ubuntu-latest');
    expect(steps[1].env).toEqual(Object.fromEntries(names.map((name) => [name, `\${{ secrets.${name} }}`])));
    const values = Object.fromEntries(names.map((name) => [name, VALUES[name] ?? '']));
    const credential = parseCredentials({ text: steps[1].with.credentials, name: 'credentials' }, values).get('origin');
    if (credential === undefined) throw new Error('no entry');
    expect(() => bindCredential(credential, endpointOf(written), { dolthubHost: 'dolthub.example' })).not.toThrow();
  });

  test.each([
    ['https://github.com/my-org/my-repo.git', 'ubuntu-latest', 'write'],
    ['git+https://github.com/My-Org/my-repo.git', 'ubuntu-latest', 'write'],
    ['file:///srv/dolt/north', 'self-hosted', 'read'],
    ['git+file:///srv/git/north.git', 'self-hosted', 'read'],
    ['oci://my-bucket/issues', 'ubuntu-latest', 'read'],
  ] as const)('%s needs no secret', (written, runner, contents) => {
    const needs = needsOf(written);
    expect(needs).toMatchObject({ runner, contents, secrets: [], credentials: [], bootstrap: 'origin' });
    const { permissions, jobs } = parse(workflow(needs));
    expect(permissions).toEqual({});
    expect(jobs.sync.permissions).toEqual({ contents });
    expect(jobs.sync.concurrency).toEqual({ group: 'dolt-federation', 'cancel-in-progress': false });
    expect(jobs.sync).toMatchObject({ if: "github.repository == 'my-org/my-repo'", 'runs-on': runner });
    expect(jobs.sync.steps[1]).not.toHaveProperty('env');
  });

  test('an unknown repository gets a placeholder, and no token of the job is assumed', () => {
    const endpoint = endpointOf('https://github.com/my-org/my-repo.git');
    const peer = { name: 'origin', endpoint };
    const needs = workflowNeeds({ peer, repository: null, town: null, namesDatabase: false });
    expect(needs).toMatchObject({ contents: 'read', bootstrap: null, secrets: [{ name: 'GIT_TOKEN' }] });
    expect(parse(workflow(needs)).jobs.sync.if).toBe("github.repository == 'my-org/my-repo'");
  });
});

test.each([
  ['https://github.com/my-org/my-repo.git', OWN],
  ['https://github.com/my-org/my-repo', OWN],
  ['https://token@github.com/my-org/my-repo/', OWN],
  ['git@github.com:my-org/my-repo.git', OWN],
  ['ssh://git@github.com:22/my-org/my-repo.git', OWN],
  ['/srv/git/my-repo.git', null],
  ['https://git.example/my-repo.git', null],
  ["https://github.com/my-org/my-repo' || true || '", null],
  ['https://github.com/my-org/my-repo\n    runs-on: evil', null],
  ['https://github.com/my-org/my-repo\n', null],
  ['git@github.com:my-org/$(id)', null],
  ["https://github.com'/my-org/my-repo", null],
])('the repository of %s', (url, expected) => {
  expect(parseRepository(url)).toEqual(expected);
});
