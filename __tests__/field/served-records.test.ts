import { readFileSync, writeFileSync } from 'node:fs';
import { chown, cp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { shortDigest } from '../../src/core/digest.ts';
import { isTableFile, readRepoState } from '../../src/dolt/database-files.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import { readStateFile, type StateEntry, stateFilePath } from '../../src/sync/history/last-verified.ts';
import { readOwnMoves, recordMove } from '../../src/sync/merge/own-moves.ts';
import { writeRemoteRecords } from '../../src/sync/remotes/remote-records.ts';
import { EXCHANGE } from '../../src/sync/served/exchange-folder.ts';
import { openTestDatabase } from '../helpers/database.ts';
import { withEngines } from '../helpers/federating.ts';
import { markOfEndedRun } from '../helpers/run-marks.ts';
import { clientCommits, otherCommits, type ServedDatabase, servedDatabase } from '../helpers/served-database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

interface StateText {
  readonly peers: readonly StateEntry[];
  readonly retired: readonly { readonly local: string; readonly head: string }[];
}

type RunEvents = NonNullable<NonNullable<Parameters<ServedDatabase['run']>[0]>['onEvent']>;

test('a move of another run with the same copy is not finished while that run holds the copy', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const stateDir = folder.file('state');
  await served.run({ stateDir });
  const [digest = ''] = await readdir(join(stateDir, 'served'));
  const copy = join(stateDir, 'served', digest, 'scratch', 'local');
  const records = async () => [...(await readOwnMoves(copy)).moves.keys()];
  const head = await served.head();
  let during: readonly string[] = [];
  await withEngines(copy, folder.file('tmp'), async (engines) => {
    await engines.use(NO_CREDENTIALS, () =>
      recordMove(copy, 'moving', { kind: 'served', branch: 'main', from: head, to: head }),
    );
    let other: Promise<unknown> = Promise.resolve();
    const isWaiting = new Promise<void>((waits) => {
      const heard = (message: string) => {
        if (message.startsWith('waiting for')) waits();
      };
      other = served.run({ stateDir, heard });
    });
    await Promise.race([isWaiting, other]);
    during = await records();
    await engines.close();
    await other;
  });
  expect([during, await records()]).toEqual([['moving'], []]);
});

test('a move of a killed run is finished by runs that name the database by another path', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const stateDir = folder.file('state');
  const setting = { database: 'local' };
  await symlink(folder.path, folder.file('parent'));
  await symlink(folder.file('local'), folder.file('link'));
  for (const database of ['link', 'parent/local']) await served.run({ stateDir, setting, database });
  const [digest = '', ...others] = await readdir(join(stateDir, 'served'));
  expect(others).toEqual([]);
  const copyAt = (name: string) => join(stateDir, 'served', name, 'scratch', 'local');
  /** The state that is left if a run is killed after the first half of a move. */
  const half = async (sql: (statement: string) => Promise<unknown>, from: string, record: string) => {
    await served.other.sql('DELETE FROM items WHERE id = 3', "UPDATE items SET title = CONCAT(title, '!')");
    const to = await otherCommits(served);
    await sql(`CALL DOLT_REMOTE('add', 'box', '${served.mailbox}')`);
    for (const call of ["CALL DOLT_FETCH('box', 'main')", `CALL DOLT_RESET('--soft', '${to}')`]) await sql(call);
    await sql("CALL DOLT_REMOTE('remove', 'box')");
    await recordMove(record, 'killed', { kind: 'served', branch: 'main', from, to });
    return { head: to, peers: [{ status: 'pulled', verified: true }] };
  };
  const moved = await half(served.sql, await served.head(), copyAt(digest));
  expect((await served.run({ stateDir, setting, database: 'link' })).result).toMatchObject(moved);
  expect((await served.traces())[4]).toEqual([]);
  // Earlier versions made a copy for each path.
  const former = copyAt(shortDigest(`${folder.file('link')}/local`));
  await cp(copyAt(digest), former, { recursive: true });
  const again = await half(served.sql, await served.head(), former);
  expect((await served.run({ stateDir, setting, database: 'link' })).result).toMatchObject(again);
  expect((await served.traces())[4]).toEqual([]);
  const head = await served.head();
  await served.stop();
  const local = openTestDatabase(folder.file('local'));
  const last = await half((statement) => local.sql(statement), head, former);
  expect((await served.run({ stateDir, setting: null, database: 'link' })).result).toMatchObject(last);
  expect(await local.rows('SELECT table_name FROM dolt_status')).toEqual([]);
  expect((await readOwnMoves(former)).moves.size).toBe(0);
}, 180_000);

