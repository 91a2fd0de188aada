import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { startDolthubHost } from '../helpers/servers/dolthub-host.ts';
import { cloneInto, withEngine } from '../helpers/servers/engine.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** Makes a DoltHub key as `dolt login` does, and chooses it under another name than its own. */
async function makeKey(root: string): Promise<void> {
  await execa(testDolt(), ['creds', 'new'], { env: { DOLT_ROOT_PATH: root } });
  const folder = join(root, '.dolt', 'creds');
  const [made] = await readdir(folder);
  await rename(join(folder, String(made)), join(folder, 'a-peer.jwk'));
  await choose(root);
}

const choose = (root: string): Promise<void> =>
  writeFile(join(root, '.dolt', 'config_global.json'), JSON.stringify({ 'user.creds': 'a-peer' }));

test('a push and a clone use TLS with a trusted certificate authority, and the chosen key signs the requests', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const head = await local.head();
  await using host = await startDolthubHost(folder.path);
  const env = { SSL_CERT_FILE: host.ca };
  const url = `${host.url}/org/repo`;
  const authorization = async () => (await host.asked()).at(-1)?.split(' ').slice(3).join(' ') ?? '';

  await withEngine(local.path, { env }, async (engine) => {
    await engine.call('DOLT_REMOTE', 'add', 'peer', url);
    await engine.call('DOLT_PUSH', 'peer', 'main');
    expect(await authorization()).toBe('-');
  });
  expect(await cloneInto(folder.file('clone'), { env }, [url])).toBe(head);
  await withEngine(local.path, { env, prepareRoot: makeKey }, (engine) => engine.call('DOLT_FETCH', 'peer', 'main'));
  const [header = '', claims = ''] = (await authorization()).replace('Bearer ', '').split('.');
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'EdDSA' });
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ aud: ['localhost'] });
});

test('an unknown certificate authority and an invalid key are refused', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await using host = await startDolthubHost(folder.path);
  await withEngine(local.path, {}, async (engine) => {
    await engine.call('DOLT_REMOTE', 'add', 'peer', `${host.url}/org/repo`);
    expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toContain(
      'x509: certificate signed by unknown authority',
    );
  });
  const prepareRoot = async (root: string) => {
    await mkdir(join(root, '.dolt', 'creds'));
    await writeFile(join(root, '.dolt', 'creds', 'a-peer.jwk'), '{"d":"x"}');
    await choose(root);
  };
  const options = [{ prepareRoot }, { prepareRoot: choose }];
  for (const { prepareRoot } of options) {
    await withEngine(local.path, { env: { SSL_CERT_FILE: host.ca }, prepareRoot }, async (engine) => {
      expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toBe('invalid creds file');
    });
  }
  expect(await host.asked()).toEqual(['']);
});
