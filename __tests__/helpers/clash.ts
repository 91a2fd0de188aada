import type { SyncRequest } from '../../src/commands/request.ts';
import type { TestDatabase } from './database.ts';
import { committing, scenario } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

export interface Clash {
  readonly local: TestDatabase;
  readonly other: TestDatabase;
  readonly ours: string;
  readonly theirs: string;
  readonly peers: string;
  /** The head of the mailbox now. */
  mailbox(): Promise<string | null>;
}

/** A database and a mailbox with another change of the same cell: no merge resolves them. */
export async function clash(folder: TempFolder, ours = "UPDATE items SET title = 'O' WHERE id = 1"): Promise<Clash> {
  const made = await scenario(folder).database('local').database('other').mailbox('box').build();
  const [local, other, box] = [made.database('local'), made.database('other'), made.mailbox('box')];
  const change = "UPDATE items SET title = 'T' WHERE id = 1";
  const theirs = await other.headAfter(...committing('theirs', [change]), "CALL DOLT_PUSH('box', 'main')");
  return {
    local,
    other,
    ours: ours === '' ? await local.head() : await local.commit('ours', ours),
    theirs,
    peers: `box: ${box.url}`,
    mailbox: box.head,
  };
}

/** A lease on the mailbox. */
export const leases = (head: string) => ({ leases: new Map([['box', head]]) }) satisfies Partial<SyncRequest>;
