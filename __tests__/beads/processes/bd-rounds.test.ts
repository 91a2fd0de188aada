import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { toFailure } from '../../../src/core/failure.ts';
import { command } from '../../helpers/commanding.ts';
import { git } from '../../helpers/git.ts';
import { timesCases } from '../../helpers/property.ts';
import { type Bd, bdWorkspace, proxiedMetadata } from '../../helpers/servers/bd.ts';
import { below, type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

/** A repository whose workspace has bd's files of another one, without its database, in proxied mode. */
async function proxiedWorkspace(folder: TempFolder, bd: Bd): Promise<Bd> {
  const cwd = folder.file('second');
  await mkdir(folder.file('second', '.beads'), { recursive: true });
  await git(cwd, 'init', '--quiet', '-b', 'main');
  const metadata = await proxiedMetadata(folder.file('repo', '.beads'));
  await writeFile(folder.file('second', '.beads', 'metadata.json'), metadata);
  await copyFile(folder.file('repo', '.beads', 'config.yaml'), folder.file('second', '.beads', 'config.yaml'));
  return bd.at(cwd);
}

test(
  'rounds with an embedded and a proxied bd converge',
  async () => {
    await using folder = await tempFolder();
    const one = await bdWorkspace(folder, []);
    const sync = async (repository: string) => {
      const options = { database: undefined, ceiling: null, stateDir: folder.file('state') };
      const run = async () => (await command(below(folder, repository), '', options)).result;
      // bd ends its proxy 30 s after its last client, on a slow machine also during a run. The next run works without
      // it.
      const result = await run().catch(async (thrown: unknown) => {
        if (toFailure(thrown).code !== 'server-unreachable') throw thrown;
        return await run();
      });
      expect(['success', 'unchanged']).toContain(result.status);
      expect(result.problems.filter(({ severity }) => severity !== 'notice')).toEqual([]);
      expect(result.peers).toMatchObject([{ verified: true }]);
      return result.head;
    };
    /** @returns the id of the first issue */
    const first = async (): Promise<string> => JSON.parse(await one.ok('list', '--json'))[0].id;
    await sync('repo');
    const two = await proxiedWorkspace(folder, one);
    await sync('second');
    const shared = await first();
    let blocker = await one.create('blocker');
    let blocked = shared;
    await sync('repo');
    await sync('second');
    try {
      for (let round = 0; round < timesCases(3); round += 1) {
        const [next, other] = await Promise.all([
          (async () => {
            // The other side makes an edge to this issue in the same round.
            await one.ok('close', blocker, '--quiet');
            await one.ok('comment', shared, `one ${round}`);
            await one.ok('dep', 'add', blocked, round === 0 ? blocker : shared, '--type', 'related');
            return await one.create(`one ${round}`);
          })(),
          (async () => {
            const id = await two.create(`two ${round}`);
            await two.ok('dep', 'add', id, blocker);
            await two.ok('comment', shared, `two ${round}`);
            await two.ok('label', 'add', shared, `two-${round}`);
            // The same edge on both sides.
            await two.ok('dep', 'add', blocked, round === 0 ? blocker : shared, '--type', 'related');
            return id;
          })(),
        ]);
        await sync('repo');
        const head = await sync('second');
        expect(await sync('repo')).toBe(head);
        expect(await two.ok('export')).toBe(await one.ok('export'));
        for (const bd of [one, two]) {
          expect(JSON.parse(await bd.ok('recompute-blocked', '--json'))).toMatchObject({ rows_corrected: 0 });
        }
        const ready: { id: string }[] = JSON.parse(await two.ok('ready', '--json'));
        expect(ready.map(({ id }) => id)).toEqual(expect.arrayContaining([next, other]));
        blocker = next;
        blocked = other;
      }
      expect(await sync('repo')).toBe(await sync('second'));
    } finally {
      await two.run('dolt', 'stop');
    }
  },
  120_000 + timesCases(160_000),
);
