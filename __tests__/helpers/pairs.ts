import type { Peer } from '../../src/config/configuration.ts';
import { branchHead } from '../../src/dolt/sql/heads.ts';
import { makeDatabaseOf } from './database.ts';
import { acceptedPeer, type Federated, federateIn, inDatabase, testEngines } from './federating.ts';
import { rootOf } from './mailbox.ts';
import { committing } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

/** Two heads that came from one commit, as `twoDatabases` has them. */
export interface Pair {
  /** Statements of the commit before both. */
  readonly base?: readonly string[];
  readonly north: readonly string[];
  readonly south: readonly string[];
  /** Statements that leave uncommitted changes at north. */
  readonly uncommitted?: readonly string[];
}

/** Pairs by their names, in one database with one engine. */
export interface Pairs extends AsyncDisposable {
  /** Runs the branch of north against a mailbox with the branch of south, the peer `south`. */
  run(name: string, options?: Partial<Peer> & { readonly others?: readonly Peer[] }): Promise<Federated>;
  /** The hash of the mailbox, and the results of queries at the branch of north and at the one that is checked out. */
  look(name: string, ...queries: readonly string[]): Promise<readonly unknown[]>;
}

/**
 * Makes the heads of all pairs in one database, as branches. One process makes them, and all runs share one engine, so a
 * pair takes a tenth of the time of two databases. Each pair has a base of its own, on top of the commit of `shared`.
 * `uncommitted` is run at the branch that is checked out.
 */
export async function pairs(
  folder: TempFolder,
  {
    shared,
    uncommitted: atMain = [],
  }: { readonly shared: readonly string[]; readonly uncommitted?: readonly string[] },
  all: Readonly<Record<string, Pair>>,
): Promise<Pairs> {
  const numbers = new Map(Object.keys(all).map((name, index) => [name, index]));
  const branchOf = (side: string, name: string): string => {
    const number = numbers.get(name);
    if (number === undefined) throw new Error(`no pair ${name}`);
    return `${side}-${number}`;
  };
  const url = `file://${folder.file('south.box')}`;
  const local = await makeDatabaseOf(
    folder.file('local'),
    ...committing('shared', shared),
    ...Object.entries(all).flatMap(([name, { base = [], north, south, uncommitted = [] }]) => [
      `CALL DOLT_CHECKOUT('-b', '${branchOf('south', name)}', 'main')`,
      ...committing('base', base),
      `CALL DOLT_BRANCH('${branchOf('north', name)}')`,
      ...committing('south', south),
      `CALL DOLT_CHECKOUT('${branchOf('north', name)}')`,
      ...committing('north', north),
      ...uncommitted,
    ]),
    "CALL DOLT_CHECKOUT('main')",
    ...atMain,
    `CALL DOLT_REMOTE('add', 'published', '${url}')`,
    "CALL DOLT_PUSH('--all', 'published')",
    "CALL DOLT_REMOTE('remove', 'published')",
  );
  const engines = testEngines(local.path, folder.file('tmp'));
  return {
    async run(name, { others = [], ...options } = {}) {
      const branch = branchOf('north', name);
      const ours = await inDatabase(engines, (database) => branchHead(database, branch));
      const peer = { ...acceptedPeer('south', folder.file('south.box')), branch: branchOf('south', name), ...options };
      return await federateIn(engines, { peers: [peer, ...others], options: { branch, ours: ours ?? '' } });
    },
    async look(name, ...queries) {
      return await inDatabase(engines, async (database) => {
        const found: unknown[] = [await rootOf(folder.file('south.box'))];
        for (const revision of [`${database.name}/${branchOf('north', name)}`, database.name]) {
          await database.session(async (sql) => {
            await sql.run(`USE \`${revision}\``);
            for (const query of queries) found.push(await sql.table(query));
          });
        }
        return found;
      });
    },
    [Symbol.asyncDispose]: () => engines.close(),
  };
}
