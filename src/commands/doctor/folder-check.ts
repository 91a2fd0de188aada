import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Peer } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { Failure } from '../../core/failure.ts';
import { findInaccessible, ownerMessage } from '../../sync/file-access.ts';
import { fileRemote } from '../../sync/file-remote.ts';
import { partOf } from '../../sync/roles.ts';
import { fine, missing, refused } from './check.ts';

/** Whether the folder of a peer can be its remote, and be read and written as its role asks; null for other peers. */
export async function checkFolder(peer: Peer): Promise<DoctorCheck | null> {
  const { folder } = peer.endpoint;
  try {
    const found = await fileRemote(peer.endpoint);
    if (folder === null) return null;
    const isThere = found === 'present';
    const touched = isThere ? folder : dirname(folder);
    const closed = isThere ? await findInaccessible(folder, partOf('push', peer.role) !== null) : null;
    if (closed !== null && closed.path !== folder) {
      return refused({ check: 'folder', peer: peer.name }, new Failure('file-owner', await ownerMessage(closed)));
    }
    return judgeFolder(peer, { folder, isThere, isWritable: await isWritable(touched) });
  } catch (thrown) {
    return refused({ check: 'folder', peer: peer.name }, thrown);
  }
}

interface FolderState {
  readonly folder: string;
  readonly isThere: boolean;
  /** Whether this user may write into it or, where it is not there, into its parent. */
  readonly isWritable: boolean;
}

/** What the state of a folder means for a peer of that role. */
export function judgeFolder(
  { name, role }: Pick<Peer, 'name' | 'role'>,
  { folder, isThere, isWritable: mayWrite }: FolderState,
): DoctorCheck {
  const subject = { check: 'folder', peer: name } as const;
  const writes = partOf('push', role) !== null;
  if (!isThere && !writes) {
    const cure = 'Correct the endpoint, or mount its disk.';
    return missing(subject, `${folder} does not exist, and this peer is only read`, cure);
  }
  if (writes && !mayWrite) {
    return missing(subject, `this user may not write ${folder}`, 'Give the user the right to write there.');
  }
  return fine(subject, isThere ? folder : `${folder} does not exist yet; the first push creates it`);
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
