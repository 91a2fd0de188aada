import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { openTestDatabase } from '../helpers/database.ts';
import { outliving } from '../helpers/faults/marked-processes.ts';
import { type Run, resultOf, runToEnd, startRun } from '../helpers/faults/run.ts';
import { servedDatabase } from '../helpers/served-database.ts';
import { listen } from '../helpers/servers/listen.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const CLEAN_WITHIN_MS = 12_000;
const key = (name: string) => `CONSTRAINT \`${name}\` FOREIGN KEY (\`p\`) REFERENCES \`parents\` (\`id\`)`;
const table = (name: string, foreign: string) => `CREATE TABLE ${name} (id INT PRIMARY KEY, p INT, ${key(foreign)})`;

/** A proxy of a server that calls back at the first statement with a word instead of forwarding it. */
async function startFront(port: number, word: string, onWord: () => void) {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const close = () => void [client.destroy(), upstream.destroy()];
    client.on('error', close).on('close', close);
    upstream.on('error', close).on('close', close).pipe(client);
    client.on('data', (chunk) => {
      if (!chunk.includes(word)) return void upstream.write(chunk);
      onWord();
      close();
    });
  });
  return await listen(server);
}

test.each([
  ['through the server', false],
  ['after the server stopped', true],
])(
  'after SIGKILL between a move at a running server and its foreign keys, the next run, %s, completes them',
  async (_, isStopped) => {
    await using folder = await tempFolder();
    const ignored = "INSERT INTO dolt_ignore VALUES ('wisp%', true)";
    const parents = 'CREATE TABLE parents (id INT PRIMARY KEY)';
    await using served = await servedDatabase(folder, ignored, parents, table('linked', 'back'));
    await served.sql(table('wisp_a', 'kept'));
    await served.sql('ALTER TABLE linked DROP FOREIGN KEY back');
    const keys = async () => JSON.stringify([await shown('wisp_a'), await shown('linked')]).match(/CONSTRAINT `\w+`/g);
    const local = openTestDatabase(folder.file('local'));
    let reader: Pick<typeof local, 'rows'> = served;
    const shown = (name: string) => reader.rows(`SHOW CREATE TABLE ${name}`);
    expect(await keys()).toEqual(['CONSTRAINT `kept`']);
    const head = await served.other.commit('theirs', "INSERT INTO items VALUES (3, 'three', 'other')");
    await served.other.dolt('push', 'origin', 'main');

    const killed: Run[] = [];
    await using front = await startFront(served.server.sqlPort, 'DROP FOREIGN KEY `back`', () =>
      killed.at(0)?.kill('SIGKILL'),
    );
    const spec = async (port: number) => {
      const credentials = folder.file(`${port}.yaml`);
      const { user, password } = served.server;
      const entry = { url: `mysql://127.0.0.1:${port}`, user, password };
      await writeFile(credentials, stringify({ 'federation.server': entry }), { mode: 0o600 });
      return {
        ...{ home: folder.file('home'), command: 'sync' as const, database: folder.file('local') },
        federation: { server: { port }, peers: { mailbox: served.mailbox } },
        words: ['--credentials', credentials],
      };
    };
    const run = await startRun(await spec(front.port));
    killed.push(run);
    expect((await run.ended).signal).toBe('SIGKILL');
    expect(await outliving(run.mark, CLEAN_WITHIN_MS)).toEqual([]);
    // Dolt took all foreign keys from the commit.
    expect([await served.head(), await keys()]).toEqual([head, ['CONSTRAINT `back`']]);

    if (isStopped) await served.stop();
    const next = resultOf(await runToEnd(await spec(served.server.sqlPort)));
    expect(next).toMatchObject({ head, peers: [{ status: 'unchanged', verified: true }] });
    if (isStopped) reader = local;
    expect(await keys()).toEqual(['CONSTRAINT `kept`']);
    if (isStopped) return;
    expect((await served.traces()).slice(0, 3)).toEqual([[], [], [{ name: 'main' }]]);
  },
);
