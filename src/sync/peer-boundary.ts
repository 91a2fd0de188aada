import type { Endpoint } from '../config/configuration.ts';
import { type Boundary, isOwn, requireTreeWithin } from '../core/boundary.ts';
import { gitFolder } from './working-database.ts';

/**
 * Refuses a peer in a folder of the checkout that leads out of it through a link: the allowed patterns were compared with
 * the address as it is written. A folder elsewhere is what its address says.
 * @throws Failure `outside-workspace`
 */
export async function requirePeerWithin(boundary: Boundary | null, endpoint: Endpoint): Promise<void> {
  const folder = endpoint.folder ?? gitFolder(endpoint);
  if (boundary === null || folder === null || !isOwn(boundary, folder)) return;
  await requireTreeWithin(boundary, folder, { by: endpoint.written });
}
