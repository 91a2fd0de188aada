import { describe, expect, test } from '@jest/globals';
import { configure, problemPlaces, refusal } from '../helpers/configuring.ts';

const peerOf = (text: string) => configure(`federation:\n  peers:\n    a:\n${text}`).peers[0];
const NOTHING = { region: null, profile: null, endpoint: null, pathStyle: null, dynamodbTable: null };

describe('the settings for the connection to a peer', () => {
  test('are null by default', () => {
    expect(peerOf('      endpoint: s3://bucket/p\n')).toMatchObject({ ref: null, user: null, aws: null });
    expect(configure('federation: {remote: s3://bucket/p}').peers[0]).toMatchObject({
      ref: null,
      user: null,
      aws: null,
    });
  });

  test('include a ref for a git remote and a user for an https remote', () => {
    expect(peerOf('      endpoint: git@h:o/r\n      ref: refs/heads/dolt-data\n')?.ref).toBe('refs/heads/dolt-data');
    expect(peerOf('      endpoint: https://h/db\n      user: sync+bot@north.example\n')?.user).toBe(
      'sync+bot@north.example',
    );
    expect(peerOf('      endpoint: dolthub://o/r\n      user: sync\n')?.user).toBe('sync');
  });

  test('include hosts of the server for a remote over http, each once', () => {
    const hosts = (endpoint: string, list: string) =>
      peerOf(`      endpoint: ${endpoint}\n      allowed-hosts: ${list}\n`)?.allowedHosts;
    expect(hosts('https://h/db', '[Files.example, "f.example:8443", files.example, "[::1]:80"]')).toEqual([
      'files.example',
      'f.example:8443',
      '[::1]:80',
    ]);
    for (const endpoint of ['dolthub://o/r', 'gs://b/p', 's3://b/p', 'https://h/o/r.git', 'git+https://h/r']) {
      expect(hosts(endpoint, '[a.example]')).toEqual(['a.example']);
    }
    expect(peerOf('      endpoint: https://h/db\n')?.allowedHosts).toEqual([]);
  });

  test('include only hosts that the allowed patterns match', async () => {
    const text = (host: string) =>
      `federation:\n  allowed-remote-patterns: ["https://*.north.example", "https://h.north.example/*"]\n  peers:\n    a:\n      endpoint: https://h.north.example/p\n      allowed-hosts: [${host}]\n`;
    expect(configure(text('f.north.example')).peers[0]?.allowedHosts).toEqual(['f.north.example']);
    expect(await problemPlaces(text('f.south.example'))).toEqual(['endpoint-not-allowed 6:23']);
  });

  test('include the aws keys', () => {
    const aws = `      endpoint: s3://bucket/p
      aws:
        region: eu-west-1
        profile: ci
        endpoint: https://s3.example:9000
        path-style: true
        dynamodb-table: manifests
`;
    expect(peerOf(aws)?.aws).toEqual({
      region: 'eu-west-1',
      profile: 'ci',
      endpoint: 'https://s3.example:9000',
      pathStyle: true,
      dynamodbTable: 'manifests',
    });
    expect(peerOf('      endpoint: aws://[t:b]/p\n      aws: {region: eu}\n')?.aws).toEqual({
      ...NOTHING,
      region: 'eu',
    });
  });

  test('are equal in the query of an s3 endpoint and in aws', () => {
    const query = 'endpoint=http://127.0.0.1:7070&region=eu&path-style=false';
    const queried = { ...NOTHING, endpoint: 'http://127.0.0.1:7070', region: 'eu', pathStyle: false };
    expect(peerOf(`      endpoint: s3://bucket/p?${query}\n`)?.aws).toEqual(queried);
    expect(configure(`federation: {remote: "s3://bucket/p?${query}"}`).peers[0]?.aws).toEqual(queried);
    expect(
      peerOf('      endpoint: s3://bucket/p?region=eu\n      aws: {region: eu, dynamodb-table: manifests}\n')?.aws,
    ).toEqual({ ...NOTHING, region: 'eu', dynamodbTable: 'manifests' });
  });
});

const at = (endpoint: string, option: string) =>
  `federation:\n  peers:\n    a:\n      endpoint: ${endpoint}\n      ${option}\n`;

