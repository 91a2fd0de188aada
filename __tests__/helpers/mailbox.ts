import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Peer } from '../../src/config/configuration.ts';
import type { PeerEvent } from '../../src/core/logger.ts';
import type { Engines } from '../../src/dolt/server/engines.ts';
import type { SyncCommand } from '../../src/sync/peer-actions.ts';
import type { TestDatabase } from './database.ts';
import { type ExchangeOptions, type Federated, federateIn, filePeer, inDatabase, withEngines } from './federating.ts';
import { committing, scenario } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

/** Two databases with one mailbox and the same commit of a table `items` of 40 rows. */
export interface Mailbox {
  readonly north: TestDatabase;
  readonly south: TestDatabase;
  readonly url: string;
  /** North commits and pushes. */
  send(...statements: string[]): Promise<string>;
  /** North commits `before`, then merges two halves that were made from it, and pushes. */
  sendMerge(
    halves: readonly [one: readonly string[], other: readonly string[]],
    ...before: readonly string[]
  ): Promise<string>;
  /** South commits. */
  keep(...statements: string[]): Promise<string>;
  /** South runs a command; the mailbox is its peer `partner`. */
  receive(test?: Receiving): Promise<Federated>;
  /** The same, and neither south nor the mailbox may change. */
  receiveUnchanged(test?: Receiving): Promise<Federated>;
  /** `receiveUnchanged`, then `receive` with the changes that south accepts. One engine does both. */
  receiveBlocked(accept: Peer['accept']): Promise<{ readonly blocked: Federated; readonly accepted: Federated }>;
}

export interface Receiving {
  readonly accept?: Peer['accept'];
  readonly strategy?: Peer['strategy'];
  readonly command?: SyncCommand;
  readonly options?: Partial<ExchangeOptions>;
  readonly others?: readonly Peer[];
  readonly onEvent?: (event: PeerEvent) => void;
}

/** The queries for all state that a refused run must not change; tags without their date, which Dolt cannot set. */
export const UNTOUCHED = [
  'SELECT name, hash FROM dolt_branches ORDER BY name',
  'SELECT tag_name, tag_hash, tagger, email, message FROM dolt_tags ORDER BY tag_name',
  'SELECT * FROM dolt_status ORDER BY table_name',
  'SELECT is_merging FROM dolt_merge_status',
  'SHOW TABLES',
];

export const COMMIT_OF_SOUTH = "CALL DOLT_COMMIT('-A', '-m', 'south', '--author', 'South <south@example.org>')";

/** The table `items` of every mailbox. */
export const ITEMS_OF_40 = [
  'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100), owner VARCHAR(40))',
  `INSERT INTO items VALUES ${Array.from({ length: 40 }, (_, index) => `(${index + 100}, 'row', 'ann')`).join()}`,
];

/** All state of a database and of mailboxes that a refused run must not change. @param read one query of the database */
export async function stateOf(read: (query: string) => Promise<unknown>, boxes: readonly string[]): Promise<unknown> {
  const found: unknown[] = [];
  // One after the other: the first one may open an engine, and a database has one engine.
  for (const query of UNTOUCHED) found.push(await read(query));
  return [found, await Promise.all(boxes.map(rootOf))];
}

/** Makes the databases; `seed` runs before the first commit. */
export async function mailbox(folder: TempFolder, ...seed: string[]): Promise<Mailbox> {
  const made = await scenario(folder)
    .base(...ITEMS_OF_40, ...seed)
    .database('north')
    .database('south')
    .mailbox('mailbox')
    .build();
  const [north, south] = [made.database('north'), made.database('south')];
  const { path: box, url } = made.mailbox('mailbox');
  const within = <T>(work: (engines: Engines) => Promise<T>): Promise<T> =>
    withEngines(south.path, folder.file('tmp'), work);
  const receiveIn = (
    engines: Engines,
    { accept = [], strategy = 'newest', others = [], ...test }: Receiving = {},
  ): Promise<Federated> =>
    federateIn(engines, { peers: [{ ...filePeer('partner', box), accept, strategy }, ...others], ...test });
  // This uses the engine of the run, because another process for each query would take as long as the run.
  const state = (engines: Engines) =>
    inDatabase(engines, (database) => stateOf((query) => database.table(query), [box]));
  const receiveUnchangedIn = async (engines: Engines, test?: Receiving): Promise<Federated> => {
    const before = await state(engines);
    const received = await receiveIn(engines, test);
    expect(await state(engines)).toEqual(before);
    return received;
  };
  return {
    north,
    south,
    url,
    send: (...statements) =>
      north.sql(...statements, "CALL DOLT_COMMIT('-A', '-m', 'north')", "CALL DOLT_PUSH('mailbox', 'main')"),
    sendMerge: ([one, other], ...before) =>
      north.sql(
        ...committing('before', before),
        "CALL DOLT_BRANCH('half')",
        ...committing('one half', one),
        "CALL DOLT_CHECKOUT('half')",
        ...committing('the other half', other),
        "CALL DOLT_CHECKOUT('main')",
        "CALL DOLT_MERGE('half', '-m', 'both')",
        "CALL DOLT_PUSH('mailbox', 'main')",
      ),
    keep: (...statements) => south.sql(...statements, COMMIT_OF_SOUTH),
    receive: (test) => within((engines) => receiveIn(engines, test)),
    receiveUnchanged: (test) => within((engines) => receiveUnchangedIn(engines, test)),
    receiveBlocked: (accept) =>
      within(async (engines) => ({
        blocked: await receiveUnchangedIn(engines),
        accepted: await receiveIn(engines, { accept }),
      })),
  };
}

/** The hash of all that a `file://` remote refers to: its branches and its tags (Dolt 2.3.0, store/nbs/file_manifest.go). */
export async function rootOf(remote: string): Promise<string | undefined> {
  return (await readFile(join(remote, 'manifest'), 'utf8')).split(':')[3];
}
