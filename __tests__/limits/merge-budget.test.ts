import { describe, expect, test } from '@jest/globals';
import { Budget } from '../../src/core/budget.ts';
import { rowWrites } from '../../src/dolt/rows/row-writes.ts';
import { tableShape } from '../../src/dolt/schema/table-shape.ts';
import { reportShare } from '../../src/rows/merging.ts';
import { command } from '../helpers/commanding.ts';
import { withDatabase } from '../helpers/federating.ts';
import { largeConflicts, longHistory } from '../helpers/loads.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const MIB = 1024 * 1024;

describe('a budget', () => {
  test('refuses more than its limit, and counts only values that are still held', async () => {
    const budget = new Budget('the rows', MIB);
    for (let n = 0; n < 5; n += 1) await budget.lend(() => Promise.resolve(budget.take(MIB)));
    budget.take(MIB);
    expect(await failureOf(() => Promise.resolve().then(() => budget.take(1)))).toMatchObject({
      code: 'too-large',
      message: 'the rows need more than 1 MiB',
    });
  });

  test.each([
    [1, 32 * MIB],
    [8, 32 * MIB],
    [16, 16 * MIB],
    [5_000, 53_687],
  ])('for reports has a share for each of %s peers', (peers, bytes) => {
    expect(reportShare(peers)).toBe(bytes);
  });
});

/** With so many peers the share of each is 8 MiB, which a quarter of the rows reaches. */
const PEERS = 32;

test.each(['newest', 'manual', 'theirs'])(
  'a peer with too many conflicts for its share of the reports is left out as too large under %s, and the other one is served',
  async (strategy) => {
    await using folder = await tempFolder();
    // Each row is reported with 15,000 characters of the peer, and no statement or page reaches its own limit.
    const load = await largeConflicts(folder, { rows: 600, bytes: 15_000 });
    const gone = Array.from({ length: PEERS - 2 }, (_, n) => `gone-${n}: file://${folder.file('disk', `${n}`, 'box')}`);
    const { result } = await command(folder, [load.peers(`conflict: ${strategy}`), ...gone].join('\n'));
    expect(result.peers.filter(({ name }) => !name.startsWith('gone-'))).toMatchObject([
      { name: 'honest', error: null, verified: true },
      { name: 'hostile', error: { code: 'too-large', message: expect.stringContaining('8 MiB') }, conflicts: [] },
    ]);
    expect(result.merge).toMatchObject({ deterministic: false, because: 'limit' });
  },
);

test('a history that needs too much memory is read only up to the limit', async () => {
  await using folder = await tempFolder();
  const { hostile } = await longHistory(folder, { commits: 20, rows: 10 });
  const head = await hostile.head();
  await withDatabase(hostile.path, folder.file('tmp'), async (database) => {
    const reading = async (bytes: number) => {
      const shape = await tableShape(database, 'numbers');
      const keys = Array.from({ length: 10 }, (_, id) => ({ id: `${id}` }));
      const budget = new Budget('the rows', bytes);
      return await rowWrites(database, {
        database: database.name,
        head,
        since: [],
        shape,
        columns: ['v'],
        keys,
        budget,
      });
    };
    expect(await failureOf(() => reading(1_000))).toMatchObject({ code: 'too-large' });
    expect([...(await reading(MIB)).values()].flat()).toHaveLength(210);
  });
});

test('a long history of many rows in conflict is merged within its memory limit', async () => {
  await using folder = await tempFolder();
  const load = await longHistory(folder, { commits: 80, rows: 300 });
  const before = process.memoryUsage().rss;
  const { result } = await command(folder, load.peers());
  expect(process.memoryUsage().rss - before).toBeLessThan(512 * MIB);
  expect(result.peers).toMatchObject([
    { name: 'honest', verified: true },
    { name: 'hostile', verified: true, conflicts: { length: 300 } },
  ]);
});

test('conflicts with large values are resolved page by page within the memory limit', async () => {
  await using folder = await tempFolder();
  const load = await largeConflicts(folder, { rows: 24, bytes: 4 * MIB });
  const before = process.memoryUsage().rss;
  const { result } = await command(folder, load.peers());
  expect(process.memoryUsage().rss - before).toBeLessThan(768 * MIB);
  expect(result.peers).toMatchObject([
    { name: 'honest', verified: true },
    { name: 'hostile', verified: true, conflicts: { length: 24 } },
  ]);
});
