import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Endpoint } from '../config/configuration.ts';
import { Failure } from '../core/failure.ts';

/**
 * Whether the folder of a `file://` remote is there. Dolt creates the whole path at once (2.3.0), so an unmounted disk
 * would become a fresh remote that every check calls good; therefore the parent has to exist.
 * @returns `present`, `absent` (a first push may create it), or `elsewhere` for every other kind of endpoint
 * @throws Failure `folder-missing` when the parent folder does not exist
 */
export async function fileRemote(endpoint: Endpoint): Promise<'present' | 'absent' | 'elsewhere'> {
  if (endpoint.folder === null) return 'elsewhere';
  if (await isFolder(endpoint.folder)) return 'present';
  const parent = dirname(endpoint.folder);
  if (await isFolder(parent)) return 'absent';
  throw new Failure('folder-missing', `the folder ${parent} does not exist, so ${endpoint.written} cannot be opened`);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
