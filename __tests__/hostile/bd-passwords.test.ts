import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { Secrets } from '../../src/core/secrets.ts';
import { command } from '../helpers/commanding.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

/** Counts its connections, and answers none. */
async function recordingServer() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => connections,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

test('a checkout cannot choose the server that gets a password of the job, but the job can', async () => {
  await using folder = await tempFolder();
  await using server = await recordingServer();
  const { port } = server;
  const beads = folder.file('.beads');
  await mkdir(beads);
  await mkdir(folder.file('tmp'));
  await writeFile(`${beads}/config.yaml`, 'sync: {mode: dolt-native}\n');
  const write = (name: string, content: unknown) => writeFile(`${beads}/${name}`, JSON.stringify(content));
  const secrets = new Secrets();
  const fail = (env: Record<string, string>) =>
    failureOf(() => command(folder, `box: file://${folder.file('box')}`, { database: undefined, env, secrets }));
  const password = 'a secret/of "ours"';
  const direct = { BEADS_DOLT_PASSWORD: password };
  const external = { BEADS_PROXIED_SERVER_EXTERNAL_PASSWORD: password };
  const mismatch = { code: 'credential-url-mismatch', message: expect.stringContaining(`127.0.0.2:${port}`) };

  const own = { dolt_server_host: '127.0.0.2', dolt_server_port: port, dolt_database: 'north' };
  await write('metadata.json', { backend: 'dolt', dolt_mode: 'server', ...own });
  expect(await fail(direct)).toMatchObject(mismatch);
  const job = { BEADS_DOLT_SERVER_HOST: '127.0.0.2', BEADS_DOLT_SERVER_PORT: String(port) };
  await write('metadata.json', { backend: 'dolt', dolt_mode: 'proxied-server', dolt_database: 'north' });
  await write('proxied_server_client_info.json', { external: { host: '127.0.0.2', port, user: 'root' } });
  expect(await fail(external)).toMatchObject(mismatch);
  expect(server.connections()).toBe(0);

  expect(await fail({ ...external, ...job })).toMatchObject({ code: 'server-unreachable' });
  expect(server.connections()).toBeGreaterThan(0);
  // As it is sent, and as a server may repeat it.
  const forms = [password, Buffer.from(`root:${password}`).toString('base64'), JSON.stringify(password).slice(1, -1)];
  for (const form of [...forms, encodeURIComponent(password)]) expect(secrets.hide(`no ${form}!`)).toBe('no ***!');
});
