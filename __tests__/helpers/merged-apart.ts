import type { TempFolder } from './temp-folder.ts';
import { type TwoDatabases, twoDatabases } from './two-databases.ts';

/** The first commits of two databases, which then merge each other. */
export interface First {
  readonly base: readonly string[];
  readonly north: readonly string[];
  readonly south: readonly string[];
}

/** Two databases that merged the same two commits apart from each other, and keep their own value of a cell in conflict. */
export async function mergedApart(folder: TempFolder, { base, north, south }: First): Promise<TwoDatabases> {
  const both = await twoDatabases(folder, ...base);
  await both.edit(north, south);
  const merging = (from: 'north' | 'south') => [
    'SET @@dolt_allow_commit_conflicts = 1',
    `CALL DOLT_REMOTE('add', 'other', 'file://${folder.file(`${from}.box`)}')`,
    "CALL DOLT_FETCH('other')",
    `CALL DOLT_MERGE('other/main', '--no-ff', '-m', 'merge ${from} by hand')`,
    "CALL DOLT_CONFLICTS_RESOLVE('--ours', '.')",
    "CALL DOLT_COMMIT('-A', '--allow-empty', '-m', 'resolve by hand')",
  ];
  await both.north.sql(...merging('south'));
  await both.south.sql(...merging('north'));
  return both;
}
