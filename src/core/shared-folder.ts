import { stat } from 'node:fs/promises';

interface Owned {
  readonly uid: number;
  readonly mode: number;
}

/**
 * Why another user can rename or replace a private folder created in this one; null if that is impossible. The
 * permissions of the private folder do not prevent it.
 * @param user id of the current user; undefined on Windows, where user folders are protected
 */
export function replaceableBy({ uid, mode }: Owned, user: number | undefined): string | null {
  if (user === undefined) return null;
  const isWritable = (mode & 0o022) !== 0;
  const isSticky = (mode & 0o1000) !== 0;
  if (isWritable && !isSticky) return 'others may write to it, and it has no sticky bit';
  // In a container job, root works in folders of the runner's user.
  return user === 0 || uid === 0 || uid === user ? null : `it belongs to another user (${uid})`;
}

/** As `replaceableBy`, for a folder that may not exist yet. */
export async function replaceableFolder(folder: string): Promise<string | null> {
  const found = await stat(folder).catch(() => null);
  return found === null ? null : replaceableBy(found, process.getuid?.());
}
