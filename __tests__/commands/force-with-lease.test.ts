import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { replacedProblems } from '../../src/commands/outcome/problems.ts';
import type { PeerEvent } from '../../src/core/logger.ts';
import { clash, leases } from '../helpers/clash.ts';
import { command } from '../helpers/commanding.ts';
import { configure } from '../helpers/configuring.ts';
import { cloneDatabase, makeDatabase, openTestDatabase, remoteHead } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { clientCommits, otherCommits, servedDatabase } from '../helpers/served-database.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { startGitHttp } from '../helpers/servers/git-http.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('a peer with a lease', () => {
  test('gets our branch; both sides keep its old head, and the printed command restores it', async () => {
    await using folder = await tempFolder();
    const { local, other, ours, theirs, peers, mailbox } = await clash(folder);
    const tag = `dolt-federation-replaced/box/${theirs}`;

    const dry = await command(folder, peers, { command: 'push', dryRun: true, ...leases(theirs) });
    expect(dry.result.peers).toMatchObject([
      { status: 'unchanged', plan: { push: 'replace', pushCommits: 1, head: ours }, remoteHead: theirs },
    ]);
    expect(dry.result.peers[0]).not.toHaveProperty('replaced');
    expect(await mailbox()).toBe(theirs);
    expect(await local.rows('SELECT tag_name FROM dolt_tags')).toEqual([]);

    const { result } = await command(folder, peers, { command: 'push', ...leases(theirs) });
    expect(result).toMatchObject({
      status: 'success',
      peers: [
        {
          status: 'pushed',
          verified: true,
          pushedCommits: 1,
          remoteHead: ours,
          replaced: { head: theirs, tag, atPeer: true },
        },
      ],
      problems: [{ severity: 'warning', code: 'forced-push', peer: 'box', message: expect.stringContaining(tag) }],
    });
    expect(await mailbox()).toBe(ours);
    const tags = 'SELECT tag_name, tag_hash, tagger FROM dolt_tags';
    expect(await local.rows(tags)).toEqual([{ tag_name: tag, tag_hash: theirs, tagger: 'dolt-federation' }]);
    const reader = await cloneDatabase(`file://${folder.file('box')}`, folder.file('reader'));
    expect(await reader.rows(tags)).toEqual([{ tag_name: tag, tag_hash: theirs, tagger: 'dolt-federation' }]);
    expect(await other.head()).toBe(theirs);

    const again = await command(folder, peers, { command: 'push', ...leases(theirs) });
    expect(again.result).toMatchObject({ status: 'unchanged', peers: [{ verified: true, error: null }], problems: [] });
    // So it is after further commits, as in a workflow that keeps the input.
    const later = await local.commit('later', 'INSERT INTO items (id) VALUES (99)');
    const kept = await command(folder, peers, { command: 'push', ...leases(theirs) });
    expect(kept.result).toMatchObject({ status: 'success', peers: [{ remoteHead: later, error: null }], problems: [] });

    const undo = result.problems[0]?.hint.split(': ').at(-1) ?? '';
    const [program, ...words] = undo.split(' ');
    expect(program).toBe('dolt');
    await local.dolt(...words);
    expect(await mailbox()).toBe(theirs);
  }, 180_000);

  test('is reset to our head if it is only ahead of us', async () => {
    await using folder = await tempFolder();
    const { ours, theirs, peers, mailbox } = await clash(folder, '');
    const { result } = await command(folder, peers, { command: 'sync', ...leases(theirs) });
    expect(result).toMatchObject({
      status: 'success',
      head: ours,
      peers: [{ status: 'pushed', verified: true, pushedCommits: 0, pulledCommits: 0, replaced: { head: theirs } }],
    });
    expect(await mailbox()).toBe(ours);
  });

  test('is replaced even if its history is unrelated', async () => {
    await using folder = await tempFolder();
    const { theirs, peers, mailbox } = await clash(folder);
    rmSync(folder.file('local'), { recursive: true });
    const fresh = await makeDatabase(folder.file('local'));
    const { result } = await command(folder, peers, leases(theirs));
    expect(result.peers).toMatchObject([{ state: 'unrelated', status: 'pushed', verified: true, pushedCommits: 2 }]);
    expect(await mailbox()).toBe(await fresh.head());
  });

  test('discards all commits that ours lacks, so another peer with a part of them waits until it is merged', async () => {
    await using folder = await tempFolder();
    const { other, ours, theirs, peers, mailbox } = await clash(folder, "INSERT INTO items VALUES (5, 'five', 'ann')");
    await other.publish(`file://${folder.file('third')}`);
    await other.commit('more', "INSERT INTO items VALUES (6, 'six', 'eve')");
    await other.dolt('push', 'box', 'main');
    const discarded = await other.head();
    await other.commit('west', "INSERT INTO items VALUES (7, 'seven', 'eve')");
    await other.publish(`file://${folder.file('west')}`);
    const both = `${peers}\nthird: file://${folder.file('third')}`;
    const forced = await command(folder, `${both}\nwest: file://${folder.file('west')}`, leases(discarded));
    const waits = (last: string) => ({
      status: 'conflict',
      error: { code: 'history-rewritten' },
      rewritten: { side: 'ours', last },
    });
    expect(forced.result).toMatchObject({
      head: ours,
      peers: [
        { name: 'box', status: 'pushed', verified: true, replaced: { head: discarded } },
        { name: 'third', ...waits(theirs) },
        { name: 'west', ...waits(discarded) },
      ],
    });

    const { result } = await command(folder, both);
    expect(result.peers).toMatchObject([
      { name: 'box', state: 'up-to-date' },
      {
        name: 'third',
        state: 'rewritten',
        error: { code: 'history-rewritten' },
        rewritten: { side: 'ours', last: theirs },
      },
    ]);
    expect(result.peers[1]?.error?.message).toContain('`--force-with-lease` replaced a branch that had it');
    const merge = { adopt: new Map(), merge: new Map([['third', theirs]]), discardLocal: [] };
    const merged = await command(folder, both, { rewrites: merge });
    expect(merged.result).toMatchObject({ peers: [{ verified: true }, { verified: true, error: null }] });
    const later = await command(folder, both);
    expect(later.result).toMatchObject({ status: 'unchanged', peers: [{ verified: true }, { verified: true }] });
    expect(await mailbox()).toBe(later.result.head);
  }, 180_000);

  test('needs no force if our branch contains its head', async () => {
    await using folder = await tempFolder();
    const { local, theirs, peers, mailbox } = await clash(folder, '');
    await local.dolt('pull', 'box', 'main');
    const ours = await local.commit('ours', "INSERT INTO items VALUES (5, 'five', 'ann')");
    const { result } = await command(folder, peers, leases(theirs));
    expect(result).toMatchObject({ peers: [{ status: 'pushed', verified: true, pushedCommits: 1 }], problems: [] });
    expect(result.peers[0]).not.toHaveProperty('replaced');
    expect(await mailbox()).toBe(ours);
  });
});

