import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { commandLine, userEnvironment } from '../helpers/bundled-cli.ts';
import { makeDatabase } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** The addresses of all internet sockets that a process connected or sent to, by a trace. */
function addresses(trace: string): string[] {
  const v4 = [...trace.matchAll(/sa_family=AF_INET, .*?inet_addr\("([^"]+)"\)/g)];
  const v6 = [...trace.matchAll(/sa_family=AF_INET6, .*?inet_pton\(AF_INET6, "([^"]+)"/g)];
  return [...v4, ...v6].map((match) => match[1] ?? '');
}

test('a run contacts only the peers: it sends no usage report and does not look for a newer version', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const words = await commandLine(folder, 'sync', {
    mailbox: `file://${folder.file('mailbox')}`,
    closed: 'http://127.0.0.1:9/x',
  });
  const trace = folder.file('trace');
  const result = await execa(
    'strace',
    ['-f', '-qq', '-e', 'trace=connect,sendto,sendmsg', '-o', trace, process.execPath, ...words],
    {
      env: userEnvironment(folder),
      extendEnv: false,
      reject: false,
    },
  );
  expect(JSON.parse(String(result.stdout))).toMatchObject({
    status: 'partial',
    peers: [
      { name: 'closed', status: 'failed' },
      { name: 'mailbox', verified: true },
    ],
  });
  const seen = addresses(await readFile(trace, 'utf8'));
  // The connection to port 9 proves that the trace works.
  expect(seen.length).toBeGreaterThan(0);
  expect([...new Set(seen)]).toEqual(['127.0.0.1']);
});
