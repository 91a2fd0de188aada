import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { EXIT } from '../../src/contract/exit-codes.ts';
import { HASH } from '../../src/contract/hash.ts';
import { proofSchema } from '../../src/contract/result.ts';
import type { PeerEvent } from '../../src/core/logger.ts';
import { backupLines } from '../../src/report/backup.ts';
import { readStateFile, writeStateFile } from '../../src/sync/history/last-verified.ts';
import { backUp, remoteRefs } from '../helpers/backing-up.ts';
import { backupScene } from '../helpers/backup-scene.ts';
import { cloneDatabase, makeDatabaseOf } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('a backup of a release', () => {
  test('tags the release, pushes it to all backups and proves it; later runs back up the commit of the tag', async () => {
    await using folder = await tempFolder();
    const { local, peers, url, tags, head } = await backupScene(folder);
    const proof = folder.file('proof.json');
    const { result } = await backUp(folder, peers, { drill: 'full', proof });
    const drill = { kind: 'proven', tag: 'pushed', tables: [{ name: 'items', rows: 3 }], growth: null };
    expect(result).toMatchObject({
      command: 'backup',
      status: 'success',
      head,
      peers: [
        { name: 'one', state: 'remote-empty', status: 'pushed', verified: true, remoteHead: head, drill, error: null },
        { name: 'two', state: 'remote-empty', status: 'pushed', verified: true, remoteHead: head, drill, error: null },
      ],
      backup: { tag: 'v1', commit: head, drill: 'full', copies: 2, required: null, proof },
    });
    expect(await tags()).toEqual({ v1: head });
    expect((await remoteRefs(folder, url('prim'))).tags).toEqual({ v1: head });
    for (const name of ['one', 'two']) {
      expect(await remoteRefs(folder, url(name))).toEqual({ main: head, tags: { v1: head } });
    }

    const written = readFileSync(proof, 'utf8');
    const hash = result.peers[0]?.drill?.databaseHash;
    expect(hash).toMatch(HASH);
    const proven = proofSchema.parse(JSON.parse(written));
    expect(proven).toMatchObject({
      ...{ database: 'local', branch: 'main', tag: 'v1', commit: head, databaseHash: hash, copies: 2 },
      peers: [
        { name: 'one', endpoint: 'file:///…/one', kind: 'proven', head, databaseHash: hash, tables: drill.tables },
        { name: 'two', endpoint: 'file:///…/two', kind: 'proven', head, databaseHash: hash, tables: drill.tables },
      ],
    });
    expect(written).not.toContain(folder.path);
    // The keys have the same order in every run.
    expect(Object.keys(proven).join()).toBe(
      'version,madeBy,date,database,branch,tag,commit,databaseHash,doltVersion,copies,required,peers',
    );

    // The branch moves and a new backup is added, but the release is still the old commit.
    const later = await local.commit('later', "INSERT INTO items VALUES (4, 'four', 'dan')");
    const joined = `${peers}\nzeta: {endpoint: "${url('zeta')}", role: backup}`;
    // The backups have the release, so they are not stale.
    const again = await backUp(folder, joined, { staleAfter: 1 });
    const present = { kind: 'proven', tag: 'present', tables: null, databaseHash: hash, growth: 0 };
    expect(again.result).toMatchObject({
      status: 'success',
      head: later,
      peers: [
        { name: 'one', status: 'unchanged', pushedCommits: 0, verified: true, drill: present },
        { name: 'two', status: 'unchanged', pushedCommits: 0, verified: true, drill: present },
        { name: 'zeta', status: 'pushed', remoteHead: head, drill: { kind: 'proven', tag: 'pushed', growth: null } },
      ],
      backup: { tag: 'v1', commit: head, copies: 3, proof: null },
    });
    expect(await remoteRefs(folder, url('zeta'))).toEqual({ main: head, tags: { v1: head } });
    expect((await local.rows("SELECT name FROM dolt_branches WHERE name LIKE 'dolt-fed%'")).length).toBe(0);

    // Without a tag the head is backed up. A later backup of the release does not move the branch.
    const daily = await backUp(folder, peers, { tag: null, drill: 'off' });
    expect(daily.result).toMatchObject({
      status: 'success',
      peers: [
        { status: 'pushed', pushedCommits: 1, remoteHead: later, drill: { kind: 'skipped', tag: null } },
        { status: 'pushed', pushedCommits: 1, remoteHead: later, drill: { kind: 'skipped', tag: null } },
      ],
      backup: { tag: null, commit: later, copies: 2 },
    });
    expect(daily.result.peers[0]?.drill?.growth).toBeGreaterThan(0);
    const third = await backUp(folder, peers, { drill: 'rotate' });
    expect(third.result).toMatchObject({ status: 'unchanged', backup: { commit: head, copies: 2 } });
    expect(third.result.peers.map(({ drill: found }) => found?.kind).sort()).toEqual(['proven', 'skipped']);
    // An earlier run proved the peer that was not drilled.
    const provenAt = third.result.peers.map(({ drill: found }) => found?.lastProvenAt ?? '');
    expect(provenAt.every((moment) => Date.parse(moment) > 0)).toBe(true);
    expect(third.result.problems).toEqual([]);
    // The schedule of the runs never drills one of them.
    const { stateFile } = await readStateFile(local.path);
    const missed = [...stateFile.peers].map(([key, entry]) => {
      return [key, { ...entry, drills: { provenAt: '2026-01-02T03:04:05.678Z', since: 2 } }] as const;
    });
    await writeStateFile(local.path, { ...stateFile, peers: new Map(missed) });
    const left = await backUp(folder, peers, { drill: 'rotate' });
    const skipped = left.result.peers.find(({ drill: found }) => found?.kind === 'skipped');
    expect(skipped?.drill?.lastProvenAt).toBe('2026-01-02T03:04:05.678Z');
    expect(left.result.problems).toEqual([
      expect.objectContaining({
        ...{ severity: 'notice', code: 'drill-unproven', peer: skipped?.name },
        message: expect.stringMatching(
          /^the last 3 runs with drills did not prove \w+; it was last proven 2026-01-02 03:04Z$/,
        ),
      }),
    ]);
    expect(third.result.peers.map(({ remoteHead }) => remoteHead)).toEqual([later, later]);
    expect(await remoteRefs(folder, url('one'))).toEqual({ main: later, tags: { v1: head } });
  }, 180_000);

  test('accepts a tag that only the primary has', async () => {
    await using folder = await tempFolder();
    const { local, peers, url, tags, head } = await backupScene(folder);
    const base = (await remoteRefs(folder, url('prim'))).main;
    await local.sql(
      `CALL DOLT_TAG('-m', 'the first', 'v1', '${base}')`,
      "CALL DOLT_PUSH('prim', 'v1')",
      "CALL DOLT_TAG('-d', 'v1')",
    );
    const dry = await backUp(folder, peers, { dryRun: true });
    expect(dry.result).toMatchObject({
      status: 'unchanged',
      dryRun: true,
      peers: [{ plan: { push: 'first-push', head: base } }, { plan: { push: 'first-push', head: base } }],
      backup: { tag: 'v1', commit: base, copies: 0, proof: null, wouldTag: ['one', 'two'] },
    });
    expect([await tags(), existsSync(folder.file('one'))]).toEqual([{}, false]);
    expect(backupLines(dry.result, String)).toEqual([
      `backup of v1 at ${base}: nothing was pushed; the tag would be pushed to one, two`,
    ]);

    const { result } = await backUp(folder, peers);
    expect(result).toMatchObject({ status: 'success', head, backup: { commit: base, copies: 2 } });
    expect(await local.rows('SELECT tag_hash, tagger, message FROM dolt_tags')).toEqual([
      { tag_hash: base, tagger: 'Local', message: 'the first' },
    ]);
    expect(await remoteRefs(folder, url('one'))).toEqual({ main: base, tags: { v1: base } });
  });
});

