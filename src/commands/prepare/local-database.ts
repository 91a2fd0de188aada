import type { Configuration } from '../../config/configuration.ts';
import { requireBranchName } from '../../config/names.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { requireListedTables } from '../../dolt/schema/nonlocal-tables.ts';
import type { Engines, OwnDatabase } from '../../dolt/server/engines.ts';
import { checkedOutBranch, requireBranchHead } from '../../dolt/sql/heads.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { finishAdvances } from '../../sync/advance.ts';
import type { StateFiles, StatePlace } from '../../sync/history/last-verified.ts';
import { finishHandBacks } from '../../sync/served/exchange.ts';
import { removeLeftExchanges } from '../../sync/served/exchange-folder.ts';
import type { ServedDatabase } from '../../sync/served/served-database.ts';
import type { Context } from '../context.ts';
import type { KeptClone } from './cache/clone.ts';
import type { Found } from './locate-database.ts';
import { keptScratchCopies } from './served/scratch-folders.ts';
import { serverFor } from './served/served-by.ts';

/** The local database. Engines open it one after the other. */
export interface LocalDatabase {
  /** Its folder, for messages and settings beside it; of a server on another machine its address. */
  readonly path: string;
  /** The folder that engines open: the same, or a scratch copy. */
  readonly work: string;
  /** The state of the runs, also of those through a server if this one works without it, and the other way round. */
  readonly state: StatePlace;
  /**
   * That state before the commits of the database were copied, so that the copy has the heads in it; null: the engines
   * work on the database itself.
   */
  readonly recorded: StateFiles | null;
  /** The server that holds it; null: the engines work on the database itself. */
  readonly served: ServedDatabase | null;
  readonly engines: Engines;
  /** Whether the folder is deleted with the machine; commits that no peer has are then lost. */
  readonly ephemeral: boolean;
  /** Name of the peer that this run cloned the database from; null: it existed. */
  readonly clonedFrom: string | null;
  /** How a clone is kept in the Actions cache when its engine has stopped; null: it is not. */
  readonly keeping: KeptClone | null;
  /** Notices about how it was found. */
  readonly notices: readonly Diagnostic[];
  close(): Promise<void>;
}

/**
 * Finishes moves of the branch that killed runs began, in the database itself or at a server that held it. Every command
 * that moves the branch does so first. A run through a server does it when it connects.
 * @returns warnings
 */
export async function finishMoves(
  { path, served, state }: Pick<LocalDatabase, 'path' | 'served' | 'state'>,
  database: OwnDatabase,
): Promise<Diagnostic[]> {
  const notices: Diagnostic[] = [];
  const notify = (notice: Diagnostic): void => void notices.push(notice);
  if (served === null) {
    const server = { name: path, session: database.session };
    for (const scratch of copiesOf(state)) await finishHandBacks({ server, scratch, notify });
    await removeLeftExchanges(database);
  }
  return [...notices, ...(await finishAdvances(database, database.folder))];
}

/** The copies of a database in which runs through a server recorded their moves. */
export function copiesOf({ other, moreCopies = [] }: Pick<StatePlace, 'other' | 'moreCopies'>): readonly string[] {
  return other === null ? [] : [other, ...moreCopies];
}

/** The state of a database that is opened without a server. */
export async function stateOfFound(
  found: Extract<Found, { kind: 'database' }>,
  configuration: Pick<Configuration, 'server'>,
  context: Pick<Context, 'env' | 'stateDir' | 'log'>,
): Promise<StatePlace> {
  const name = serverFor(found, configuration)?.database ?? null;
  const [other = null, ...moreCopies] = await keptScratchCopies(found.path, name, context);
  return { folder: found.path, other, moreCopies, env: context.env };
}

type Opened = Pick<LocalDatabase, 'path' | 'work' | 'state' | 'engines' | 'notices' | 'close'> & Partial<LocalDatabase>;

/** An open database: one that no server holds and that existed, as far as nothing else is given. */
export function localDatabase(opened: Opened): LocalDatabase {
  return { recorded: null, served: null, ephemeral: false, clonedFrom: null, keeping: null, ...opened };
}

interface LocalBranch {
  readonly branch: string;
  readonly head: string;
  /** Whether it is the branch that is checked out. */
  readonly isCheckedOut: boolean;
}

/**
 * The federated branch of a local database.
 * @param asked what the user named; undefined: the branch that is checked out
 * @throws Failure `branch-not-found`, `config-invalid` for a name that Dolt takes for another ref, `dolt-defect` if its tables
 * cannot be listed
 */
export async function localBranch(
  sql: Sql,
  { served, path }: Pick<LocalDatabase, 'served' | 'path'>,
  asked: string | undefined,
): Promise<LocalBranch> {
  const checkedOut = await checkedOutBranch(sql);
  const branch = requireBranchName(served?.branch ?? asked ?? checkedOut);
  const head = await requireBranchHead(sql, branch, path);
  await requireListedTables(sql, branch);
  return { branch, head, isCheckedOut: served?.isDefault ?? branch === checkedOut };
}
