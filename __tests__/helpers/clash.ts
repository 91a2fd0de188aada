import type { SyncRequest } from '../../src/commands/request.ts';
import { cloneDatabase, makeDatabase, remoteHead, type TestDatabase } from './database.ts';
import type { TempFolder } from './temp-folder.ts';

export interface Clash {
  readonly town: TestDatabase;
  readonly stranger: TestDatabase;
  readonly ours: string;
  readonly theirs: string;
  readonly peers: string;
  /** The head of the mailbox now. */
  mailbox(): Promise<string | null>;
}

/** A database and a mailbox with another change of the same cell: no merge resolves them. */
export async function clash(folder: TempFolder, ours = "UPDATE items SET title = 'O' WHERE id = 1"): Promise<Clash> {
  const town = await makeDatabase(folder.file('town'));
  const url = `file://${folder.file('box')}`;
  await town.dolt('remote', 'add', 'seed', url);
  await town.dolt('push', 'seed', 'main');
  const stranger = await cloneDatabase(url, folder.file('stranger'));
  const theirs = await stranger.commit('theirs', "UPDATE items SET title = 'T' WHERE id = 1");
  await stranger.dolt('push', 'origin', 'main');
  let looks = 0;
  return {
    town,
    stranger,
    ours: ours === '' ? await town.head() : await town.commit('ours', ours),
    theirs,
    peers: `box: ${url}`,
    mailbox: () => {
      looks += 1;
      return remoteHead(url, folder.file(`look-${looks}`, 'c'));
    },
  };
}

/** A lease on the mailbox. */
export const leases = (head: string) => ({ leases: new Map([['box', head]]) }) satisfies Partial<SyncRequest>;
