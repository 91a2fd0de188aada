import { cp } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { branchesLacking } from '../helpers/branches.ts';
import { makeDatabase, openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { damage, freshClone } from '../helpers/faults/databases.ts';
import { noteRow } from '../helpers/faults/rows.ts';
import { outputOf, resultOf, runToEnd } from '../helpers/faults/run.ts';
import { timesCases } from '../helpers/property.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const WRITERS = ['a', 'b', 'c', 'd'] as const;
const ROUNDS = timesCases(1);
/** The first of these gives the databases what the last one still has; a third one must not be needed. */
const MOST_CLOSING_ROUNDS = 2;

type Remote = (folder: TempFolder) => Promise<{ readonly url: string } & AsyncDisposable>;
const REMOTES: Readonly<Record<string, Remote>> = {
  async remotesrv(folder) {
    const server = await startRemotesrv(folder.path);
    return { url: `${server.url}/org/repo`, [Symbol.asyncDispose]: server[Symbol.asyncDispose] };
  },
  async 'git+file://'(folder) {
    const { path } = await bareRepository(folder.file('repo.git'), { withBranch: true });
    return { url: `git+file://${path}`, [Symbol.asyncDispose]: async () => undefined };
  },
};

interface Writer {
  readonly name: string;
  readonly local: TestDatabase;
  readonly sync: () => ReturnType<typeof runToEnd>;
  readonly commits: string[];
}

/** Lets a database make a commit and sync, several times; losing races is allowed, everything else is not. */
async function write({ name, local, sync, commits }: Writer, first: number): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const row = first + round;
    commits.push(await local.commit(`row ${row}`, `INSERT INTO items VALUES (${row}, '${name}', '${name}')`));
    const output = outputOf(await sync());
    if ('error' in output) complaints.push(`${name}: ${output.error.code}: ${output.error.message}`);
    else if (output.peers.some(({ error }) => error !== null && !error.retryable))
      complaints.push(`${name}: ${JSON.stringify(output.peers)}`);
  }
  return complaints;
}

/** Syncs all databases, one after the other, until all have the same head. */
async function syncUntilEqual(writers: readonly Writer[]): Promise<number> {
  for (let rounds = 1; rounds <= MOST_CLOSING_ROUNDS; rounds += 1) {
    const heads = new Set<string | null>();
    for (const { sync } of writers) heads.add(resultOf(await sync()).head);
    if (heads.size === 1) return rounds;
  }
  throw new Error(`the databases were not in step after ${MOST_CLOSING_ROUNDS} rounds`);
}

test.each(Object.keys(REMOTES))(
  'four concurrent writers lose no row on %s',
  async (kind) => {
    await using folder = await tempFolder();
    await using remote = await (REMOTES[kind] ?? (() => Promise.reject(new Error(kind))))(folder);
    const founder = await makeDatabase(folder.file('founder'));
    await founder.publish(remote.url);
    const started = performance.now();
    const writers: Writer[] = [];
    const clone = await freshClone(remote.url, folder.file('clone'));
    for (const name of WRITERS) {
      const local = openTestDatabase(folder.file(name, 'local'));
      await cp(clone.path, local.path, { recursive: true });
      const federation = { peers: { hub: remote.url } };
      const spec = { home: folder.file('h', name), federation, database: local.path, words: ['--retries', '12'] };
      writers.push({ name, local, commits: [], sync: () => runToEnd({ ...spec, command: 'sync' }) });
    }
    const complaints = (await Promise.all(writers.map((writer, index) => write(writer, 1_000 * (index + 1))))).flat();
    const rounds = await syncUntilEqual(writers);
    const commits = writers.flatMap((writer) => writer.commits);
    const hub = await freshClone(remote.url, folder.file('hub'));
    const head = await hub.head();
    for (const { name, local } of [...writers, { name: 'hub', local: hub }]) {
      const { branches, lost } = await branchesLacking(local, commits);
      if (JSON.stringify(branches) !== JSON.stringify({ main: head }))
        complaints.push(`${name} has ${JSON.stringify(branches)}`);
      complaints.push(...lost.map((commit) => `${name} lacks ${commit}`));
      const said = await damage(local);
      if (said !== null) complaints.push(`fsck at ${name}: ${said}`);
    }
    await noteRow({
      fault: 'four writers',
      operation: 'sync',
      at: kind,
      code: '-',
      seconds: (performance.now() - started) / 1000,
      state: `${commits.length} commits everywhere; in step after ${rounds} closing round(s); fsck clean`,
      complaints,
    });
    expect(commits).toHaveLength(WRITERS.length * ROUNDS);
    expect(complaints).toEqual([]);
  },
  300_000 + timesCases(300_000),
);
