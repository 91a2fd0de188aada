import type { Configuration } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import type { Credentials } from '../../credentials/credential.ts';
import { openEngines } from '../../dolt/server/engines.ts';
import { repairArrivals } from '../../sync/remotes/arrivals.ts';
import type { Context } from '../context.ts';
import { DEFAULT_SYNC_REQUEST } from '../request.ts';
import { behindGates, holdAtOnce } from './bd/behind-gates.ts';
import { type LocalDatabase, localDatabase, stateOfFound } from './local-database.ts';
import { type Found, locateDatabase } from './locate-database.ts';
import { openLocated } from './served/open-located.ts';
import { openServed } from './served/open-served.ts';
import { conflictsFolder, isOwnDatabase } from './served/scratch-folders.ts';
import { findServing, type Located, servedName, startsServers } from './served/served-by.ts';

/** The database in which a run found conflicts. */
export interface ConflictedDatabase {
  /** Its folder; of a server on another machine its address. */
  readonly name: string;
  /** The folder of the database, or of the copy of one without a folder. */
  readonly home: string;
  /** The folder whose `.dolt` keeps the conflicts file. */
  readonly conflictsIn: string;
  /** Opens it on the branch of the conflicts file, through its server if one holds it. */
  open(dolt: string, branch: string): Promise<LocalDatabase>;
}

/** One connection for the merge, and one that reads. */
const CONNECTIONS = 2;

/** @throws Failure `no-database`, and as `locateDatabase` */
export async function findConflicted(
  database: string | undefined,
  context: Context,
  known: { readonly configuration: Configuration; readonly credentials: Credentials },
): Promise<ConflictedDatabase> {
  const { configuration } = known;
  const locate = () => locateDatabase({ database, configuration }, context);
  const look = (at: Found) => findServing(at, locate, configuration, context);
  const open = async (located: Located, dolt: string, branch: string): Promise<LocalDatabase> => {
    const { timeout } = DEFAULT_SYNC_REQUEST;
    const opening = { branch, mayMove: true, mayCommit: false, connections: CONNECTIONS, timeout, notices: [] };
    return await openLocated(located, async () => await look(await locate()), {
      through: (serving) => openServed(opening, context, { ...known, dolt }, serving),
      async direct(found) {
        if (found.kind !== 'database') throw noDatabase();
        const { path } = found;
        const state = await stateOfFound(found, configuration, context);
        const opened = openEngines(context, { dolt, database: path, repair: repairArrivals }, CONNECTIONS);
        const engines = behindGates(opened, found.bd, context);
        if (startsServers(found)) await holdAtOnce(engines);
        return localDatabase({ path, work: path, state, engines, notices: [], close: () => engines.close() });
      },
    });
  };
  const found = await locate();
  if (found.kind === 'database') {
    const { path } = found;
    const serving = (await isOwnDatabase(path)) ? null : (await look(found)).serving;
    const conflictsIn = (serving === null ? null : await conflictsFolder(context, serving)) ?? path;
    const opened = async (dolt: string, branch: string) => await open(await look(found), dolt, branch);
    return { name: path, home: path, conflictsIn, open: opened };
  }
  const located = await look(found);
  const { serving } = located;
  const home = serving === null ? null : await conflictsFolder(context, serving);
  if (serving === null || home === null) throw noDatabase();
  return { name: servedName(serving), home, conflictsIn: home, open: (dolt, branch) => open(located, dolt, branch) };
}

function noDatabase(): Failure {
  return new Failure('no-database', 'no Dolt database was found to resolve conflicts in', {
    hint: 'Give the folder of the database in which sync found the conflicts with `--database`.',
  });
}
