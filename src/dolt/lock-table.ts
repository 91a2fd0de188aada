/** A file as the system knows it. */
export interface FileIdentity {
  /** As `stat` gives it on Linux: major and minor number in one. */
  readonly dev: number;
  readonly ino: number;
}

/**
 * The process that holds a lock on a file, read from Linux's /proc/locks (proc(5): `1: FLOCK ADVISORY WRITE pid
 * major:minor:inode start end`, device numbers in hexadecimal).
 * @returns null where nobody holds one, or where the holder is in another pid namespace (the kernel then says 0 or -1)
 */
export function lockingPid(table: string, { dev, ino }: FileIdentity): number | null {
  for (const line of table.split('\n')) {
    const [, kind, , mode, pid, file] = line.trim().split(/\s+/);
    if (kind !== 'FLOCK' || mode !== 'WRITE' || file !== `${device(dev)}:${ino}`) continue;
    return Number(pid) > 0 ? Number(pid) : null;
  }
  return null;
}

/** `fe:00`, from the number that glibc's makedev puts together; all that is used fits into 32 bits. */
function device(dev: number): string {
  const major = (dev >> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}
