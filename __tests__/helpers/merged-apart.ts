import type { TempFolder } from './temp-folder.ts';
import { type DatabaseName, type TwoDatabases, twoDatabases } from './two-databases.ts';

/** The first commits of two databases, which then merge each other. */
export interface First {
  readonly base: readonly string[];
  readonly north: readonly string[];
  readonly south: readonly string[];
}

/** Merges a revision of the other side as a person does who keeps what is here. */
export const mergingByHand = (from: DatabaseName, revision: string): readonly string[] => [
  'SET @@dolt_allow_commit_conflicts = 1',
  `CALL DOLT_MERGE('${revision}', '--no-ff', '-m', 'merge ${from} by hand')`,
  "CALL DOLT_CONFLICTS_RESOLVE('--ours', '.')",
  "CALL DOLT_COMMIT('-A', '--allow-empty', '-m', 'resolve by hand')",
];

/** Two databases that merged the same two commits apart from each other, and keep their own value of a cell in conflict. */
export async function mergedApart(folder: TempFolder, { base, north, south }: First): Promise<TwoDatabases> {
  const both = await twoDatabases(folder, ...base);
  await both.edit(north, south);
  const merging = (from: DatabaseName) => [
    `CALL DOLT_REMOTE('add', 'other', 'file://${folder.file(`${from}.box`)}')`,
    "CALL DOLT_FETCH('other')",
    ...mergingByHand(from, 'other/main'),
  ];
  await both.north.sql(...merging('south'));
  await both.south.sql(...merging('north'));
  return both;
}
