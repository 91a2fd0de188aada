import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { text } from '../../src/report/text/run-report.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { startDoltSqlServer } from '../helpers/servers/dolt-sql-server.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('missing and wrong credentials, and a missing region, are different errors that start with our sentence', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const live = await makeDatabase(folder.file('live'));
  await using server = await startDoltSqlServer(folder.path, live.path);
  const url = new URL(server.url).origin;
  const ran = await command(
    folder,
    stringify({ none: server.url, wrong: server.url, lake: 'aws://[table:bucket]/db' }),
    {
      ...{ command: 'status', retries: 0, env: { SSL_CERT_FILE: server.ca } },
      credentials: { text: stringify({ wrong: { url, user: 'sync', password: 'not-the-password' } }) },
    },
  );
  const errors = Object.fromEntries(ran.result.peers.map(({ name, error }) => [name, error]));
  expect(errors['lake']).toMatchObject({ code: 'config-invalid', message: 'lake has no AWS region' });
  expect(errors['none']).toMatchObject({
    code: 'auth',
    message: expect.stringMatching(/^none requires credentials, and none were given\nDolt said: .*Access denied/),
    hint: expect.stringContaining(`none:\n  url: ${url}\n  user: NAME\n  password: {env: NONE_PASSWORD}`),
  });
  expect(errors['wrong']?.message).toMatch(
    /^wrong refused the credentials\nuser sync, from input credentials:1:1\nDolt said: .*Access denied for user 'sync'$/,
  );
  const shown = text(ran.result).split('\n');
  expect(shown).toContain('error: wrong refused the credentials (auth)');
  expect(shown).toContain('  user sync, from input credentials:1:1');
  expect(shown.join('\n')).not.toMatch(/rpc error|sqlstate|errno/);
}, 120_000);
