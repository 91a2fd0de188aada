import { expect, test } from '@jest/globals';
import { commonHead } from '../../../src/commands/outcome/record-times.ts';
import { branchPoints, mergeBases } from '../../../src/dolt/sql/history.ts';
import { findRewritten } from '../../../src/sync/history/rewritten.ts';
import { filePeer, withDatabase } from '../../helpers/federating.ts';
import { mergedApart } from '../../helpers/merged-apart.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

test('of several merge bases, each counts', async () => {
  await using folder = await tempFolder();
  const sides = await mergedApart(folder, {
    base: ["INSERT INTO dolt_docs VALUES ('README.md', 'base')"],
    north: ['CREATE TABLE t (id INT PRIMARY KEY)', 'INSERT INTO t VALUES (1)'],
    south: ["INSERT INTO dolt_docs VALUES ('LICENSE.md', 'south')"],
  });
  await sides.edit([], ['INSERT INTO t VALUES (2)']);
  await sides.north.sql("CALL DOLT_FETCH('other')");
  const heads = { ours: await sides.north.head(), theirs: await sides.south.head() };
  const peer = filePeer('south', folder.file('south.box'));
  await withDatabase(sides.north.path, folder.file('tmp'), async (database) => {
    const bases = await mergeBases(database, heads.ours, heads.theirs);
    expect(bases).toHaveLength(2);
    // The record stays on a commit that shows when a side takes the recorded one back.
    for (const base of bases) expect(await commonHead(database, heads, base)).toBe(base);
    expect(await commonHead(database, heads, null)).toBe(bases[0]);
    // The rows of t are in one of the bases, so no rewrite brought them back.
    const compared = { ...heads, base: bases[0] ?? null, dropped: [] };
    expect(await findRewritten(database, { peer, remembered: null }, compared)).toBeNull();
    expect(await branchPoints(database, heads.ours, [heads.theirs])).toEqual([...bases].sort());
    expect(await branchPoints(database, bases[0] ?? '', [heads.theirs])).toEqual([bases[0]]);
    expect(await branchPoints(database, heads.ours, [])).toEqual([]);
  });
}, 60_000);