describe('a tag that names another commit', () => {
  test('on our side and at the primary stops the run before a push', async () => {
    await using folder = await tempFolder();
    const { local, peers, url, tags, head, hasData } = await backupScene(folder);
    const base = (await remoteRefs(folder, url('prim'))).main;
    await local.sql(
      `CALL DOLT_TAG('v1', '${base}')`,
      "CALL DOLT_PUSH('prim', 'v1')",
      "CALL DOLT_TAG('-d', 'v1')",
      "CALL DOLT_TAG('v1', 'HEAD')",
    );
    await expect(backUp(folder, peers)).rejects.toMatchObject({
      code: 'tag-conflict',
      message: `prim has the tag v1 at ${base}, not at ${head}`,
    });
    expect(await tags()).toEqual({ v1: head });
    expect(await remoteRefs(folder, url('prim'))).toEqual({ main: base, tags: { v1: base } });
    expect([hasData('one'), hasData('two')]).toEqual([false, false]);
  });

  test('at a backup fails only that peer, even if its commit is unknown to us', async () => {
    await using folder = await tempFolder();
    const { local, peers, url, head, tags } = await backupScene(folder);
    const base = (await remoteRefs(folder, url('prim'))).main;
    await local.sql(
      `CALL DOLT_REMOTE('add', 'elsewhere', '${url('one')}')`,
      `CALL DOLT_TAG('v1', '${base}')`,
      `CALL DOLT_BRANCH('old', '${base}')`,
      "CALL DOLT_PUSH('elsewhere', 'old:main')",
      "CALL DOLT_PUSH('elsewhere', 'v1')",
      "CALL DOLT_TAG('-d', 'v1')",
      "CALL DOLT_BRANCH('-D', 'old')",
      "CALL DOLT_REMOTE('remove', 'elsewhere')",
    );
    const stranger = await makeDatabaseOf(
      folder.file('stranger'),
      'CREATE TABLE s (id INT PRIMARY KEY)',
      "CALL DOLT_COMMIT('-A', '-m', 'strange')",
      "CALL DOLT_TAG('v1', 'HEAD')",
    );
    const foreign = await stranger.head();
    await local.publish(url('three'), 'main');
    await stranger.publish(url('three'), 'refs/tags/v1:refs/tags/v1');

    const all = `${peers}\nthree: {endpoint: "${url('three')}", role: backup}`;
    // A commit that our branch does not contain is no release of ours.
    const [prim, one, two, three] = all.split('\n');
    const fresh = await backUp(folder, [prim, two, three].join('\n'), { dryRun: true });
    expect(fresh.result).toMatchObject({
      peers: [
        { name: 'three', error: { code: 'tag-conflict' } },
        { name: 'two', error: null },
      ],
      backup: { commit: head, wouldTag: ['prim', 'two'] },
    });
    // If no other backup could get it, the release exists already, and no other one is made.
    await expect(backUp(folder, [prim, one, three].join('\n'))).rejects.toMatchObject({ code: 'tag-conflict' });
    expect(await tags()).toEqual({});

    const { result } = await backUp(folder, all);
    expect(result).toMatchObject({
      status: 'partial',
      peers: [
        {
          ...{ name: 'one', status: 'failed', pushedCommits: 0, verified: false },
          error: { code: 'tag-conflict', message: `one has the tag v1 at ${base}, not at ${head}` },
        },
        { name: 'three', status: 'failed', error: { code: 'tag-conflict', message: expect.stringContaining(foreign) } },
        { name: 'two', status: 'pushed', drill: { kind: 'proven' } },
      ],
      backup: { commit: head, copies: 1 },
    });
    expect(exitCodeOf(result, 'any')).toBe(EXIT.partial);
    expect(await remoteRefs(folder, url('one'))).toEqual({ main: base, tags: { v1: base } });
    expect(await remoteRefs(folder, url('three'))).toEqual({ main: head, tags: { v1: foreign } });
    expect(await local.rows('SELECT tag_name, tag_hash FROM dolt_tags')).toEqual([{ tag_name: 'v1', tag_hash: head }]);

    // One copy is enough if one is required, but another commit under our tag or on our branch is a difference.
    const strayed = await cloneDatabase(url('two'), folder.file('strayed'));
    await strayed.sql(
      "CALL DOLT_CHECKOUT('-b', 'stray', 'HEAD~1')",
      "CALL DOLT_COMMIT('--allow-empty', '-m', 'stray')",
    );
    await strayed.publish(url('four'), 'stray:main');
    const four = `four: {endpoint: "${url('four')}", role: backup}`;
    const enough = await backUp(folder, [all, four].join('\n'), { required: 1 });
    expect(enough.result).toMatchObject({
      status: 'partial',
      peers: [
        { name: 'four', error: { code: 'non-fast-forward' }, drill: { kind: 'differs' } },
        { name: 'one', error: { code: 'tag-conflict' }, drill: { kind: 'differs' } },
        { name: 'three', error: { code: 'tag-conflict' }, drill: { kind: 'differs' } },
        { name: 'two', drill: { kind: 'proven' } },
      ],
      backup: { copies: 1, required: 1, proof: null },
    });
    expect(exitCodeOf(enough.result, 'any')).toBe(EXIT.partial);
    const missing = (await backUp(folder, all, { required: 2, drill: 'off' })).result;
    expect(missing).toMatchObject({ status: 'failed', backup: { copies: 1 } });
    expect(missing.problems[0]).toMatchObject({
      code: 'too-few-copies',
      message: expect.stringContaining('not one (tag-conflict), three (tag-conflict)'),
    });
  });

  test('outside of our branch is refused', async () => {
    await using folder = await tempFolder();
    const { local, peers, hasData } = await backupScene(folder);
    await local.sql("CALL DOLT_CHECKOUT('-b', 'side')", "CALL DOLT_COMMIT('--allow-empty', '-m', 'aside')");
    await local.sql("CALL DOLT_TAG('v1', 'side')");
    await expect(backUp(folder, peers)).rejects.toMatchObject({ code: 'tag-not-ours' });
    expect(hasData('one')).toBe(false);
  });
});

test('a tag that the primary refused is removed from our database and sent to no backup', async () => {
  await using folder = await tempFolder();
  const { local, peers, tags, hasData } = await backupScene(folder);
  const onEvent = ({ peer, step }: PeerEvent) => {
    if (peer !== 'prim' || step !== 'pushing') return;
    renameSync(folder.file('prim'), folder.file('moved'));
    writeFileSync(folder.file('prim'), 'no folder');
  };
  await expect(backUp(folder, peers, { onEvent })).rejects.toMatchObject({
    name: 'Failure',
    message: expect.stringContaining('prim'),
  });
  expect([await tags(), hasData('one')]).toEqual([{}, false]);

  // The next run makes it at the head of that time.
  rmSync(folder.file('prim'));
  renameSync(folder.file('moved'), folder.file('prim'));
  const later = await local.commit('later', 'DELETE FROM items WHERE id = 1');
  const { result } = await backUp(folder, peers, { drill: 'off' });
  expect(result).toMatchObject({ status: 'success', backup: { commit: later, copies: 2 } });
});
