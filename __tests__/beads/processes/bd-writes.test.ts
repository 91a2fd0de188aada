import { mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { keptScratchFolders } from '../../../src/commands/prepare/served/scratch-folders.ts';
import type { ConfigOverrides } from '../../../src/config/configuration.ts';
import { toFailure } from '../../../src/core/failure.ts';
import { recordMove } from '../../../src/sync/merge/own-moves.ts';
import { command } from '../../helpers/commanding.ts';
import { cloneDatabase, openTestDatabase } from '../../helpers/database.ts';
import { timesCases } from '../../helpers/property.ts';
import { markOfEndedRun } from '../../helpers/run-marks.ts';
import { type Bd, bdWorkspace } from '../../helpers/servers/bd.ts';
import { startSilentPeer } from '../../helpers/servers/silent-peer.ts';
import { below, type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

const newIssue = (id: string) =>
  `INSERT INTO issues (id, title, description, design, acceptance_criteria, notes) VALUES ('${id}', '${id}', '', '', '', '')`;

/** A workspace of an embedded bd, and another database that has its issues and the same mailbox. */
async function embedded(folder: TempFolder) {
  const bd = await bdWorkspace(folder, []);
  const sync = async (peers = '', overrides: ConfigOverrides = {}) => {
    const options = { database: undefined, ceiling: null, stateDir: folder.file('state'), retries: 0 };
    return (await command(below(folder, 'repo'), peers, { ...options, overrides })).result;
  };
  await sync();
  const box = `file://${folder.file('box')}`;
  const other = await cloneDatabase(box, folder.file('other'));
  return {
    bd,
    sync,
    other,
    path: folder.file('repo', '.beads', 'embeddeddolt', 'north'),
    /** Commits an issue in another database. */
    async addElsewhere(id: string, statement = newIssue(id)) {
      await other.dolt('pull', 'origin', 'main');
      const head = await other.commit(id, statement);
      await other.publish(box);
      return head;
    },
    async titlesElsewhere() {
      await other.dolt('pull', 'origin', 'main');
      return (await other.rows('SELECT title FROM issues ORDER BY title')).map(({ title }) => title);
    },
  };
}

test('a run merges the commits that bd writes while the run waits for a peer', async () => {
  await using folder = await tempFolder();
  const { bd, sync, path, addElsewhere, titlesElsewhere } = await embedded(folder);
  await addElsewhere('theirs');
  const { id }: { id: string } = JSON.parse(await bd.ok('create', 'gone', '--json'));
  const silent = await startSilentPeer();
  let hasEnded = false;
  const running = sync(`silent: {endpoint: "${silent.url}", live: false}`).finally(() => {
    hasEnded = true;
  });
  await silent.asked;
  await bd.ok('create', 'meanwhile', '--quiet');
  // With its rows of `events`, which `dolt_ignore` matches and the copy of the run still has.
  await bd.ok('delete', id, '--force');
  expect(await bd.titles()).toEqual(['meanwhile', 'ours']);
  expect(hasEnded).toBe(false);
  await silent[Symbol.asyncDispose]();
  const result = await running;
  expect(result).toMatchObject({ status: 'partial', database: path });
  expect(result.peers.find(({ name }) => name === 'origin')).toMatchObject({ verified: true, pulledCommits: 1 });
  expect(await bd.titles()).toEqual(['meanwhile', 'ours', 'theirs']);

  // As after a crash of bd: these rows are in no commit.
  const database = openTestDatabase(path);
  await database.sql(newIssue('uncommitted'));
  await addElsewhere('more');
  await rm(folder.file('repo', '.beads.gate.lock'));
  expect(await sync()).toMatchObject({ status: 'success', peers: [{ verified: true, pulledCommits: 1 }] });
  expect(await readdir(folder.file('repo'))).toContain('.beads.gate.lock');
  expect(await titlesElsewhere()).toEqual(['meanwhile', 'more', 'ours', 'theirs']);
  expect(await database.rows('SELECT table_name FROM dolt_status')).toEqual([{ table_name: 'issues' }]);
  expect(await bd.titles()).toEqual(['meanwhile', 'more', 'ours', 'theirs', 'uncommitted']);
  // The leftovers of a run that is killed while it has the database open.
  await database.dolt('remote', 'add', `dolt-federation-exchange-${markOfEndedRun()}`, `file://${folder.file('gone')}`);
  expect(await sync()).toMatchObject({ status: 'unchanged', peers: [{ verified: true }] });
  expect(JSON.parse(await readFile(`${path}/.dolt/repo_state.json`, 'utf8')).remotes).toEqual({});
  expect(await readdir(`${path}/.dolt`)).toContain('dolt-federation.json');
  // Half a move of a run that was killed while a server held the database.
  const from = await database.head();
  const to = await database.headAfter(newIssue('half'), "CALL DOLT_COMMIT('-Am', 'a result')");
  await database.sql(`CALL DOLT_RESET('--hard', '${from}')`, `CALL DOLT_RESET('--soft', '${to}')`);
  const setting = { host: '127.0.0.1', port: 1, user: 'root', database: null, remotesapi: null, tls: false };
  const { database: scratch } = await keptScratchFolders(folder.file('state'), { path, setting });
  await mkdir(join(scratch, '.dolt'), { recursive: true });
  await recordMove(scratch, 'killed', { kind: 'served', branch: 'main', from, to });
  expect(await sync()).toMatchObject({ head: from, peers: [{ verified: true, pushedCommits: 0 }] });
  expect(await bd.titles()).toEqual(['meanwhile', 'more', 'ours', 'theirs']);
  const [kept = ''] = await readdir(folder.file('state', 'beside'));
  expect(await readdir(folder.file('state', 'beside', kept))).toEqual(['exchange']);

  // Another user can make such a link first where all may write.
  await rm(folder.file('state', 'beside', kept), { recursive: true });
  await mkdir(folder.file('victim', 'copies', 'file'), { recursive: true });
  await symlink(folder.file('victim'), folder.file('state', 'beside', kept));
  await addElsewhere('last');
  const options = { database: undefined, ceiling: null, stateDir: folder.file('state') };
  const beside = await command(below(folder, 'repo'), '', options);
  expect(beside.result).toMatchObject({ peers: [{ verified: true, pulledCommits: 1 }] });
  expect(beside.log).toContainEqual(
    expect.stringMatching(/it is a symbolic link\. This run works in the database itself\./),
  );
  expect(await readdir(folder.file('victim'))).toEqual(['copies']);
  expect(await readdir(folder.file('victim', 'copies'))).toEqual(['file']);

  // Dolt cannot use such a folder for the exchange.
  await addElsewhere('least');
  const within = await command(below(folder, 'repo'), '', { ...options, stateDir: folder.file('st#ate') });
  expect(within.result).toMatchObject({ peers: [{ verified: true, pulledCommits: 1 }] });
  expect(within.log).toContainEqual(expect.stringMatching(/contains `#`\. This run works in the database itself\./));
}, 150_000);

test('a rejected head with unresolved rows is kept for `resolve`', async () => {
  await using folder = await tempFolder();
  const { bd, sync, path, addElsewhere } = await embedded(folder);
  const theirs = await addElsewhere('title', "UPDATE issues SET title = 'theirs', updated_at = NOW()");
  const [issue]: { id: string }[] = JSON.parse(await bd.ok('list', '--json'));
  await bd.ok('update', issue?.id ?? '', '--title', 'mine', '--quiet');
  const result = await sync('', { strategy: 'manual' });
  expect(result).toMatchObject({ status: 'conflict', open: 1 });
  expect(await readFile(`${path}/.dolt/dolt-federation/conflicts.yaml`, 'utf8')).toContain(theirs);
  const kept = await openTestDatabase(path).rows(`SELECT commit_hash FROM dolt_log('${theirs}') LIMIT 1`);
  expect(kept).toEqual([{ commit_hash: theirs }]);
  expect(await bd.titles()).toEqual(['mine']);
}, 120_000);

/** Runs a command of bd repeatedly. @returns what ends that, and gives how often and how long it ran */
function repeatedly(bd: Bd, command: (round: number) => readonly string[]) {
  let isOver = false;
  const running = (async () => {
    let longest = 0;
    for (let round = 0; ; round += 1) {
      if (isOver) return { rounds: round, longest };
      const began = performance.now();
      await bd.ok(...command(round));
      longest = Math.max(longest, performance.now() - began);
    }
  })();
  return async () => {
    isOver = true;
    return await running;
  };
}

/**
 * The longest time that bd may wait for a run: 2 s, plus ten times the usual duration of a command, because the
 * machine may be busy and bd collects little garbage here. bd 1.3.0 tries the lock at growing intervals, so it waits longer than a run holds the database.
 */
const longestWait = (usual: number) => 2_000 + 10 * usual;

test(
  'no row is lost while bd writes in a loop',
  async () => {
    await using folder = await tempFolder();
    const { bd, sync, addElsewhere, titlesElsewhere } = await embedded(folder);
    const began = performance.now();
    await bd.ok('create', 'alone', '--quiet');
    const usual = performance.now() - began;
    const end = repeatedly(bd, (round) => ['create', `w${round}`, '--quiet']);
    const runs = timesCases(2);
    const ids: string[] = [];
    const ends: string[] = [];
    const { rounds, longest } = await (async () => {
      for (let run = 0; run < runs; run += 1) {
        ids.push(`north-x${run}`);
        await addElsewhere(`north-x${run}`);
        const ended = await sync().then(
          ({ peers: [peer] }) => peer?.error?.code ?? `verified: ${peer?.verified}`,
          (thrown: unknown) => toFailure(thrown).code,
        );
        ends.push(ended);
      }
    })()
      .finally(end)
      .then(end);
    // On a busy machine the run may not get the database between two commands of bd.
    expect(ends.filter((ended) => ended !== 'verified: true' && ended !== 'database-in-use')).toEqual([]);
    process.stdout.write(
      `bd: ${rounds} issues beside ${runs} runs; longest command ${Math.round(longest)} ms, alone ${Math.round(usual)} ms\n`,
    );
    expect(rounds).toBeGreaterThan(0);
    expect(longest - usual).toBeLessThan(longestWait(usual));
    expect(await sync()).toMatchObject({ status: 'success', peers: [{ verified: true }] });
    const all = ['alone', 'ours', ...ids, ...Array.from({ length: rounds }, (_, round) => `w${round}`)].sort();
    expect(await bd.titles()).toEqual(all);
    expect(await titlesElsewhere()).toEqual(all);
  },
  120_000 + timesCases(60_000),
);
