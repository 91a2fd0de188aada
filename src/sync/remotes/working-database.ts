import { stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '../../config/configuration.ts';
import { type Boundary, isOwn, requireTreeWithin } from '../../core/boundary.ts';
import { Failure } from '../../core/failure.ts';
import { realPath } from '../../core/files.ts';

/** The name of the journal, which only a working database has among its table files (Dolt 2.3.0). */
const JOURNAL = 'v'.repeat(32);

/**
 * Refuses a local endpoint that is a working database: a push there creates a store beside its `.dolt` that no program
 * reads, or moves the branch without the tables (Dolt 2.3.0, measured). Accepts a remote in a sub-folder of a database,
 * and a home folder whose `.dolt` holds only Dolt's settings.
 * @throws Failure `working-database`
 */
export async function refuseWorkingDatabase(endpoint: Endpoint): Promise<void> {
  const folder = endpoint.folder ?? gitFolder(endpoint);
  if (folder === null) return;
  const real = await realPath(folder);
  const why = (await insideOfDatabase(folder, real)) ?? (await databaseIn(real, endpoint.kind));
  if (why === null) return;
  throw new Failure('working-database', `${endpoint.written} cannot be a peer: ${real} ${why}`);
}

/** The folder of a local git remote; null for all others. */
function gitFolder({ kind, dolt }: Endpoint): string | null {
  const url = /^(?:git\+)?(file:\/\/\/.*)$/s.exec(dolt)?.[1];
  return kind === 'git' && url !== undefined ? fileURLToPath(url) : null;
}

async function insideOfDatabase(...paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    if (path.split(sep).some((segment) => segment.toLowerCase() === '.dolt')) return 'is inside a `.dolt` folder';
    for (let above = path; above !== dirname(above); above = dirname(above)) {
      // The `.dolt` of a database may be a link to a folder of any name.
      if ((await isThere(above, 'repo_state.json')) && (await isThere(above, 'noms'))) {
        return 'is inside the data of a working Dolt database';
      }
    }
  }
  return null;
}

async function databaseIn(folder: string, kind: Endpoint['kind']): Promise<string | null> {
  const isDatabase = (await isThere(folder, '.dolt', 'noms')) || (await isThere(folder, '.dolt', 'repo_state.json'));
  // A git remote keeps its data in a ref of the repository and does not affect a database beside it.
  if (kind === 'git' && ((await isThere(folder, '.git')) || (await isThere(folder, 'HEAD')))) return null;
  if (isDatabase) return 'is a working Dolt database, not a remote';
  return (await isThere(folder, JOURNAL)) ? 'contains the data of a working Dolt database' : null;
}

async function isThere(...parts: readonly [string, ...string[]]): Promise<boolean> {
  return stat(join(...parts)).then(
    () => true,
    () => false,
  );
}

/**
 * Refuses a peer in a folder of the checkout that links out of it: the allowed patterns were compared with the address
 * as written. Folders outside the checkout are not affected.
 * @throws Failure `outside-workspace`
 */
export async function requirePeerWithin(boundary: Boundary | null, endpoint: Endpoint): Promise<void> {
  const folder = endpoint.folder ?? gitFolder(endpoint);
  if (boundary === null || folder === null || !isOwn(boundary, folder)) return;
  await requireTreeWithin(boundary, folder, { by: endpoint.written });
}
