import { lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Endpoint, Peer } from '../../config/configuration.ts';
import { type Boundary, isOwn, requireTreeWithin } from '../../core/boundary.ts';
import { Failure } from '../../core/failure.ts';
import { isFile, isFolder, isThere, oddEntriesIn, readSmallText, realPath } from '../../core/files.ts';
import { foreignEntry, JOURNAL, judgeManifest } from '../../dolt/database-files.ts';

/**
 * Whether the folder of a `file://` remote exists. Dolt creates the whole path (2.3.0), so an unmounted disk would
 * become a new remote; therefore the parent must exist.
 * @returns `present`, `absent` (a first push may create it), or `elsewhere` for every other kind of endpoint
 * @throws Failure `folder-missing` when the parent folder does not exist, `working-database`, `not-a-remote`,
 * `database-format`
 */
export async function fileRemote(endpoint: Endpoint): Promise<'present' | 'absent' | 'elsewhere'> {
  await refuseWorkingDatabase(endpoint);
  const { folder, written } = endpoint;
  if (folder === null) return 'elsewhere';
  const found = await stat(folder).catch(() => null);
  if (found === null) {
    const parent = dirname(folder);
    if (await isFolder(parent)) return 'absent';
    throw new Failure('folder-missing', `the folder ${parent} does not exist, so ${written} cannot be opened`);
  }
  if (!found.isDirectory()) throw notARemote(endpoint, `${folder} is a file`);
  // Dolt's own error is more precise for a folder that cannot be listed.
  const [special] = await specialIn(folder);
  if (special !== undefined) throw notARemote(endpoint, `${special} is not a regular file`);
  const misplaced = await misplacedIn(folder);
  if (misplaced !== null) throw notARemote(endpoint, misplaced);
  // Dolt 2.3.0 ends at this format.
  if (judgeManifest(await readSmallText(join(folder, 'manifest'))) === 'older')
    throw new Failure('database-format', `${written} is in the format of a Dolt before 1.0`);
  const foreign = foreignEntry(await readdir(folder).catch(() => []));
  if (foreign !== undefined) throw notARemote(endpoint, `${folder} contains ${foreign} but no Dolt remote`);
  return 'present';
}

/** Dolt opens nothing in other folders. A link there can lead to the whole disk. */
async function specialIn(folder: string): Promise<readonly string[]> {
  const all = [await oddEntriesIn(folder), await oddEntriesIn(join(folder, 'oldgen'))];
  return all.flatMap(({ special }) => special);
}

const FILES = ['manifest', 'LOCK', join('oldgen', 'manifest'), join('oldgen', 'LOCK')];

/** A folder or a link in the place of a file, or the reverse: Dolt would send all data before it reads them. null: none. */
async function misplacedIn(folder: string): Promise<string | null> {
  for (const file of FILES) if (await isFolder(join(folder, file))) return `${join(folder, file)} is a folder`;
  const lock = join(folder, 'LOCK');
  // Dolt follows no link from there to another folder.
  if ((await lstat(lock).catch(() => null))?.isSymbolicLink() === true) return `${lock} is a link`;
  return (await isFile(join(folder, 'oldgen'))) ? `${join(folder, 'oldgen')} is a file` : null;
}

/** The folder of a peer that no run ever pushes to does not exist, so it is not an empty remote either. */
export function absentForReading(folder: string): Failure {
  return new Failure('folder-missing', `${folder} does not exist, and runs only read this peer`, {
    hint: 'Correct the endpoint, or mount the disk.',
  });
}

/**
 * Refuses a local folder that cannot be a remote. A missing folder is accepted: its disk may be mounted later, and
 * `doctor` reports it.
 * @throws Failure `working-database`, `not-a-remote`
 */
export async function refuseUnfitFolder(endpoint: Endpoint): Promise<void> {
  await fileRemote(endpoint).catch((thrown: unknown) => {
    if (!(thrown instanceof Failure) || thrown.code !== 'folder-missing') throw thrown;
  });
}

function notARemote({ written }: Endpoint, why: string): Failure {
  return new Failure('not-a-remote', `${written} cannot be a peer: ${why}`);
}

/**
 * Refuses a local endpoint that is a working database: a push there creates a store beside its `.dolt` that no program
 * reads, or moves the branch without the tables (Dolt 2.3.0, measured). Accepts a remote in a sub-folder of a database,
 * and a home folder whose `.dolt` holds only Dolt's settings.
 * @throws Failure `working-database`
 */
async function refuseWorkingDatabase(endpoint: Endpoint): Promise<void> {
  const folder = endpoint.folder ?? gitFolder(endpoint);
  if (folder === null) return;
  const real = await realPath(folder);
  const why = (await insideOfDatabase(folder, real)) ?? (await databaseIn(real, endpoint.kind));
  if (why === null) return;
  throw new Failure('working-database', `${endpoint.written} cannot be a peer: ${real} ${why}`);
}

/** The folder of a local git remote; null for all others. */
export function gitFolder({ kind, dolt }: Endpoint): string | null {
  const url = /^(?:git\+)?(file:\/\/\/.*)$/s.exec(dolt)?.[1];
  return kind === 'git' && url !== undefined ? fileURLToPath(url) : null;
}

async function insideOfDatabase(...paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    if (path.split(sep).some((segment) => segment.toLowerCase() === '.dolt')) return 'is inside a `.dolt` folder';
    for (let above = path; above !== dirname(above); above = dirname(above)) {
      // The `.dolt` of a database may be a link to a folder of any name.
      if ((await isThere(join(above, 'repo_state.json'))) && (await isThere(join(above, 'noms')))) {
        return 'is inside the data of a working Dolt database';
      }
    }
  }
  return null;
}

async function databaseIn(folder: string, kind: Endpoint['kind']): Promise<string | null> {
  const isDatabase =
    (await isThere(join(folder, '.dolt', 'noms'))) || (await isThere(join(folder, '.dolt', 'repo_state.json')));
  // A git remote keeps its data in a ref of the repository and does not affect a database beside it.
  if (kind === 'git' && ((await isThere(join(folder, '.git'))) || (await isThere(join(folder, 'HEAD'))))) return null;
  if (isDatabase) return 'is a working Dolt database, not a remote';
  return (await isThere(join(folder, JOURNAL))) ? 'contains the data of a working Dolt database' : null;
}

/** The identities of the folders of local peers. They are the same under every name, of a link or in another case. */
export async function localFolders(peers: readonly Peer[]): Promise<ReadonlyMap<Peer, string>> {
  const folders = new Map<Peer, string>();
  for (const peer of peers) {
    const { endpoint } = peer;
    const folder = endpoint.folder ?? gitFolder(endpoint);
    if (folder === null) continue;
    const found = await stat(folder, { bigint: true }).catch(() => null);
    const identity = found === null ? await realPath(folder) : `${found.dev}:${found.ino}`;
    folders.set(peer, `${endpoint.kind} ${identity}`);
  }
  return folders;
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
