import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { Failure } from '../../src/core/failure.ts';
import type { PeerEvent } from '../../src/core/logger.ts';
import { readStateFile } from '../../src/sync/history/last-verified.ts';
import { backUp, remoteRefs } from '../helpers/backing-up.ts';
import { backupScene, isRestoring } from '../helpers/backup-scene.ts';
import type { CommandOptions } from '../helpers/commanding.ts';
import { liveDatabase } from '../helpers/live-database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** Interrupts a run when a peer gets to a step, as a signal does. */
function interruptedAt(isThere: (event: PeerEvent) => boolean): Pick<CommandOptions, 'onEvent' | 'signal'> {
  const interruption = new AbortController();
  return {
    signal: interruption.signal,
    onEvent: (event) => {
      if (isThere(event)) interruption.abort(new Failure('interrupted', 'SIGINT was received'));
    },
  };
}

const isPushing = (name: string) => (event: PeerEvent) =>
  event.peer === name && event.step === 'pushing' && event.detail === 'the tag v1';

test('an interrupted backup reports no copy, and the next run completes it', async () => {
  await using folder = await tempFolder();
  const { local, peers, url, tags, head } = await backupScene(folder);
  const proof = folder.file('proof.json');
  const at = async (isThere: (event: PeerEvent) => boolean) =>
    (await backUp(folder, peers, { proof, ...interruptedAt(isThere) })).result;
  const isLost = { status: 'failed', verified: false, error: { code: 'interrupted' }, drill: { kind: 'skipped' } };

  // Our database lacks a tag that the primary lacks, so another commit can still be released.
  expect(await at(isPushing('prim'))).toMatchObject({
    status: 'failed',
    peers: [{ name: 'prim', error: { code: 'interrupted' } }, isLost, isLost],
    backup: { copies: 0, proof: null },
  });
  expect([await tags(), (await remoteRefs(folder, url('prim'))).tags]).toEqual([{}, {}]);
  const released = await local.commit('better', "INSERT INTO items VALUES (4, 'four', 'dan')");

  // Both peers have the branch, and no tag.
  expect(await at(isPushing('one'))).toMatchObject({
    ...{ peers: [isLost, isLost], backup: { commit: released, copies: 0, proof: null } },
  });
  expect([await tags(), (await remoteRefs(folder, url('prim'))).tags]).toEqual([{ v1: released }, { v1: released }]);

  // Both have branch and tag, and neither is proven.
  const made = { status: 'pushed', verified: true, error: null, drill: { kind: 'unproven', tag: 'pushed' } };
  expect(await at(isRestoring)).toMatchObject({
    ...{ status: 'partial', peers: [made, made], backup: { commit: released, copies: 0, proof: null } },
    problems: [{ severity: 'error', code: 'interrupted' }],
  });
  const { stateFile } = await readStateFile(local.path);
  expect([...stateFile.peers.values()].map(({ drills }) => drills?.provenAt ?? null)).toEqual([null, null, null]);
  expect([existsSync(proof), await readdir(folder.file('tmp'))]).toEqual([false, []]);
  expect(await local.rows('SELECT name FROM dolt_branches')).toEqual([{ name: 'main' }]);

  const { result } = await backUp(folder, peers, { proof });
  expect(result).toMatchObject({ status: 'unchanged', backup: { commit: released, copies: 2, proof } });
  expect(result.peers.map(({ drill }) => [drill?.kind, drill?.tag])).toEqual(Array(2).fill(['proven', 'present']));
  for (const name of ['one', 'two'])
    expect(await remoteRefs(folder, url(name))).toEqual({ main: released, tags: { v1: released } });
  expect(released).not.toBe(head);
}, 180_000);

test('a backup whose engine is killed while it pushes or reads the tag is made by the next engine', async () => {
  await using folder = await tempFolder();
  const { local, peers, url, head } = await backupScene(folder);
  const killedAt = async (tag: string, isThere: (event: PeerEvent) => boolean) => {
    let engine = 0;
    let killed = 0;
    const { result } = await backUp(folder, peers, {
      tag,
      onResource: (resource) => {
        if (resource.kind === 'process') engine = resource.pid;
      },
      onEvent: (event) => {
        if (killed > 0 || !isThere(event)) return;
        killed = engine;
        process.kill(engine, 'SIGKILL');
      },
    });
    expect(killed).toBeGreaterThan(0);
    const proven = { status: 'pushed', verified: true, error: null, drill: { kind: 'proven', tag: 'pushed' } };
    expect(result).toMatchObject({ status: 'success', peers: [proven, proven], backup: { copies: 2 } });
  };
  await killedAt('v1', isPushing('two'));
  await local.commit('more', "INSERT INTO items VALUES (9, 'nine', 'ann')");
  let isPushed = false;
  await killedAt('v2', ({ peer, step, detail }) => {
    isPushed ||= peer === 'one' && step === 'pushing' && detail === 'the tag v2';
    return isPushed && step === 'fetching';
  });
  const there = await remoteRefs(folder, url('one'));
  expect(there).toEqual({ main: await local.head(), tags: { v1: head, v2: there.main } });
}, 180_000);

test('an interrupted backup at a running database does not change its branch', async () => {
  await using folder = await tempFolder();
  await using live = await liveDatabase(folder);
  const { local, server } = live;
  const there = () => live.rows('SELECT name, hash FROM dolt_branches ORDER BY name');
  const before = await there();
  const head = await local.commit('more', "INSERT INTO items VALUES (9, 'nine', 'ann')");
  const peers = stringify({ hub: { endpoint: server.url, live: true, role: 'backup' } });
  const { user, password } = server;
  const options: CommandOptions = {
    credentials: { text: stringify({ hub: { url: new URL(server.url).origin, user, password } }) },
    env: { SSL_CERT_FILE: server.ca, BD_FEDERATION_TOWN: 'north' },
  };
  const at = async (isThere: (event: PeerEvent) => boolean) =>
    (await backUp(folder, peers, { ...options, ...interruptedAt(isThere) })).result;
  const lost = { status: 'failed', peers: [{ verified: false, error: { code: 'interrupted' } }] };

  expect(await at(({ step, detail }) => step === 'pushing' && detail?.includes('inbox/') === true)).toMatchObject(lost);
  expect(await there()).toEqual(before);
  expect(await at(({ step, detail }) => step === 'verifying' && detail === '')).toMatchObject(lost);
  expect(await at(isPushing('hub'))).toMatchObject(lost);
  const inbox = { name: expect.stringMatching(/^inbox\/north-/), hash: head };
  expect(await there()).toEqual([inbox, ...before]);
  expect(await at(isRestoring)).toMatchObject({ status: 'partial', peers: [{ verified: true }] });

  const { result } = await backUp(folder, peers, options);
  expect(result).toMatchObject({
    ...{ status: 'unchanged', peers: [{ state: 'delivered', drill: { kind: 'proven', tag: 'present' } }] },
    backup: { commit: head, copies: 1 },
  });
  expect(await there()).toEqual([inbox, ...before]);
  expect(await live.rows('SELECT tag_name, tag_hash FROM dolt_tags')).toEqual([{ tag_name: 'v1', tag_hash: head }]);
}, 180_000);