describe('refusals', () => {
  test.each([
    [at('file:///a', 'ref: refs/heads/x'), 'config-invalid 5:12'],
    [at('file:///a', 'user: u'), 'config-invalid 5:13'],
    [at('ssh://h/p', 'user: u'), 'config-invalid 5:13'],
    [at('gs://b/p', 'aws: {region: eu}'), 'config-invalid 5:12'],
    [at('git@h:p', 'ref: main'), 'config-invalid 5:12'],
    [at('git@h:p', 'ref: refs/heads'), 'config-invalid 5:12'],
    [at('git@h:p', 'ref: -f'), 'config-invalid 5:12'],
    [at('git@h:p', 'ref: +refs/heads/x'), 'config-invalid 5:12'],
    [at('git@h:p', 'ref: "refs/heads/x:refs/heads/y"'), 'config-invalid 5:12'],
    [at('git@h:p', 'ref: "refs/heads/*"'), 'config-invalid 5:12'],
    [at('git@h:p', 'ref: refs/heads/../x'), 'config-invalid 5:12'],
    [at('git@h:p', 'ref: "refs/heads/a b"'), 'config-invalid 5:12'],
    [at('git@h:p', 'ref: 5'), 'config-invalid 5:12'],
    [at('https://h/p', 'user: "-u"'), 'config-invalid 5:13'],
    [at('https://h/p', 'user: "a b"'), 'config-invalid 5:13'],
    [at('https://h/p', 'user: "a:b"'), 'config-invalid 5:13'],
    [at('https://h/p', 'user: ""'), 'config-invalid 5:13'],
    [at('https://h/p', 'user: ghp_abcdefghijkl'), 'secret-in-config 5:13'],
    [at('s3://b/p', 'aws: eu'), 'config-invalid 5:12'],
    [at('s3://b/p', 'aws: {Region: eu}'), 'config-unknown-key 5:13'],
    [at('s3://b/p', 'aws: {secret-access-key: x}'), 'config-unknown-key 5:13'],
    [at('s3://b/p', 'aws: {region: -x}'), 'config-invalid 5:21'],
    [at('s3://b/p', 'aws: {region: "eu\\nX=1"}'), 'config-invalid 5:21'],
    [at('s3://b/p', 'aws: {profile: "a b"}'), 'config-invalid 5:22'],
    [at('s3://b/p', 'aws: {path-style: yes}'), 'config-invalid 5:25'],
    [at('s3://b/p', 'aws: {dynamodb-table: "t]:b"}'), 'config-invalid 5:29'],
    [at('s3://b/p', 'aws: {dynamodb-table: tt}'), 'config-invalid 5:29'],
    [at('aws://[ttt:b]/p', 'aws: {dynamodb-table: ttt}'), 'config-invalid 5:29'],
    [at('s3://b/p', 'aws: {endpoint: s3.example}'), 'config-invalid 5:23'],
    [at('s3://b/p', 'aws: {endpoint: http://s3.example}'), 'config-invalid 5:23'],
    [at('s3://b/p', 'aws: {endpoint: https://s3.example/x}'), 'config-invalid 5:23'],
    [at('s3://b/p', 'aws: {endpoint: "https://a b"}'), 'invalid-endpoint 5:23'],
    [at('s3://b/p', 'aws: {endpoint: https://u:p@h}'), 'secret-in-config 5:23'],
    [at('s3://b/p?region=eu', 'aws: {region: us}'), 'config-ambiguous 5:12'],
    [at('s3://b/p?path-style=true', 'aws: {path-style: false}'), 'config-ambiguous 5:12'],
    [at('s3://b/p?endpoint=https://a', 'aws: {endpoint: https://b}'), 'config-ambiguous 5:12'],
    [at('https://h/p', 'allowed-hosts: a.example'), 'config-invalid 5:22'],
    [at('https://h/p', 'allowed-hosts: [a.example, 5]'), 'config-invalid 5:34'],
    [at('https://h/p', 'allowed-hosts: [""]'), 'config-invalid 5:23'],
    [at('https://h/p', 'allowed-hosts: ["*.example"]'), 'config-invalid 5:23'],
    [at('https://h/p', 'allowed-hosts: [a..example]'), 'config-invalid 5:23'],
    [at('https://h/p', 'allowed-hosts: ["a.example:0"]'), 'config-invalid 5:23'],
    [at('https://h/p', 'allowed-hosts: ["a.example:65536"]'), 'config-invalid 5:23'],
    [at('https://h/p', 'allowed-hosts: ["https://a.example"]'), 'config-invalid 5:23'],
    [at('https://h/p', 'allowed-hosts: ["a.example/path"]'), 'config-invalid 5:23'],
    [at('https://h/p', 'allowed-hosts: ["u@a.example"]'), 'config-invalid 5:23'],
    [at('https://h/p', 'allowed-hosts: ["10.0.0.0/8"]'), 'config-invalid 5:23'],
    [at('https://h/p', 'allowed-hosts: ["[::1"]'), 'config-invalid 5:23'],
    [at('file:///a', 'allowed-hosts: [a.example]'), 'config-invalid 5:22'],
    [at('ssh://h/p', 'allowed-hosts: [a.example]'), 'config-invalid 5:22'],
    [at('git@h:p', 'allowed-hosts: [a.example]'), 'config-invalid 5:22'],
    [at('https://h/p', 'allowed-host: [a.example]'), 'config-unknown-key 5:7'],
  ])('%j is refused: %s', async (text, place) => {
    expect(await problemPlaces(text)).toEqual([place]);
  });

  test('every problem of one peer is reported', async () => {
    const text = at('s3://b/p', 'aws: {region: -x, profile: -y, dynamodb-table: -z}');
    expect(await problemPlaces(text)).toEqual(['config-invalid 5:21', 'config-invalid 5:34', 'config-invalid 5:54']);
  });

  test('the messages name the value and the fix, and no secret', async () => {
    const messageFor = async (endpoint: string, option: string) => {
      const { message, hint } = await refusal(() => configure(at(endpoint, option)));
      return `${message} ${hint}`;
    };
    expect(await messageFor('ssh://h/p', 'user: u')).toBe(
      'peer a: `user` has no effect for ssh remotes Only remotes over https have a `user`. For ssh and git, put it in the endpoint, as in ssh://user@host/path.',
    );
    expect(await messageFor('git@h:p', 'ref: main')).toContain('the ref "main" is not a full name');
    expect(await messageFor('https://h/p', 'user: ghp_abcdefghijkl')).not.toContain('ghp_');
    expect(await messageFor('s3://b/p', 'aws: {endpoint: https://u:hunter2@h}')).not.toContain('hunter2');
  });
});
