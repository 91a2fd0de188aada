/**
 * `npm run bench:cache`: the time of a step that clones a large database over a slow line, and of one that restores it from
 * the Actions cache, with the bundle in dist/. Each step has a new machine, and the database gets commits between them.
 *
 *   npm run bench:cache -- --rows 500000 --mbits 100 --delay 20 --cache-mbits 800
 */
import { createCipheriv } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { testDolt } from '../__tests__/helpers/dolt-binary.ts';
import { fakeRunner } from '../__tests__/helpers/fake-runner.ts';
import { startCacheService } from '../__tests__/helpers/servers/cache-service.ts';
import { startRemotesrv } from '../__tests__/helpers/servers/remotesrv.ts';
import { below, tempFolder } from '../__tests__/helpers/temp-folder.ts';
import { dataFilesIn } from '../src/commands/prepare/cache/entry.ts';
import { openLine } from './line.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '500000' },
    mbits: { type: 'string', default: '100' },
    delay: { type: 'string', default: '20' },
    'cache-mbits': { type: 'string', default: '800' },
  },
});
const rows = positive(values.rows);
const mbits = positive(values.mbits);
const delayMs = positive(values.delay);
const cacheMbits = positive(values['cache-mbits']);

/** Random bytes in a row. */
const NOTES = 750;
const MIB = 1024 * 1024;

await using folder = await tempFolder();
await using server = await startRemotesrv(folder.path);
await using line = await openLine(server.port.http, { mbits, delayMs: delayMs / 2 });
await using service = await startCacheService();
await using cacheLine = await openLine(Number(new URL(service.url).port), { mbits: cacheMbits, delayMs: 1 });
const home = folder.file('home');
await mkdir(home);
const dolt = async (...args: readonly string[]): Promise<void> =>
  void (await execa(testDolt(), args, { cwd: home, env: { HOME: folder.path } }));

await makeDatabase();
await dolt('push', 'origin', 'main');
const { bytes } = await dataFilesIn(join(home, '.dolt'));
console.log(`a database of ${Math.round(bytes / MIB)} MiB and ${rows} rows, ${mbits} Mbit/s and ${delayMs} ms away;`);
console.log(`the Actions cache at ${cacheMbits} Mbit/s\n`);
const clone = await step('clone', { 'cache-database': 'false' });
const store = await step('clone and store', { 'cache-database': 'true' });
const restore = await step('restore', { 'cache-database': 'true' });
const found = /^database from the Actions cache: (\S+) s, the last clone took (\S+) s$/m.exec(restore.log);
if (found === null) throw new Error(restore.log);
console.log(
  table(
    ['step', 'seconds', 'MiB from the peer'],
    [clone, store, restore].map(({ cells }) => cells),
  ),
);
console.log(`\n${found[0]}`);
console.log(`A restored step takes ${(clone.seconds - restore.seconds).toFixed(0)} s less than a clone.`);

function positive(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`${text} is not a positive number`);
}

/** One table of issues with a text that does not compress, in four commits. */
async function makeDatabase(): Promise<void> {
  await dolt('init', '--name', 'bench', '--email', 'bench@example.org');
  await dolt('sql', '-q', 'CREATE TABLE issues (id INT PRIMARY KEY, title VARCHAR(100), notes TEXT)');
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const zeros = Buffer.alloc(NOTES);
  const csv = async function* (from: number, to: number) {
    yield 'id,title,notes\n';
    for (let id = Math.ceil(from); id < to; id += 1)
      yield `${id},issue ${id},${cipher.update(zeros).toString('base64')}\n`;
  };
  const PARTS = 4;
  for (let part = 0; part < PARTS; part += 1) {
    const file = folder.file(`part-${part}.csv`);
    await pipeline(csv((rows * part) / PARTS, (rows * (part + 1)) / PARTS), createWriteStream(file));
    await dolt('table', 'import', '-a', 'issues', file);
    await dolt('sql', '-q', `CALL DOLT_COMMIT('-Am', 'part ${part}')`);
  }
  await dolt('gc');
  await dolt('remote', 'add', 'origin', `${server.url}/org/issues`);
}

/** A step on a new machine, a day of work later. */
async function step(name: string, inputs: Readonly<Record<string, string>>) {
  const changes = Array.from({ length: 100 }, (_, index) => `(${rows + index + 1e6}, '${name}', 'note')`);
  await dolt('sql', '-q', `REPLACE INTO issues VALUES ${changes.join()}; CALL DOLT_COMMIT('-am', 'before ${name}')`);
  await dolt('push', 'origin', 'main');
  const runner = await fakeRunner(below(folder, name.replaceAll(' ', '-')));
  const before = line.received();
  const begun = performance.now();
  const { exitCode, stdout, outputs } = await runner.main({
    inputs: { remote: `http://localhost:${line.port}/org/issues`, 'dolt-path': testDolt(), ...inputs },
    env: { ...service.env, ACTIONS_RESULTS_URL: `http://127.0.0.1:${cacheLine.port}/` },
  });
  const seconds = (performance.now() - begun) / 1_000;
  if (exitCode !== 0 || outputs['status'] !== 'unchanged') throw new Error(stdout);
  const cells = [name, seconds.toFixed(1), ((line.received() - before) / MIB).toFixed(0)];
  return { seconds, cells, log: stdout };
}
