import { stat } from 'node:fs/promises';

interface Owned {
  readonly uid: number;
  readonly mode: number;
}

/**
 * Whether another user can rename or replace a private folder that is made in this one, and why. The permissions of the
 * private folder do not help then.
 * @param user id of the user who runs; undefined on Windows, where folders of a user are no business of others
 */
export function replaceableBy({ uid, mode }: Owned, user: number | undefined): string | null {
  if (user === undefined) return null;
  const isWritable = (mode & 0o022) !== 0;
  const isSticky = (mode & 0o1000) !== 0;
  if (isWritable && !isSticky) return 'others may write to it, and it has no sticky bit';
  // In a container job root works in folders of the runner's user.
  return user === 0 || uid === 0 || uid === user ? null : `it belongs to another user (${uid})`;
}

/** As `replaceableBy`, for a folder that may not exist yet. */
export async function replaceableFolder(folder: string): Promise<string | null> {
  const found = await stat(folder).catch(() => null);
  return found === null ? null : replaceableBy(found, process.getuid?.());
}
