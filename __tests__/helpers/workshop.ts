import { afterAll } from '@jest/globals';
import { z } from 'zod';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import type { Peer } from '../../src/config/configuration.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import type { Engine, Engines, OwnDatabase } from '../../src/dolt/server/engines.ts';
import { branchHead } from '../../src/dolt/sql/heads.ts';
import type { Sql } from '../../src/dolt/sql/sql.ts';
import type { UnresolvedRow } from '../../src/resolve/conflicts-file.ts';
import { mergeChosen } from '../../src/resolve/merge-chosen.ts';
import { unresolvedRows } from '../../src/resolve/unresolved-rows.ts';
import { removeScratch } from '../../src/sync/merge/scratch.ts';
import { makeEmptyDatabase } from './database.ts';
import { acceptedPeer, type Federated, federateIn, inDatabase, testEngines } from './federating.ts';
import { type First, mergingByHand } from './merged-apart.ts';
import { committing } from './scenario.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';
import { committingInOrder, type DatabaseName, type HashOrder, requireOrder } from './two-databases.ts';
import { mergeOf } from './two-heads.ts';

/** One database with one engine for all tests of a file, in which each test has branches of its own. */
interface Workshop {
  readonly folder: TempFolder;
  readonly engines: Engines;
  /** Of the tests so far. */
  count: number;
}

let opened: Promise<Workshop> | null = null;

async function open(): Promise<Workshop> {
  const folder = await tempFolder();
  const { path } = await makeEmptyDatabase(folder.file('local'));
  const engines = testEngines(path, folder.file('tmp'));
  await inDatabase(engines, (database) =>
    database.run(`CALL DOLT_REMOTE('add', 'box', 'file://${folder.file('box')}')`),
  );
  return { folder, engines, count: 0 };
}

afterAll(async () => {
  if (opened === null) return;
  const { engines, folder } = await opened;
  await engines.close();
  await folder[Symbol.asyncDispose]();
});

const anyRow = z.record(z.string(), z.unknown());

/** A branch of the workshop. */
export class Branch {
  readonly name: string;
  readonly #engines: Engines;

  constructor(engines: Engines, name: string) {
    this.#engines = engines;
    this.name = name;
  }

  /** Works on it in a session. */
  async session<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return await inDatabase(this.#engines, (database) =>
      database.session(async (sql) => {
        const person = this.name.replace(/-.*/, '');
        const [name, email] = [`'${person}'`, `'${person}@example.org'`];
        await sql.run(
          `SET @@dolt_author_name = ${name}, @@dolt_author_email = ${email}, @@dolt_committer_name = ${name}, @@dolt_committer_email = ${email}`,
        );
        await sql.run(`CALL DOLT_CHECKOUT('${this.name}')`);
        return await work(sql);
      }),
    );
  }

  /** Runs statements in one session. */
  async sql(...statements: readonly string[]): Promise<void> {
    await this.session(async (sql) => {
      for (const statement of statements) await sql.run(statement);
    });
  }

  /** Rows without their empty cells, with the types of MySQL's protocol: numbers of 64 bits are texts. */
  async rows(query: string): Promise<Record<string, unknown>[]> {
    const rows = await this.session((sql) => sql.rows(anyRow, query));
    return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
  }

  async head(): Promise<string> {
    const head = await inDatabase(this.#engines, (database) => branchHead(database, this.name));
    if (head === null) throw new Error(`no branch ${this.name}`);
    return head;
  }
}

/** Makes two branches at one commit. */
async function makePair(base: readonly string[], names: readonly [first: string, second: string]) {
  opened ??= open();
  const workshop = await opened;
  workshop.count += 1;
  const [first, second] = names.map((name) => new Branch(workshop.engines, `${name}-${workshop.count}`));
  if (first === undefined || second === undefined) throw new Error('a branch has no name');
  await inDatabase(workshop.engines, (database) => database.run(`CALL DOLT_BRANCH('${first.name}', 'main')`));
  await first.sql(...committing('base', base), `CALL DOLT_BRANCH('${second.name}')`);
  return { workshop, first, second };
}

