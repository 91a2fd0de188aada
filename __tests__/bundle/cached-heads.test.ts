import { cp } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { runResultSchema } from '../../src/contract/result.ts';
import { makeDatabase, openTestDatabase, remoteHead } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner, type Step } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { startCacheService } from '../helpers/servers/cache-service.ts';
import { below, tempFolder } from '../helpers/temp-folder.ts';

const HEADS = 'dolt-federation-heads-';

test('a new machine restores the last heads and backups of the peers, and so detects a rewritten history', async () => {
  await using folder = await tempFolder();
  await using cache = await startCacheService();
  const [box, town, partner, vault] = ['box', 'town', 'partner', 'vault'].map((name) => `file://${folder.file(name)}`);
  const home = await makeDatabase(folder.file('home'));
  await home.publish(String(town));
  await home.commit('more', "INSERT INTO items VALUES (3, 'three', 'ann')");
  await home.publish(String(box));
  const more = await home.head();
  let jobs = 0;
  const job = async ({ inputs = {}, ...step }: Step = {}) => {
    jobs += 1;
    const runner = await fakeRunner(below(folder, `job-${jobs}`));
    const given = { remote: String(box), peers: `partner: ${partner}`, 'dolt-path': testDolt(), ...inputs };
    const ended = await runner.main({ ...step, inputs: given, env: { ...cache.env, GITHUB_WORKFLOW: 'nightly' } });
    return { ...ended, result: validated('run', ended.outputs['result'] ?? '') };
  };
  const stored = () => [...cache.entries.keys()].filter((key) => key.startsWith(HEADS));

  // A run that may not write stores nothing.
  await job({ inputs: { 'dry-run': 'true' } });
  expect(stored()).toEqual([]);

  // A backup reads only its own peers, and stores their heads as well.
  const backupJob = async (drill: string) =>
    await job({ inputs: { command: 'backup', peers: `vault: {endpoint: "${vault}", role: archive}`, drill } });
  const backup = await backupJob('head');
  expect(backup.result).toMatchObject({ peers: [{ name: 'vault', memory: 'none', drill: { growth: null } }] });
  expect(stored()).toHaveLength(1);

  const pushed = await job();
  expect(pushed.result).toMatchObject({
    status: 'success',
    peers: [{ name: 'origin' }, { name: 'partner', memory: 'none' }],
  });
  expect(stored()).toHaveLength(2);
  for (const key of stored()) expect(cache.entries.get(key)?.toString()).not.toMatch(/partner|origin|vault|file:|main/);

  const known = await job();
  expect(known.result).toMatchObject({
    status: 'unchanged',
    peers: [
      { name: 'origin', memory: 'restored' },
      { name: 'partner', memory: 'restored', lastVerifiedAt: expect.any(String) },
    ],
  });

  // Another database of the federation, in the same workflow, has other heads in common with the partner.
  const ofTown = await job({ inputs: { remote: String(town) } });
  expect(ofTown.result).toMatchObject({
    status: 'success',
    peers: [{ name: 'origin' }, { name: 'partner', memory: 'none' }],
  });

  // A backup and a sync at the same time: the backup restores the heads first, and stores them last.
  await home.commit('even more', "INSERT INTO items VALUES (5, 'secret', 'ann')");
  await home.publish(String(box));
  const lastProvenAt = runResultSchema.parse(backup.result).peers[0]?.drill?.lastProvenAt;
  const storing = cache.hold('CreateCacheEntry');
  const backingUp = backupJob('off');
  await storing.arrived;
  expect((await job()).result).toMatchObject({ status: 'success', peers: [{ name: 'origin' }, { status: 'pushed' }] });
  storing.release();
  const again = await backingUp;
  // The size of the backup and the time of its proof went through runs that did not contact it.
  expect(lastProvenAt).toEqual(expect.any(String));
  expect(again.result).toMatchObject({
    peers: [{ name: 'vault', memory: 'restored', drill: { growth: expect.any(Number), lastProvenAt } }],
  });

  // The partner removes the row that it got meanwhile from its history. Only the recorded heads show it.
  await cp(folder.file('home'), folder.file('theirs'), { recursive: true });
  const theirs = openTestDatabase(folder.file('theirs'));
  const rewritten = await theirs.headAfter(
    `CALL DOLT_RESET('--hard', '${more}')`,
    "INSERT INTO items VALUES (4, 'other', 'bob')",
    "CALL DOLT_COMMIT('-Am', 'without the secret')",
  );
  await theirs.sql(`CALL DOLT_REMOTE('add', 'partner', '${partner}')`, "CALL DOLT_PUSH('--force', 'partner', 'main')");
  expect(await remoteHead(String(partner), folder.file('look', 'local'))).toBe(rewritten);
  const seen = await job();
  expect(seen.exitCode).toBe(4);
  expect(seen.result).toMatchObject({
    peers: [{ name: 'origin' }, { name: 'partner', memory: 'restored', error: { code: 'history-rewritten' } }],
  });
  expect(await remoteHead(String(partner), folder.file('look', 'again'))).toBe(rewritten);

  // A foreign entry is not used. The run then has no recorded heads, like a first run.
  const newest = cache.keyOf(HEADS) ?? '';
  cache.entries.set(
    newest,
    Buffer.from('{"version":1,"heads":[{"place":"../../x","head":"HEAD","verifiedAt":null}],"retired":[]}'),
  );
  const poisoned = await job({ inputs: { 'dry-run': 'true' } });
  expect(poisoned.exitCode).toBe(0);
  expect(poisoned.commands).toContainEqual(
    expect.objectContaining({
      command: 'warning',
      message: expect.stringContaining(`The entry ${newest} of the Actions cache is not used`),
    }),
  );
  expect(poisoned.result).toMatchObject({ peers: [{ name: 'origin' }, { name: 'partner', memory: 'none' }] });
});
