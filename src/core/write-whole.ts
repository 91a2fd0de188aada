import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';

/**
 * Writes a file by rename: it is the old one or the new one, never a part, and after a crash, too. A symbolic link is
 * followed; mode and, where we may, owner of a file that is replaced stay.
 * @param mode of a file that is new
 * @throws what the system refuses with; then nothing new is left behind
 */
export async function writeWhole(file: string, text: string, mode = 0o666): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const former = await stat(target).catch(() => null);
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(text);
      if (former !== null) {
        await handle.chown(former.uid, former.gid).catch(() => undefined);
        await handle.chmod(former.mode & 0o7777);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}
