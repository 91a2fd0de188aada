import { readdir, rm } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase, openTestDatabase, publishing } from '../helpers/database.ts';
import { outliving } from '../helpers/faults/marked-processes.ts';
import { resultOf, runToEnd, startRun } from '../helpers/faults/run.ts';
import { filesBelow } from '../helpers/files-below.ts';
import { committing } from '../helpers/scenario.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { madeOnce } from '../helpers/templates.ts';

const COMMANDS = [{ command: 'status' }, { command: 'sync', dryRun: true }, { command: 'plan', dryRun: true }] as const;

/** A database that has diverged from its peer and has not fetched from it yet. */
async function scene(folder: TempFolder) {
  const [local, box] = [folder.file('local'), folder.file('box')];
  await madeOnce('diverged', [local, box], async () => {
    const made = await makeDatabase(local);
    await made.sql(...publishing(`file://${box}`));
    const other = await cloneDatabase(`file://${box}`, folder.file('other'));
    const theirs = committing('theirs', ["INSERT INTO items VALUES (3, 'three', 'other')"]);
    await other.sql(...theirs, "CALL DOLT_PUSH('origin', 'main')");
    await made.sql(
      ...committing('ours', ["INSERT INTO items VALUES (4, 'four', 'us')"]),
      "INSERT INTO items VALUES (5, 'five', 'uncommitted')",
    );
    await rm(folder.file('box', 'oldgen'), { recursive: true, force: true });
  });
  return { local: openTestDatabase(local), box: `file://${box}` };
}

/** Every name and every byte: the refs, remotes, tables and working set are in these files. */
async function contents(folder: TempFolder) {
  return {
    database: await filesBelow(folder.file('local')),
    peer: await filesBelow(folder.file('box')),
    names: (await readdir(folder.file('box'), { recursive: true })).sort(),
  };
}

describe.each(COMMANDS)('%j', (request) => {
  test('changes nothing in the database and in the folder of the peer, also if another peer fails', async () => {
    await using folder = await tempFolder();
    const { box } = await scene(folder);
    const before = await contents(folder);
    const { result: alone } = await command(folder, stringify({ box }), request);
    expect(alone).toMatchObject({
      database: folder.file('local'),
      peers: [{ state: 'diverged', ahead: 1, behind: 1 }],
    });
    expect(await contents(folder)).toEqual(before);
    const peers = { box, gone: `file://${folder.file('none', 'gone')}`, closed: 'http://127.0.0.1:1/org/repo' };
    const { result } = await command(folder, stringify(peers), { ...request, retries: 0 });
    expect(result.peers.map(({ state }) => state).sort()).toEqual(['diverged', 'unreachable', 'unreachable']);
    expect(await contents(folder)).toEqual(before);
  });
});

// A plan is the dry run of a sync.
test.each([{ command: 'status' }, { command: 'plan' }] as const)(
  '%j changes nothing if it is killed during a wait for a peer',
  async (request) => {
    await using folder = await tempFolder();
    await using silent = await startSilentPeer();
    const { local, box } = await scene(folder);
    const before = await contents(folder);
    const spec = { ...request, home: folder.file('h'), database: local.path };
    const run = await startRun({ ...spec, federation: { peers: { box, silent: silent.url } } });
    await run.said((lines) =>
      ['box: fetched', 'silent: fetching'].every((one) => lines.some((line) => line.startsWith(one))),
    );
    run.kill('SIGKILL');
    await run.ended;
    expect(await outliving(run.mark, 10_000)).toEqual([]);
    const after = await contents(folder);
    expect([after.database, after.peer]).toEqual([before.database, before.peer]);
    const end = await runToEnd({ ...spec, federation: { peers: { box } } });
    expect(resultOf(end).peers).toMatchObject([{ state: 'diverged' }]);
    expect((await contents(folder)).database).toEqual(before.database);
  },
);