/** The form of `TwoDatabases` with two branches of one database. */
export interface TwoBranches {
  readonly north: Branch;
  readonly south: Branch;
  /** Commits in each branch, if there is a change, and pushes both to the mailbox. */
  edit(north: readonly string[], south: readonly string[], order?: HashOrder): Promise<void>;
  /** Runs a branch against the mailbox with the other one. */
  run(local: DatabaseName, options?: Pick<Partial<Peer>, 'strategy' | 'role'>): Promise<Federated>;
}

/**
 * Two branches as `twoDatabases` has databases, for tests of merges: without an engine and processes of their own. Peer
 * and local branch share a database, so a run has the peer's commits before it fetches them.
 * @param statements of their shared first commit
 */
export async function twoBranches(...statements: readonly string[]): Promise<TwoBranches> {
  const { workshop, first: north, second: south } = await makePair(statements, ['north', 'south']);
  const { engines, folder } = workshop;
  const branches = { north, south };
  return {
    ...branches,
    async edit(ofNorth, ofSouth, order) {
      const publish = async (name: DatabaseName, statements: readonly string[]) => {
        const push = `CALL DOLT_PUSH('box', '${branches[name].name}')`;
        await branches[name].sql(...committingInOrder(name, statements, order), push);
      };
      await publish('north', ofNorth);
      await publish('south', ofSouth);
      if (order !== undefined) requireOrder(order, await north.head(), [await south.head()]);
    },
    async run(local, options = {}) {
      const other = local === 'north' ? 'south' : 'north';
      const peer = { ...acceptedPeer(other, folder.file('box')), branch: branches[other].name, ...options };
      const { name: branch } = branches[local];
      return await federateIn(engines, { peers: [peer], options: { branch, ours: await branches[local].head() } });
    },
  };
}

/** Two branches that merged the same two commits apart from each other, as `mergedApart` makes databases. */
export async function branchesMergedApart({ base, north, south }: First): Promise<TwoBranches> {
  const both = await twoBranches(...base);
  await both.edit(north, south);
  const heads = { north: await both.north.head(), south: await both.south.head() };
  await both.north.sql(...mergingByHand('south', heads.south));
  await both.south.sql(...mergingByHand('north', heads.north));
  return both;
}

/** The form of `TwoHeads` with two branches of the workshop. */
export interface TwoBranchHeads {
  /** The branch at `ours`. */
  readonly local: Branch;
  readonly ours: string;
  readonly theirs: string;
}

/** Two heads that came from one commit, as `twoHeads` makes them, without a database and an engine of their own. */
export async function branchHeads(work: {
  readonly base: readonly string[];
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}): Promise<TwoBranchHeads> {
  const { first, second } = await makePair(work.base, ['ours', 'theirs']);
  await first.sql(...committing('ours', work.ours));
  await second.sql(...committing('theirs', work.theirs));
  return { local: first, ours: await first.head(), theirs: await second.head() };
}

/** Works on the database as a run does, and removes the leftovers of a merge. */
export async function atBranches<T>(work: (database: OwnDatabase) => Promise<T>): Promise<T> {
  opened ??= open();
  const { engines } = await opened;
  return await inDatabase(engines, (database) => work(database).finally(() => removeScratch(database)));
}

/** Works with the engine itself. No branch of a test is checked out in its database. */
export async function withBranches<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  opened ??= open();
  const { engines } = await opened;
  return await engines.use(NO_CREDENTIALS, work);
}

/** Merges both heads as a person chose, as `resolveHeads` does. `MERGED` in a query becomes the commit. */
export async function resolveBranches(heads: TwoBranchHeads, choose: (row: UnresolvedRow) => UnresolvedRow) {
  const { rows, commit } = await atBranches(async (database) => {
    const left = (await unresolvedRows(database, { ...heads, rules: BEADS_RULES })) ?? [];
    return { rows: left, commit: await mergeChosen(database, [mergeOf(heads, left.map(choose))], BEADS_RULES) };
  });
  return { rows, commit, read: (query: string) => heads.local.rows(query.replaceAll('MERGED', `AS OF '${commit}'`)) };
}
