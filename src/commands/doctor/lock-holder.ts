/** A process that holds a lock: its id, 0 where it lives in another container. */
const LOCK_LINE = /^\d+: (?:FLOCK|POSIX|OFDLCK) +\S+ +WRITE +(-?\d+) +[0-9a-f]+:[0-9a-f]+:(\d+) /;

/**
 * Who holds a lock on a file, from the text of /proc/locks (Linux): the id of the process, 0 for one that cannot be seen
 * from here; null for nobody. The device is not compared: what `stat` says of it is another one on btrfs and overlayfs.
 */
export function lockHolder(procLocks: string, inode: number): number | null {
  for (const line of procLocks.split('\n')) {
    const [, pid, file] = LOCK_LINE.exec(line) ?? [];
    if (pid !== undefined && file === String(inode)) return Math.max(0, Number(pid));
  }
  return null;
}

/**
 * The process id and the port in `.dolt/sql-server.info`, which a server leaves there while it runs (Dolt 2.3.0). Its
 * third part is a password and is not read.
 */
export function serverInfo(text: string): { readonly pid: number; readonly port: number } | null {
  const [, pid, port] = /^(\d{1,10}):(\d{1,5}):/.exec(text) ?? [];
  return pid === undefined || port === undefined ? null : { pid: Number(pid), port: Number(port) };
}
