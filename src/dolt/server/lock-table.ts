import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { systemCode } from '../../core/failure.ts';

/** The process that holds the lock of a file: none, one that may be in another container, or unknown. */
export type LockedBy =
  | { readonly kind: 'free' }
  /** null: a process of another pid namespace, for which the kernel writes 0 or -1. */
  | { readonly kind: 'held'; readonly pid: number | null }
  | { readonly kind: 'unknown' };

/** The process that holds the lock of a file, from /proc/locks on Linux. Other systems list no locks. */
export async function lockedBy(file: string): Promise<LockedBy> {
  if (process.platform !== 'linux') return { kind: 'unknown' };
  try {
    const [name, locks] = [await nameInTable(file), await readFile('/proc/locks', 'utf8')];
    return holderIn(locks, name);
  } catch (thrown) {
    const code = systemCode(thrown);
    return { kind: code === 'ENOENT' || code === 'ENOTDIR' ? 'free' : 'unknown' };
  }
}

/**
 * `/proc/locks` identifies a file by the device of its mount, which may differ from the device in `stat`: an overlayfs
 * over two file systems shows 00:28 in the table and 00:2a in `stat` (Linux 6.18, measured), and each btrfs subvolume
 * has its own device in `stat`. So the file is opened and its mount is read.
 */
async function nameInTable(file: string): Promise<string> {
  const found = await stat(file);
  // Does not open a FIFO or device in its place.
  const handle = found.isFile() ? await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null) : null;
  if (handle === null) return nameByStat(found);
  try {
    const fdinfo = await readFile(`/proc/self/fdinfo/${handle.fd}`, 'utf8');
    return nameByMount(fdinfo, await readFile('/proc/self/mountinfo', 'utf8')) ?? nameByStat(found);
  } finally {
    await handle.close();
  }
}

/** The name from an open file's `mnt_id` and `ino` (the latter since Linux 5.14); null if they are missing. */
export function nameByMount(fdinfo: string, mountinfo: string): string | null {
  const [, mount] = /^mnt_id:\s*(\d+)$/m.exec(fdinfo) ?? [];
  const [, inode] = /^ino:\s*(\d+)$/m.exec(fdinfo) ?? [];
  const line = mountinfo.split('\n').find((one) => one.startsWith(`${mount} `));
  const [, major, minor] = /^\d+ \d+ (\d+):(\d+) /.exec(line ?? '') ?? [];
  if (inode === undefined || major === undefined || minor === undefined) return null;
  return `${hex(Number(major))}:${hex(Number(minor))}:${inode}`;
}

/** The name from the device number that glibc's makedev puts together; all that is used fits into 32 bits. */
export function nameByStat({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  const major = (dev >> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  return `${hex(major)}:${hex(minor)}:${ino}`;
}

function hex(part: number): string {
  return part.toString(16).padStart(2, '0');
}

/**
 * The holder of a file in the text of /proc/locks (proc(5): `1: FLOCK ADVISORY WRITE pid major:minor:inode start end`).
 * Dolt uses flock(2), which does not conflict with POSIX locks; a line with `->` is a waiting process.
 * @param name `major:minor:inode`, the device numbers in hexadecimal
 */
export function holderIn(locks: string, name: string): LockedBy {
  for (const line of locks.split('\n')) {
    const [, kind, , mode, pid, file] = line.trim().split(/\s+/);
    if (kind === 'FLOCK' && mode === 'WRITE' && file === name) {
      return { kind: 'held', pid: Number(pid) > 0 ? Number(pid) : null };
    }
  }
  return { kind: 'free' };
}
