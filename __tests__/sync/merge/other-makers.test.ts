import { expect, test } from '@jest/globals';
import { noticesOf } from '../../../src/commands/outcome/run-result.ts';
import { mergeMaker, mergeMessage } from '../../../src/dolt/sql/merge.ts';
import { makersNotice } from '../../../src/sync/merge/other-makers.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';
import { twoDatabases } from '../../helpers/two-databases.ts';

test.each([
  [mergeMessage(2, '2.3'), { protocol: 2, engine: '2.3' }],
  ['federation merge v1', { protocol: 1, engine: null }],
  ['federation merge v12\nsomething: else\nengine: dolt 3.0', { protocol: 12, engine: '3.0' }],
  ['federation merge v', null],
  ['federation merge vX', null],
  ['federation merge v1 by hand', null],
  ['merge\nfederation merge v1', null],
  ['', null],
  ['federation merge v2\nengine: dolt 2.3 and everything is fine', { protocol: 2, engine: null }],
])('the maker of %j is found', (message, maker) => {
  expect(mergeMaker(message)).toEqual(maker);
});

test('a peer with a thousand such messages gets a short notice', () => {
  const own = { protocol: 2, engine: '2.3' };
  const forged = Array.from({ length: 1_000 }, (_, index) => ({ protocol: 2, engine: `9.${index}` }));
  expect(makersNotice('p', own, forged)?.message).toMatch(/and 995 more;/);
  expect(makersNotice('p', own, forged)?.message.length).toBeLessThan(400);
});

test('other protocols and engines are reported once each, and our own are not', () => {
  const own = { protocol: 2, engine: '2.3' };
  const old = { protocol: 1, engine: null };
  expect(makersNotice('p', own, [own, own])).toBeNull();
  expect(makersNotice('p', own, [])).toBeNull();
  expect(makersNotice('p', own, [old, own, old, { protocol: 2, engine: '2.4' }])).toMatchObject({
    severity: 'notice',
    code: 'protocol',
    message: expect.stringContaining('Dolt 2.4 (ours: 2.3) and merge protocol 1 (ours: 2)'),
  });
});

test('a run reports merges that we lack until both sides have them', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(folder, 'CREATE TABLE t (id INT PRIMARY KEY)');
  const person = ['author', 'committer'].flatMap((one) => [
    `@@dolt_${one}_name = 'dolt-federation'`,
    `@@dolt_${one}_email = 'merge@dolt-federation.invalid'`,
  ]);
  await databases.edit(
    ['INSERT INTO t VALUES (1)'],
    [
      `SET ${person.join(', ')}`,
      "CALL DOLT_COMMIT('--allow-empty', '-m', 'federation merge v1')",
      'INSERT INTO t VALUES (2)',
    ],
  );
  const first = (await databases.run('north')).run('south');
  expect(first.failure).toBeNull();
  expect(noticesOf(first).map(({ code, peer }) => [code, peer])).toEqual([['protocol', 'south']]);
  expect(noticesOf((await databases.run('north')).run('south'))).toEqual([]);
});