test('through a running server, the server keeps the old head, and the printed commands restore it', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const stateDir = folder.file('state');
  const lost = await otherCommits(served);
  const ours = await clientCommits(served);
  const name = `dolt-federation-replaced/mailbox/${lost}`;
  const forced = { command: 'push', leases: new Map([['mailbox', lost]]) } as const;
  const tags = () => served.rows('SELECT tag_name, tag_hash FROM dolt_tags');
  const mailbox = async () => await remoteHead(served.mailbox, folder.file('looks', randomUUID()));

  await served.sql(`CALL DOLT_TAG('${name}', '${ours}')`);
  const refused = await served.run(forced);
  expect(refused.result.peers).toMatchObject([{ status: 'failed', error: { code: 'tag-conflict' } }]);
  expect(await mailbox()).toBe(lost);
  await served.sql(`CALL DOLT_TAG('-d', '${name}')`);

  // The peer takes the branch, and no tag.
  const [box, away] = [folder.file('mailbox'), folder.file('away')];
  const peers = stringify({ mailbox: served.mailbox, second: `file://${folder.file('second')}` });
  const onEvent = ({ peer, step, detail }: PeerEvent) => {
    if (peer === 'second' && step === 'pushing') {
      renameSync(box, away);
      writeFileSync(box, '');
    } else if (detail.startsWith('again, because its head')) {
      rmSync(box);
      renameSync(away, box);
    }
  };
  const { result } = await served.run({ ...forced, stateDir, onEvent, overrides: { peers } });
  const replaced = { head: lost, tag: name, atPeer: false };
  expect(result.peers[0]).toMatchObject({ status: 'pushed', verified: true, remoteHead: ours, replaced });
  const [warning] = result.problems.filter(({ code }) => code === 'forced-push');
  expect(warning?.message).toContain('keeps the old head, here only, because');
  expect(await tags()).toEqual([{ tag_name: name, tag_hash: lost }]);
  expect(await served.traces()).toEqual([[], [], [{ name: 'main' }], [{ tag_name: name }], []]);
  const [, copy = '', push = ''] = /run in (\S+): dolt (.*)$/.exec(warning?.hint ?? '') ?? [];
  await openTestDatabase(copy).dolt(...push.split(' '));
  expect(await mailbox()).toBe(lost);

  // Without a copy that stays. A git host is asked whether it takes a push before a tag, and right before the push.
  await served.sql(`CALL DOLT_TAG('-d', '${name}')`);
  const { refs } = await bareRepository(folder.file('git', 'data.git'), { withBranch: true });
  await using host = await startGitHttp({ root: folder.file('git') });
  const git = { endpoint: `${host.url}/data.git`, ref: 'refs/dolt/north' };
  await served.other.sql(
    `CALL DOLT_REMOTE('add', '--ref', '${git.ref}', 'git', '${git.endpoint}')`,
    "CALL DOLT_PUSH('git', 'main')",
  );
  const written = stringify({ mailbox: served.mailbox, git });
  const before = host.requests.length;
  const both = { leases: new Map([...forced.leases, ['git', lost]]), overrides: { peers: written } };
  const again = await served.run({ ...forced, ...both });
  const done = { verified: true, remoteHead: ours, replaced: { atPeer: true } };
  expect(again.result.peers).toMatchObject([
    { name: 'git', ...done },
    { name: 'mailbox', ...done },
  ]);
  // Every other push sends data.
  const pushes = (method: string) =>
    host.requests.slice(before).filter((one) => one.startsWith(method) && one.includes('git-receive-pack'));
  expect(pushes('GET').length - pushes('POST').length).toBe(2);
  expect(await tags()).toMatchObject([{ tag_hash: lost }, { tag_name: name, tag_hash: lost }]);
  const hints = again.result.problems.filter(({ code }) => code === 'forced-push');
  const hint = hints.find(({ peer }) => peer === 'mailbox')?.hint ?? '';
  expect(hint).toContain(`in ${folder.file('local')}: CALL `);
  for (const call of hint.slice(hint.indexOf('CALL')).split(/(?<=;) /)) await served.sql(call);
  expect(await mailbox()).toBe(lost);
  // A push by the server, which may know another ref of the repository, could arrive there. The commands are run as printed.
  await mkdir(folder.file('bin'));
  await symlink(testDolt(), folder.file('bin', 'dolt'));
  const shell = async (cwd: string, printed: string) => {
    const env = { PATH: `${folder.file('bin')}:${process.env['PATH']}`, HOME: folder.path };
    await execa('/bin/sh', ['-c', printed], { cwd, env, extendEnv: false });
  };
  const commandIn = (text = '') => text.replace(/^.*?: (?=dolt )/, '');
  await shell(folder.path, commandIn(hints.find(({ peer }) => peer === 'git')?.hint));
  await openTestDatabase(folder.path).dolt('clone', '--ref', git.ref, git.endpoint, 'read-again');
  expect(await openTestDatabase(folder.file('read-again')).head()).toBe(lost);

  // If only the database of the server has the tag.
  const [peer] = configure(`federation: {peers: {git: ${JSON.stringify(git)}}}`).peers;
  if (peer === undefined) throw new Error('no peer');
  const here = { replaced: { head: lost, tag: name, atPeer: false }, peer, remote: 'git', remoteUrl: git.endpoint };
  const [kept] = replacedProblems(
    { ...here, user: null, branch: 'restored', head: ours, keepsRemote: false },
    { kind: 'server', name: 'mysql://h/db' },
  );
  await cloneDatabase(served.mailbox, folder.file('with-tag'));
  await shell(folder.file('with-tag'), commandIn(kept?.hint));
  const branches = openTestDatabase(folder.file('read-again'));
  await branches.dolt('fetch', 'origin');
  expect(await branches.rows('SELECT name, hash FROM dolt_remote_branches ORDER BY name')).toEqual([
    { name: 'remotes/origin/main', hash: lost },
    { name: 'remotes/origin/restored', hash: lost },
  ]);
  expect((await refs()).filter((ref) => ref.includes('dolt_remote_info'))).toEqual([]);

  for (const tag of [name, `dolt-federation-replaced/git/${lost}`]) await served.sql(`CALL DOLT_TAG('-d', '${tag}')`);
  const remotesapi = Number(new URL(served.server.url).port);
  const setting = { host: 'localhost', tls: true, remotesapi, database: 'local' };
  const far = await served.run({ ...forced, host: 'localhost', setting, database: undefined });
  expect(far.result.peers).toMatchObject([{ verified: true, replaced: { head: lost } }]);
  expect(await tags()).toEqual([{ tag_name: name, tag_hash: lost }]);
  expect(await served.traces()).toEqual([[], [], [{ name: 'main' }], [{ tag_name: name }], []]);
}, 240_000);
