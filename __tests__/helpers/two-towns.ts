import { mkdir } from 'node:fs/promises';
import type { ConflictStrategy, Role } from '../../src/contract/vocabulary.ts';
import { type Federated, federateTown, filePeer } from './federating.ts';
import type { TempFolder } from './temp-folder.ts';
import { cloneTown, openTestTown, type TestTown } from './town.ts';

export type TownName = 'north' | 'south';

/** Two towns that share a history, each with a mailbox that the other reads. */
export interface TwoTowns {
  readonly north: TestTown;
  readonly south: TestTown;
  /** Pushes what a town has committed to its mailbox. */
  deliver(): Promise<void>;
  /** Runs a town against the other one's mailbox. */
  run(town: TownName, options?: { readonly strategy?: ConflictStrategy; readonly role?: Role }): Promise<Federated>;
}

const other = (name: TownName): TownName => (name === 'north' ? 'south' : 'north');

/** Makes the towns. @param statements what both have, committed as their first commit */
export async function twoTowns(folder: TempFolder, ...statements: string[]): Promise<TwoTowns> {
  const box = (name: TownName): string => folder.file(`${name}.box`);
  const north = openTestTown(folder.file('north'));
  await mkdir(north.path, { recursive: true });
  await north.dolt('init', '--name', 'Ann', '--email', 'ann@example.org', '-b', 'main');
  await north.commit('base', ...statements);
  for (const name of ['north', 'south'] as const)
    await north.dolt('remote', 'add', `${name}box`, `file://${box(name)}`);
  for (const name of ['north', 'south'] as const) await north.dolt('push', `${name}box`, 'main');
  const south = await cloneTown(`file://${box('north')}`, folder.file('south'));
  await south.dolt('remote', 'add', 'southbox', `file://${box('south')}`);
  const towns = { north, south };
  return {
    ...towns,
    async deliver() {
      await north.dolt('push', 'northbox', 'main');
      await south.dolt('push', 'southbox', 'main');
    },
    run(town, { strategy = 'newest', role = 'upstream' } = {}) {
      const peer = { ...filePeer(other(town), box(other(town)), role), strategy };
      return federateTown({ town: towns[town].path, tempDir: folder.file('tmp'), peers: [peer] });
    },
  };
}
