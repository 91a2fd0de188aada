import { expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { branchHead } from '../../../src/dolt/sql/heads.ts';
import type { Deletion } from '../../../src/sync/incoming/incoming-changes.ts';
import type { Converged } from '../../../src/sync/merge/converge.ts';
import { headsThatLose } from '../../../src/sync/merge/losses.ts';
import { makeDatabase } from '../../helpers/database.ts';
import { withDatabase } from '../../helpers/federating.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const lost = (table: string): Deletion => {
  return { table, before: 40, deleted: 30, added: 0, moved: 0, rows: [], whole: false };
};
const late = new Failure('timeout', 'checking the commits of this peer did not finish in time');

/** The losses of merges, by their heads; other merges have none. */
type Losses = Readonly<Record<string, readonly Deletion[] | Failure>>;

const MERGED: Omit<Converged, 'target'> = {
  kept: 'ours',
  branch: 'merged',
  dropped: new Map(),
  steps: [],
  merge: { protocol: 2, deterministic: true, because: null, commits: 0 },
  made: [],
};

const CASES: readonly (readonly [
  name: string,
  losses: Losses,
  mayDelete: readonly string[],
  rejected: Readonly<Record<string, string>>,
])[] = [
  ['no row is lost', {}, [], {}],
  ['one head causes the loss', { a: [lost('t')], 'a+b': [lost('t')] }, [], { a: 'mass-deletion' }],
  ['both heads cause the loss together', { 'a+b': [lost('t')] }, [], { b: 'mass-deletion' }],
  [
    'two heads cause the loss, and a third one does not',
    { 'a+b': [lost('t')], 'a+b+c': [lost('t')] },
    [],
    { b: 'mass-deletion' },
  ],
  ['all three heads cause the loss', { 'a+b+c': [lost('t')] }, [], { c: 'mass-deletion' }],
  ['a head may cause the loss', { a: [lost('t')], 'a+b': [lost('t')] }, ['a'], {}],
  [
    'a head may cause the loss, and another one causes more',
    { a: [lost('t')], 'a+b': [lost('t'), lost('u')] },
    ['a'],
    { b: 'mass-deletion' },
  ],
  ['one head cannot be read in time', { a: late, 'a+b': late }, [], { a: 'timeout' }],
  ['both cannot be read in time together', { 'a+b': late }, [], { b: 'timeout' }],
  ['a head that may delete cannot be read in time', { a: late, 'a+b': [lost('t')] }, ['a'], { b: 'timeout' }],
];

test('heads whose merge loses too many of our rows, or is not read in time, are rejected', async () => {
  await using folder = await tempFolder();
  const { path, sql } = await makeDatabase(folder.file('local'));
  for (const name of ['a', 'b', 'c']) {
    await sql(`CALL DOLT_CHECKOUT('-b', '${name}', 'main')`, `CALL DOLT_COMMIT('--allow-empty', '-m', '${name}')`);
  }
  await withDatabase(path, folder.file('tmp'), async (database) => {
    const ours = (await branchHead(database, 'main')) ?? '';
    for (const [name, losses, mayDelete, rejected] of CASES) {
      const mergeOf = async (heads: readonly { readonly head: string }[]): Promise<Converged> => ({
        ...MERGED,
        target: heads.map(({ head }) => head).join('+'),
      });
      const lossesOf = async (target: string): Promise<Deletion[]> => {
        const found = losses[target] ?? [];
        if (found instanceof Failure) throw found;
        return [...found];
      };
      const names = 'a+b+c' in losses ? ['a', 'b', 'c'] : ['a', 'b'];
      const heads = names.map((head) => ({ head, strategy: 'newest' }) as const);
      const losing = { ours, mayDelete: new Set(mayDelete), mergeOf, lossesOf, textOf: () => 'rows' };
      const found = await headsThatLose(database, { converged: await mergeOf(heads), heads }, losing);
      const codes = Object.fromEntries([...found].map(([head, { failure }]) => [head, failure.code]));
      expect([name, codes]).toEqual([name, rejected]);
    }
  });
});
