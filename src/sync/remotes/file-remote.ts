import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Endpoint } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import { oddEntries } from '../../core/files.ts';
import { refuseWorkingDatabase } from './working-database.ts';

const MANIFEST = 'manifest';
/** Files of Dolt in a remote without data: after a fetch of an empty one, or a killed first push. */
const OF_DOLT = /^(?:LOCK|oldgen|journal\.idx|.*\.darc|.*\.tmp|[0-9a-v]{32})$/;
/** Files that file systems and desktops put into every folder. */
const OF_THE_DISK = ['lost+found', '@eaDir', '$RECYCLE.BIN', 'System Volume Information'];

/**
 * Whether the folder of a `file://` remote exists. Dolt creates the whole path (2.3.0), so an unmounted disk would
 * become a new remote; therefore the parent must exist.
 * @returns `present`, `absent` (a first push may create it), or `elsewhere` for every other kind of endpoint
 * @throws Failure `folder-missing` when the parent folder does not exist, `working-database`, `not-a-remote`
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
  const [special] = (await oddEntries(folder)).special;
  if (special !== undefined) throw notARemote(endpoint, `${special} is not a regular file`);
  const foreign = foreignEntry(await readdir(folder).catch(() => []));
  if (foreign !== undefined) throw notARemote(endpoint, `${folder} contains ${foreign} but no Dolt remote`);
  return 'present';
}

function notARemote({ written }: Endpoint, why: string): Failure {
  return new Failure('not-a-remote', `${written} cannot be a peer: ${why}`);
}

/**
 * The first entry that shows that a folder is neither a remote nor empty; undefined if there is none.
 * @param names all entries of the folder
 */
export function foreignEntry(names: readonly string[]): string | undefined {
  if (names.includes(MANIFEST)) return undefined;
  return names.filter((name) => !OF_DOLT.test(name) && !OF_THE_DISK.includes(name) && !name.startsWith('.')).sort()[0];
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
