import { rmSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { clash, leases } from '../helpers/clash.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
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
    const { other, theirs, peers, mailbox } = await clash(folder, "INSERT INTO items VALUES (5, 'five', 'ann')");
    await other.publish(`file://${folder.file('third')}`);
    await other.commit('more', "INSERT INTO items VALUES (6, 'six', 'eve')");
    await other.dolt('push', 'box', 'main');
    const forced = await command(folder, peers, { command: 'push', ...leases(await other.head()) });
    expect(forced.result.peers).toMatchObject([{ status: 'pushed', verified: true }]);

    const both = `${peers}\nthird: file://${folder.file('third')}`;
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
