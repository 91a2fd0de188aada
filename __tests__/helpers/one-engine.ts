import { z } from 'zod';
import type { Database } from '../../src/dolt/sql/sql.ts';
import { type Federated, type FederateRun, federateIn, inDatabase, testEngines } from './federating.ts';

/**
 * A database in one engine, for several runs and for statements between them. An engine takes as much time as a run, and
 * a `dolt` process for one query takes a third of it.
 */
export interface OneEngine extends AsyncDisposable {
  federate(run: FederateRun): Promise<Federated>;
  /** Runs statements in one session. */
  sql(...statements: string[]): Promise<void>;
  /** Rows of one query, as the product reads them: large numbers, dates and JSON are texts. */
  rows(query: string): Promise<Record<string, unknown>[]>;
  /** The commit of a branch or another revision. */
  head(revision?: string): Promise<string>;
  /** Moves `main` and its working set to a revision. Ignored and new tables stay. */
  reset(revision: string): Promise<void>;
}

const cells = z.record(z.string(), z.unknown());
const hashRow = z.object({ hash: z.string() });

/** Opens a database when it is first used. */
export function oneEngine(path: string, tempDir: string): OneEngine {
  const engines = testEngines(path, tempDir);
  const within = <T>(work: (database: Database) => Promise<T>): Promise<T> => inDatabase(engines, work);
  const sql = (...statements: string[]): Promise<void> =>
    within((database) =>
      database.session(async (session) => {
        for (const statement of statements) await session.run(statement);
      }),
    );
  return {
    sql,
    federate: (run) => federateIn(engines, run),
    rows: (query) => within((database) => database.rows(cells, query)),
    async head(revision = 'main') {
      const [row] = await within((database) => database.rows(hashRow, 'SELECT DOLT_HASHOF(?) AS hash', [revision]));
      return row?.hash ?? '';
    },
    reset: (revision) => sql(`CALL DOLT_RESET('--hard', '${revision}')`),
    [Symbol.asyncDispose]: () => engines.close(),
  };
}
