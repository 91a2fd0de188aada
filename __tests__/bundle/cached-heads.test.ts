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
  const [box, partner, vault] = ['box', 'partner', 'vault'].map((name) => `file://${folder.file(name)}`);
  const home = await makeDatabase(folder.file('home'));
  const first = await home.head();
  await home.publish(String(box));
  await home.commit('more', "INSERT INTO items VALUES (3, 'secret', 'ann')");
  await home.publish(String(box));
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

  // Its size and the time of its proof went through the run that did not contact it.
  await home.commit('even more', "INSERT INTO items VALUES (5, 'five', 'ann')");
  await home.publish(String(box));
  const lastProvenAt = runResultSchema.parse(backup.result).peers[0]?.drill?.lastProvenAt;
  const again = await backupJob('off');
  expect(lastProvenAt).toEqual(expect.any(String));
  expect(again.result).toMatchObject({
    peers: [{ name: 'vault', memory: 'restored', drill: { growth: expect.any(Number), lastProvenAt } }],
  });

  // The partner removes a row from its history. Only the recorded heads show it.
  await cp(folder.file('home'), folder.file('theirs'), { recursive: true });
  const theirs = openTestDatabase(folder.file('theirs'));
  const rewritten = await theirs.headAfter(
    `CALL DOLT_RESET('--hard', '${first}')`,
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
