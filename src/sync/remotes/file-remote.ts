import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Endpoint } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import { oddEntries } from '../../core/files.ts';
import { refuseWorkingDatabase } from './working-database.ts';

const MANIFEST = 'manifest';
/** What Dolt leaves in a remote that has no data yet: a fetch of an empty one, or a first push that was killed. */
const OF_DOLT = /^(?:LOCK|oldgen|journal\.idx|.*\.darc|.*\.tmp|[0-9a-v]{32})$/;
/** What file systems and desktops put into every folder. */
const OF_THE_DISK = ['lost+found', '@eaDir', '$RECYCLE.BIN', 'System Volume Information'];

/**
 * Whether the folder of a `file://` remote is there. Dolt creates the whole path at once (2.3.0), so an unmounted disk
 * would become a fresh remote that every check calls good; therefore the parent has to exist.
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
  // What may not be listed is for Dolt to judge, which says more than we could.
  const [special] = (await oddEntries(folder)).special;
  if (special !== undefined) throw notARemote(endpoint, `${special} is no ordinary file`);
  const foreign = foreignEntry(await readdir(folder).catch(() => []));
  if (foreign !== undefined) throw notARemote(endpoint, `${folder} holds ${foreign}, and no Dolt remote`);
  return 'present';
}

function notARemote({ written }: Endpoint, why: string): Failure {
  return new Failure('not-a-remote', `${written} cannot be a peer: ${why}`);
}

/**
 * The first entry of a folder that shows that it is neither a remote nor a place for one; undefined where none does.
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
