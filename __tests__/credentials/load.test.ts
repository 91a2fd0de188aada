import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { Env } from '../../src/core/env.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { type GivenCredentials, loadCredentials, loadCredentialsOf, modeHint } from '../../src/credentials/load.ts';
import { doltJwk } from '../helpers/jwk.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const TEXT = 'p: {url: https://h.example, git-token: file-token}';

async function load(given: GivenCredentials | undefined, { env = {} as Env, cwd = '/' } = {}) {
  const masked: string[] = [];
  const credentials = await loadCredentials(given, { env, cwd, secrets: new Secrets((secret) => masked.push(secret)) });
  return { names: [...credentials.keys()], masked };
}

async function written(folder: TempFolder, mode: number): Promise<GivenCredentials> {
  await writeFile(folder.file('creds.yaml'), TEXT);
  await chmod(folder.file('creds.yaml'), mode);
  return { file: 'creds.yaml' };
}

describe('a file of credentials', () => {
  test.each([0o600, 0o400, 0o700])('with mode %o is read', async (mode) => {
    await using folder = await tempFolder();
    expect((await load(await written(folder, mode), { cwd: folder.path })).names).toEqual(['p']);
  });

  test.each([
    [0o640, '0640'],
    [0o604, '0604'],
    [0o610, '0610'],
  ])('with mode %o is refused', async (mode, said) => {
    await using folder = await tempFolder();
    const failure = await failureOf(async () => load(await written(folder, mode), { cwd: folder.path }));
    expect(failure).toMatchObject({ code: 'config-unreadable', location: { file: folder.file('creds.yaml') } });
    expect(failure.message).toContain(`mode ${said}`);
    expect(failure.hint).toContain('chmod 600');
  });

  test.each([0o700, 0o755])('that is a folder with mode %o is refused, and its mode is right', async (mode) => {
    await using folder = await tempFolder();
    await mkdir(folder.file('folder'), { mode });
    const failure = await failureOf(() => load({ file: 'folder' }, { cwd: folder.path }));
    expect(failure).toMatchObject({ code: 'config-unreadable', location: { file: folder.file('folder') } });
    expect(failure.message).toContain('is a folder');
    expect(failure.hint).not.toContain('chmod');
  });

  test('that is a device is refused, and its mode is right', async () => {
    const failure = await failureOf(() => load({ file: '/dev/null' }));
    expect(failure.message).toContain('it is not a regular file');
  });

  test.each([
    [1000, 1000, /^Run `chmod 600`/],
    [1000, 0, /^Run `chmod 600`/],
    [1000, undefined, /^Run `chmod 600`/],
    [0, 1000, /^The file belongs to another user \(0\), .* DOLT_FEDERATION_CREDENTIALS\.$/],
    [1001, 1000, /^The file belongs to another user \(1001\)/],
  ])('of the user %s that others can read gets a hint that the user %s can follow', (owner, user, hint) => {
    expect(modeHint(owner, user)).toMatch(hint);
  });

  test.each([
    ['none', 'ENOENT'],
    [TEXT, 'ENOENT'],
    [`p: {git-token: ${'file-token'.repeat(99)}}`, 'ENAMETOOLONG'],
    ['creds.yaml/file-token', 'ENOTDIR'],
    ['\0file-token', 'ERR_INVALID_ARG_VALUE'],
  ])('that is missing is refused, without the path, which may be the text itself: %j', async (file, why) => {
    await using folder = await tempFolder();
    await written(folder, 0o600);
    const failure = await failureOf(() => load({ file }, { cwd: folder.path }));
    const message = `the file of \`--credentials\` cannot be read: ${why}`;
    expect(failure).toMatchObject({ code: 'config-unreadable', message, location: null });
    expect(failure.cause).toBeUndefined();
    expect(failure.hint).toContain('DOLT_FEDERATION_CREDENTIALS');
  });
});

test('the variable is read if no frontend gives credentials, which are optional', async () => {
  const env = { DOLT_FEDERATION_CREDENTIALS: TEXT };
  expect(await load(undefined, { env })).toMatchObject({
    names: ['p'],
    masked: expect.arrayContaining(['file-token']),
  });
  expect((await load({ text: '' }, { env })).names).toEqual([]);
  expect((await load(undefined)).names).toEqual([]);
});

test('every secret is masked as a whole, by line and in its encoded form; names and addresses are not', async () => {
  const key = '-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAA\nshort\n-----END PRIVATE KEY-----\n';
  const jwk = doltJwk();
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const user = { type: 'authorized_user', client_id: 'a-google-client', refresh_token: 'refresh-token' };
  const source = { headers: { Authorization: 'Bearer of-a-source' }, url: 'http://a.source.invalid/' };
  const nested = { ...user, source_credentials: { client_secret: 'client-secret' }, credential_source: source };
  const text = stringify({
    user: { url: 'gs://box', 'google-credentials': JSON.stringify(nested) },
    live: { url: 'https://live.example', user: 'live-user', password: 'live-password' },
    hub: { url: 'dolthub://org', 'dolt-jwk': { env: 'JWK' } },
    s3: {
      ...{ url: 's3://bucket', 'aws-access-key-id': 'public-id', 'aws-secret-access-key': 'aws-secret' },
      ...{ 'aws-session-token': 'aws-token', 'aws-endpoint': 'https://s3.example' },
    },
    gs: { url: 'gs://bucket', 'google-credentials': JSON.stringify({ type: 't', private_key: key }) },
    far: { url: 'ssh://far.example', 'ssh-key': key, 'known-hosts': 'far.example ssh-ed25519 AAAA\n' },
    hg: { url: 'https://git.example', 'git-token': 'git-secret' },
    az: {
      url: 'az://a.example',
      ...{ 'azure-tenant-id': 'a-tenant', 'azure-client-id': 'a-client', 'azure-client-secret': 'azure-secret' },
    },
  });
  const { masked } = await load({ text }, { env: { JWK: JSON.stringify(jwk) } });
  for (const secret of [
    ...['live-password', base64('live-user:live-password'), JSON.stringify(jwk), jwk.x, 'aws-secret', 'aws-token'],
    ...[JSON.stringify({ type: 't', private_key: key }), key, 'AAAAAAAAAAAA', 'git-secret'],
    ...[base64('x-access-token:git-secret'), 'azure-secret'],
    ...['refresh-token', 'client-secret', 'Bearer of-a-source'],
    // Parsers of URLs and of `key=value` remove the padding.
    ...['live-user:live-password', 'x-access-token:git-secret'].map((pair) => base64(pair).replace(/=+$/, '')),
  ]) {
    expect(masked).toContain(secret);
  }
  for (const open of [
    'live-user',
    'short',
    'public-id',
    'a-tenant',
    'a-client',
    'OKP',
    'Ed25519',
    '',
    'authorized_user',
    user.client_id,
  ]) {
    expect(masked).not.toContain(open);
  }
  expect(masked.filter((one) => /example|bucket/.test(one))).toEqual([]);
});

test('a secret is masked in quotes, in JSON and in an address too', async () => {
  const secret = 'a "b"\\c/d<&!\ud800';
  const text = stringify({ p: { url: 'https://git.example', 'git-token': secret } });
  const { masked } = await load({ text });
  expect(masked).toEqual(
    expect.arrayContaining([
      secret,
      'a \\"b\\"\\\\c/d<&!\\ud800',
      'a \\"b\\"\\\\c/d\\u003c\\u0026!\\ud800',
      'a%20%22b%22%5Cc%2Fd%3C%26!%EF%BF%BD',
      'a+%22b%22%5Cc%2Fd%3C%26%21%EF%BF%BD',
    ]),
  );
});

test('a secret is masked without surrounding spaces, read as Latin-1, and in ASCII JSON', async () => {
  const text = stringify({ p: { url: 'https://git.example', 'git-token': ' pä (x) ' } });
  const { masked } = await load({ text });
  expect(masked).toEqual(expect.arrayContaining(['pä (x)', 'pÃ¤ (x)', 'p\\u00e4 (x)', 'p%C3%A4%20%28x%29']));
});

test('a file that is not UTF-8 is refused, not changed', async () => {
  await using folder = await tempFolder();
  const file = folder.file('creds.yaml');
  await writeFile(file, Buffer.from('p: {url: "https://git.example", git-token: "p\xfcss"}', 'latin1'), {
    mode: 0o600,
  });
  const failure = await failureOf(() => load({ file }));
  expect(failure).toMatchObject({ code: 'config-unreadable', message: expect.stringContaining('it is not UTF-8') });
});

describe('the credentials of some peers', () => {
  const of = async (names: readonly string[], text: string, env: Env = {}) => {
    const masked: string[] = [];
    const context = { env, cwd: '/', secrets: new Secrets((secret) => masked.push(secret)) };
    const { credentials, unreadable } = await loadCredentialsOf(new Set(names), { text }, context);
    return { names: [...credentials.keys()], unreadable: [...unreadable], masked };
  };
  const entry = (name: string, token: unknown) => ({ [name]: { url: 'https://h.example', 'git-token': token } });
  const text = stringify({
    ...entry('one', 'token-of-one'),
    ...entry('empty', ''),
    ...entry('absent', { env: 'ABSENT' }),
    ...entry('other', { env: 'OTHER' }),
    word: 'a-lone-word',
  });

  test('an entry without its secret is reported, and no other entry is read', async () => {
    const found = await of(['one', 'empty', 'absent', 'word', 'none'], text, { OTHER: 'token-of-other' });
    expect(found).toMatchObject({ names: ['one'], unreadable: ['empty', 'absent', 'word'] });
    expect(found.masked).toContain('token-of-one');
    expect(found.masked.join()).not.toContain('token-of-other');
  });

  test('are empty without a text', async () => {
    expect(await of(['one'], '')).toEqual({ names: [], unreadable: [], masked: [] });
  });

  test('in a text that is not YAML are refused without repeating the text', async () => {
    const { code, message } = await failureOf(() => of(['one'], 'one: {url: [secret'));
    expect(code).toBe('config-syntax');
    expect(message).not.toContain('secret');
  });
});
