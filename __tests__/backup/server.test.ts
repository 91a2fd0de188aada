import { expect, test } from '@jest/globals';
import { backUp, remoteRefs } from '../helpers/backing-up.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
import { servedDatabase } from '../helpers/served-database.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('two backups on one server get the tag that only we have, and keep a tag of their own', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await using server = await startRemotesrv(folder.path);
  const url = (name: string) => `${server.url}/org/${name}`;
  const peers = [
    `prim: {endpoint: "${url('prim')}", role: primary}`,
    `one: {endpoint: "${url('one')}", role: backup}`,
    `two: {endpoint: "${url('two')}", role: archive}`,
  ].join('\n');
  await local.publish(url('prim'));
  const first = await local.head();
  const { result } = await backUp(folder, peers, { drill: 'full' });
  const drill = { kind: 'proven', tag: 'pushed', tables: [{ name: 'items', rows: 2 }], growth: null };
  expect(result).toMatchObject({
    status: 'success',
    peers: [
      { name: 'one', verified: true, drill },
      { name: 'two', verified: true, drill },
    ],
    backup: { commit: first, copies: 2 },
  });
  expect(result.peers[0]?.drill?.bytes).toBeGreaterThan(0);
  for (const name of ['prim', 'one', 'two'])
    expect(await remoteRefs(folder, url(name))).toEqual({ main: first, tags: { v1: first } });

  // Another writer moves the tag of one backup, and our tag is lost.
  const moved = await local.commit('later', 'DELETE FROM items WHERE id = 1');
  await local.sql("CALL DOLT_TAG('-d', 'v1')", "CALL DOLT_TAG('v1', 'HEAD')");
  await local.publish(url('two'), 'refs/tags/v1:refs/tags/v1');
  await local.sql("CALL DOLT_TAG('-d', 'v1')");
  const again = await backUp(folder, peers);
  expect(again.result).toMatchObject({
    status: 'partial',
    peers: [
      { name: 'one', status: 'unchanged', drill: { kind: 'proven', tag: 'present', growth: 0 } },
      {
        name: 'two',
        status: 'failed',
        error: { code: 'tag-conflict', message: `two has the tag v1 at ${moved}, not at ${first}` },
      },
    ],
    backup: { commit: first, copies: 1 },
  });
  expect(await remoteRefs(folder, url('two'))).toEqual({ main: first, tags: { v1: moved } });
  expect(await local.rows('SELECT tag_name, tag_hash FROM dolt_tags')).toEqual([{ tag_name: 'v1', tag_hash: first }]);
});

test('the tags and branches of a database that a server holds count like those of any other', async () => {
  await using folder = await tempFolder();
  await using served = await servedDatabase(folder);
  const url = (name: string) => `file://${folder.file(name)}`;
  const options = { ...(await served.options()), stateDir: folder.file('state') };
  const peers = [
    `prim: {endpoint: "${served.mailbox}", role: primary}`,
    `one: {endpoint: "${url('one')}", role: backup}`,
  ];
  const released = await served.head();
  await served.sql("CALL DOLT_TAG('--author', 'Ann <ann@example.org>', '-m', 'the first', 'v1')");
  await served.sql("CALL DOLT_BRANCH('rel')");
  await served.sql("INSERT INTO items VALUES (3, 'three', 'cleo')");
  await served.sql("CALL DOLT_COMMIT('-a', '-m', 'later')");
  const later = await served.head();

  await expect(backUp(folder, peers.join('\n'), { ...options, tag: 'Rel' })).rejects.toMatchObject({
    code: 'bad-usage',
    message: 'the tag Rel has the name of the branch rel',
  });
  // Without a primary as well, the tag decides.
  const alone = await backUp(folder, peers[1] ?? '', options);
  expect(alone.result).toMatchObject({ status: 'success', backup: { commit: released, copies: 1 } });
  const { result } = await backUp(folder, peers.join('\n'), options);
  expect(result).toMatchObject({ backup: { commit: released, copies: 1 }, peers: [{ status: 'unchanged' }] });
  const there = await cloneDatabase(served.mailbox, folder.file('there'));
  expect(await there.rows('SELECT tag_name, tag_hash, tagger, message FROM dolt_tags')).toEqual([
    { tag_name: 'v1', tag_hash: released, tagger: 'Ann', message: 'the first' },
  ]);

  // The copy of the earlier runs keeps no tag of the server.
  await served.sql("CALL DOLT_TAG('-d', 'v1')");
  const other = `two: {endpoint: "${url('two')}", role: backup}`;
  const planned = await backUp(folder, other, { ...options, dryRun: true });
  expect(planned.result).toMatchObject({ backup: { commit: later } });
  await served.sql("CALL DOLT_TAG('v1')");
  await expect(backUp(folder, peers.join('\n'), options)).rejects.toMatchObject({
    code: 'tag-conflict',
    message: `prim has the tag v1 at ${released}, not at ${later}`,
  });
  expect((await backUp(folder, other, options)).result).toMatchObject({ backup: { commit: later, copies: 1 } });
  expect(await remoteRefs(folder, url('two'))).toEqual({ main: later, tags: { v1: later } });
});
