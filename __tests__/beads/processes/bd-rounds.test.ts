import { copyFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { command } from '../../helpers/commanding.ts';
import { git } from '../../helpers/git.ts';
import { timesCases } from '../../helpers/property.ts';
import { bdWorkspace, proxiedWorkspace } from '../../helpers/servers/bd.ts';
import { below, tempFolder } from '../../helpers/temp-folder.ts';

test(
  'an embedded and a proxied database of bd converge after several rounds',
  async () => {
    await using folder = await tempFolder();
    const one = await bdWorkspace(folder, []);
    const sync = async (repository: string) => {
      const options = { database: undefined, ceiling: null, stateDir: folder.file('state') };
      const { result } = await command(below(folder, repository), '', options);
      expect(['success', 'unchanged']).toContain(result.status);
      expect(result.problems.filter(({ severity }) => severity !== 'notice')).toEqual([]);
      expect(result.peers).toMatchObject([{ verified: true }]);
      return result.head;
    };
    /** @returns the id of the first issue */
    const first = async (): Promise<string> => JSON.parse(await one.ok('list', '--json'))[0].id;
    await sync('repo');
    const two = one.at(folder.file('second'));
    await proxiedWorkspace(folder.file('second', '.beads'), folder.file('repo', '.beads'));
    await git(two.cwd, 'init', '--quiet', '-b', 'main');
    await copyFile(folder.file('repo', '.beads', 'config.yaml'), folder.file('second', '.beads', 'config.yaml'));
    await sync('second');
    const shared = await first();
    let blocker = await one.create('blocker');
    let blocked = shared;
    await sync('repo');
    await sync('second');
    try {
      for (let round = 0; round < timesCases(2); round += 1) {
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