test('a run through a server removes what a killed run without it left, and the other way round', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const local = folder.file('local');
  const run = markOfEndedRun();
  const add = (name: string) => served.sql(`CALL DOLT_REMOTE('add', '${name}', '${served.mailbox}')`);
  const remotes = async () => (await readRepoState(local))?.remotes.map(({ name }) => name);
  for (const name of ['left', 'of-user']) await add(name);
  await served.sql("CALL DOLT_TAG('v1', 'HEAD')");
  await served.sql("CALL DOLT_FETCH('left', 'main')");
  await writeRemoteRecords(local, new Map([['left', { peer: 'mailbox', url: served.mailbox, ref: null, run }]]));
  // No date is later, so the fetches brought the tag.
  const since = '2100-01-01 00:00:00.000';
  await recordMove(local, 'dolt-federation-fetching', { kind: 'fetching', since, tags: [], restoring: false });
  const { problems } = (await served.run()).result;
  expect(problems).toContainEqual(expect.objectContaining({ code: 'tags-restored' }));
  expect([await remotes(), ...(await served.traces()).slice(1, 4)]).toEqual([['of-user'], [], [{ name: 'main' }], []]);
  await add(`${EXCHANGE}-${run}`);
  await served.stop();
  await served.run({ setting: null });
  expect(await remotes()).toEqual(['mailbox', 'of-user']);
});

test('a damaged copy of a served database is named as such', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const stateDir = folder.file('state');
  await served.run({ stateDir });
  const [digest = ''] = await readdir(join(stateDir, 'served'));
  const kept = join(stateDir, 'served', digest);
  const refused = { code: 'corrupt', hint: expect.stringContaining(`Rename ${kept}: the next run makes a new copy.`) };
  for (const file of [join('exchange', 'manifest'), join('scratch', 'local', '.dolt', 'noms', 'manifest')]) {
    const whole = await readFile(join(kept, file));
    await writeFile(join(kept, file), '');
    expect(await failureOf(() => served.run({ stateDir }))).toMatchObject(refused);
    await writeFile(join(kept, file), whole);
  }
  for (const name of await readdir(join(kept, 'exchange')))
    if (isTableFile(name.replace('.darc', ''))) await rm(join(kept, 'exchange', name));
  expect(await failureOf(() => served.run({ stateDir }))).toMatchObject(refused);
  await rename(kept, folder.file('damaged'));
  expect((await served.run({ stateDir })).result.peers).toMatchObject([{ verified: true }]);
});

describe('the record of heads of a database that a running server holds', () => {
  test('is used by a run after the server stopped', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    const stateDir = folder.file('state');
    await otherCommits(served);
    expect((await served.run({ stateDir })).result.peers).toMatchObject([{ status: 'pulled', verified: true }]);
    // The branch gives up what the mailbox has.
    await served.sql("CALL DOLT_RESET('--hard', 'HEAD~1')");
    await clientCommits(served);
    const mine = await served.head();
    await served.stop();
    const rewritten = [{ state: 'rewritten', error: { code: 'history-rewritten' }, pushedCommits: 0 }];
    expect((await served.run({ stateDir })).result).toMatchObject({ head: mine, peers: rewritten });
    // Earlier versions recorded it in the copy.
    const [digest = ''] = await readdir(join(stateDir, 'served'));
    const copy = join(stateDir, 'served', digest, 'scratch', 'local');
    await rename(stateFilePath(folder.file('local')), stateFilePath(copy));
    expect((await served.run({ stateDir, command: 'status' })).result.peers).toMatchObject([{ state: 'rewritten' }]);
    expect((await served.run({ stateDir })).result).toMatchObject({ head: mine, peers: rewritten });
    const known = await readStateFile(folder.file('local'));
    expect([...known.stateFile.peers.values()]).toEqual([]);
    // A file of another user may be sound for that user, so it stays and is reported by each run.
    const unusable = async () =>
      (await served.run({ stateDir })).result.problems.filter(({ code }) => code === 'memory-unusable');
    await writeFile(stateFilePath(copy), '{');
    if (process.getuid?.() === 0) {
      await chown(stateFilePath(copy), 64_001, 64_001);
      const message = expect.stringContaining(stateFilePath(copy));
      const reported = [{ severity: 'warning', message, hint: expect.stringContaining('another user') }];
      expect([await unusable(), await unusable()]).toMatchObject([reported, reported]);
      await chown(stateFilePath(copy), 0, 0);
    }
    const aside = { message: expect.stringContaining(`was renamed to ${stateFilePath(copy)}.unreadable`) };
    expect([await unusable(), await unusable()]).toMatchObject([[{}, aside], []]);
  });

  test('keeps what a run with another copy recorded during this one', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    const file = stateFilePath(folder.file('local'));
    const recorded = (): StateText => JSON.parse(readFileSync(file, 'utf8'));
    /** The others write after this run has read the record. */
    const during = async (write: (now: StateText) => Partial<StateText>) => {
      let isWritten = false;
      const onEvent = () => {
        if (!isWritten) writeFileSync(file, JSON.stringify({ ...recorded(), ...write(recorded()) }));
        isWritten = true;
      };
      const { result } = await served.run({ onEvent });
      expect([isWritten, result.peers]).toMatchObject([true, [{ verified: true }]]);
      return recorded();
    };
    await served.run();
    const first = await served.head();
    await clientCommits(served);
    const gone = [{ local: 'main', head: 'g'.repeat(32) }];
    const far = await during(({ peers }) => ({
      peers: [...peers, ...peers.map((entry) => ({ ...entry, endpoint: 'file:///far' }))],
      retired: gone,
    }));
    const head = await served.head();
    expect([far.peers.map((entry) => entry.head).sort(), far.retired]).toEqual([[first, head].sort(), gone]);
    // A head that a peer loses is recorded there before the push, which a kill can follow.
    await served.other.dolt('pull', 'origin', 'main');
    const lost = await otherCommits(served);
    await served.sql("CALL DOLT_RESET('--soft', 'HEAD~1')");
    await served.sql("CALL DOLT_COMMIT('-Am', 'amended')");
    let before: StateText['retired'] = [];
    const onEvent: RunEvents = ({ step }) => {
      if (step === 'verifying') before = recorded().retired;
    };
    const forced = (await served.run({ leases: new Map([['mailbox', lost]]), onEvent })).result;
    expect(forced.peers).toMatchObject([{ verified: true, replaced: { head: lost } }]);
    expect(before).toEqual([...gone, { local: 'main', head }, { local: 'main', head: lost }]);
    const { retired } = recorded();
    // The commit of a later run is not in the copy of this one.
    const later = 'h'.repeat(32);
    const newer = await during(({ peers }) => ({ peers: peers.map((entry) => ({ ...entry, head: later })) }));
    expect(newer.peers.map((entry) => entry.head)).toEqual([later, later]);
    expect(newer.retired).toEqual(retired);
  });

  test('counts for the branch as it was before this run took it over', async () => {
    await using folder = await tempFolder();
    await using served = await servedDatabase(folder);
    const file = stateFilePath(folder.file('local'));
    const stateDir = folder.file('state');
    await served.run({ stateDir });
    const head = await otherCommits(served);
    await served.sql(`CALL DOLT_REMOTE('add', 'mailbox', '${served.mailbox}')`);
    await served.sql("CALL DOLT_FETCH('mailbox')");
    // Another run brings the commit of the mailbox to the server and records it.
    let isMoved = false;
    const heard = (message: string) => {
      if (!message.startsWith('working through the server')) return;
      served.sqlNow(`CALL DOLT_MERGE('--ff-only', '${head}')`);
      const { peers, ...rest }: StateText = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({ ...rest, peers: peers.map((entry) => ({ ...entry, head })) }));
      isMoved = true;
    };
    const { result } = await served.run({ stateDir, heard });
    expect([isMoved, await served.head()]).toEqual([true, head]);
    expect(result).toMatchObject({ head, peers: [{ verified: true, error: null }] });
    expect((await readStateFile(folder.file('local'))).stateFile.retired).toEqual([]);
  });
});
