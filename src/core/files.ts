import { randomBytes } from 'node:crypto';
import { constants, type Dirent, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { errorMessage, Failure, systemCode } from './failure.ts';

/** Maximum size of descriptive files. */
export const SMALL_BYTES = 1024 * 1024;

/** The content of a file, or why it was not read. */
export type SmallFile =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly why: string; readonly cause?: unknown };

/**
 * Reads a small ordinary file that others may have created. A FIFO would block forever, a device may never end, and a
 * huge file would fill the memory; none of them is read. Windows has no FIFOs in its file system.
 * @param most files of this size or more are refused
 * @param links whether a symbolic link is followed; not if the file is also written
 */
export async function readSmall(
  file: string,
  most: number = SMALL_BYTES,
  links: 'follow' | 'refuse' = 'follow',
): Promise<SmallFile> {
  try {
    if (links === 'refuse' && (await lstat(file)).isSymbolicLink())
      return { kind: 'refused', why: 'it is a symbolic link' };
    // Opening some devices has side effects, so the type is checked before, and again on the handle.
    const before = refusalOf(await stat(file), most);
    if (before !== null) return before;
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return refusalOf(await handle.stat(), most) ?? (await contentOf(handle, most));
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
    return { kind: 'refused', why: errorMessage(cause), cause };
  }
}

/** The text of a small ordinary file; empty for everything else. For files that only improve a message. */
export async function readSmallText(file: string, most: number = SMALL_BYTES): Promise<string> {
  const found = await readSmall(file, most);
  return found.kind === 'read' ? found.bytes.toString('utf8') : '';
}

interface Kind {
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

function refusalOf(found: Kind, most: number): SmallFile | null {
  if (!found.isFile())
    return { kind: 'refused', why: found.isDirectory() ? 'it is a folder' : 'it is not a regular file' };
  return found.size > most ? tooLarge(most) : null;
}

function tooLarge(most: number): SmallFile {
  return { kind: 'refused', why: `it is larger than ${most / SMALL_BYTES} MiB` };
}

/** System files report a size of 0, and others may grow; only the bytes read count. */
async function contentOf(handle: FileHandle, most: number): Promise<SmallFile> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, null);
    if (bytesRead === 0) return { kind: 'read', bytes: Buffer.concat(chunks) };
    size += bytesRead;
    if (size > most) return tooLarge(most);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/**
 * The text of a small ordinary file, or null if there is none.
 * @throws Failure `config-unreadable` if it exists and cannot be read: it may contain required settings
 */
export async function readIfThere(file: string): Promise<string | null> {
  const found = await readSmall(file);
  switch (found.kind) {
    case 'read':
      return found.bytes.toString('utf8');
    case 'absent':
      return null;
    case 'refused':
      throw new Failure('config-unreadable', `cannot read ${file}: ${found.why}`, {
        location: { file },
        cause: found.cause,
      });
  }
}

/** More links than this are a loop (Linux: MAXSYMLINKS). */
const MAX_LINKS = 40;

/** An absolute path with links resolved, as far as it exists; also a link to a path that does not. */
export async function realPath(path: string): Promise<string> {
  return await withoutLinks(path, MAX_LINKS);
}

async function withoutLinks(path: string, links: number): Promise<string> {
  const found = await realpath(path).catch(() => null);
  if (found !== null || dirname(path) === path) return found ?? path;
  const parent = await withoutLinks(dirname(path), links);
  const own = join(parent, basename(path));
  const target = links === 0 ? null : await readlink(own).catch(() => null);
  return target === null ? own : await withoutLinks(resolve(parent, target), links - 1);
}

/** Whether two paths, with links resolved, are the same. */
export async function isSamePath(one: string, other: string): Promise<boolean> {
  return (await realPath(resolve(one))) === (await realPath(resolve(other)));
}

/** Whether `path` is `folder` or below it, as written; both absolute. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Whether a path, or the target of a link, exists as far as this process can see. */
export async function isThere(path: string): Promise<boolean> {
  return (await statOf(path)) !== null;
}

/** Whether a path, or the target of a link, is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory() ?? false;
}

/** Whether a path, or the target of a link, is an ordinary file. */
export async function isFile(path: string): Promise<boolean> {
  return (await statOf(path))?.isFile() ?? false;
}

/** The stat of a path, or of the target of a link; null if this process cannot see it. */
export async function statOf(path: string): Promise<Stats | null> {
  return await stat(path).catch(() => null);
}

/**
 * Makes a folder with its parents, as far as they are missing. Below `/proc`, where the system refuses a new folder as if its
 * parent were missing, the recursive `mkdir` of Node (20 and 24) never ends, and nothing but SIGKILL ends the process.
 * @returns the first folder that was made; undefined: all were there
 * @throws errors of the file system
 */
export async function makeFolders(path: string, mode = 0o777): Promise<string | undefined> {
  const refused = await mkdirOnce(path, mode);
  if (refused === null) return path;
  if (await isFolder(path)) return undefined;
  const parent = dirname(path);
  if (systemCode(refused) !== 'ENOENT' || parent === path) throw refused;
  // Another process may have made the parent meanwhile.
  const first = (await isThere(parent)) ? undefined : await makeFolders(parent, mode);
  const again = await mkdirOnce(path, mode);
  if (again !== null && !(await isFolder(path))) throw again;
  return first ?? (again === null ? path : undefined);
}

/** @returns why the folder was not made; null: it was */
async function mkdirOnce(path: string, mode: number): Promise<unknown> {
  return await mkdir(path, { mode }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
}

/** No run writes one file or folder for so long. */
const ABANDONED_MS = 60 * 60 * 1_000;

/** Whether the run that wrote a temporary file or folder has ended without removing it. */
export function isAbandoned({ mtimeMs }: { readonly mtimeMs: number }): boolean {
  return Date.now() - mtimeMs > ABANDONED_MS;
}

const TEMPORARY = /^\.[0-9a-f]{12}\.tmp$/;

/** A new path beside a file, to write it by rename. Removes those that killed runs left. */
export async function temporaryBeside(file: string): Promise<string> {
  const [folder, name] = [dirname(file), basename(file)];
  for (const entry of await readdir(folder).catch(() => [])) {
    if (!entry.startsWith(name) || !TEMPORARY.test(entry.slice(name.length))) continue;
    const left = join(folder, entry);
    const found = await lstat(left).catch(() => null);
    if (found?.isFile() !== true || !isAbandoned(found)) continue;
    // In a shared folder it can belong to another user.
    await rm(left, { force: true }).catch(() => undefined);
  }
  return `${file}.${randomBytes(6).toString('hex')}.tmp`;
}

type Access = Pick<Stats, 'uid' | 'gid' | 'mode'>;

/** Whether the owner of a file, who is taken for a member of its group, can use one with the same mode in its place. */
export function ownerKeepsAccess(former: Access, next: Omit<Access, 'mode'>): boolean {
  if (former.uid === next.uid || former.uid === 0) return true;
  const [owner, shared] = [former.mode >> 6, former.gid === next.gid ? former.mode >> 3 : former.mode];
  return (owner & ~shared & 0o6) === 0;
}

/**
 * Gives a new file mode, group and, if permitted, owner of the file that it will replace.
 * @throws Failure `file-owner` if that owner could no longer read or write it
 */
export async function takeAccess(handle: FileHandle, file: string, former: Access): Promise<void> {
  const own = await handle.stat();
  await handle
    .chown(former.uid, former.gid)
    // Only root can give a file away, but members can give it to a group.
    .catch(() => handle.chown(own.uid, former.gid))
    .catch(() => undefined);
  const next = await handle.stat();
  if (!ownerKeepsAccess(former, next)) {
    throw new Failure(
      'file-owner',
      `${file} is not replaced: it belongs to another user (${former.uid}), who could then not use it`,
      {
        hint: 'Run as its owner. To share it, give the file and its folder a group of both users (`chgrp`), and the file the mode 0660.',
      },
    );
  }
  const others = former.mode & 0o7;
  await handle.chmod(next.gid === former.gid ? former.mode & 0o7777 : (former.mode & 0o7707) | (others << 3));
}

/**
 * Writes a file atomically by rename, also across a crash. A symbolic link is followed; mode, group and, if permitted,
 * owner of a replaced file stay.
 * @param mode of a new file
 * @param check runs right before the rename and throws to prevent it
 * @throws errors of the file system, and Failure `file-owner`, or `file-refused` for a device or a pipe; no partial file remains
 */
export async function writeFileAtomic(
  file: string,
  text: string,
  mode = 0o666,
  check: () => Promise<void> = async () => undefined,
): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const former = await stat(target).catch(() => null);
  // A rename would put the file in the place of a device or a pipe: root would lose /dev/null.
  if (former !== null && !former.isFile() && !former.isDirectory())
    throw new Failure('file-refused', `${target} is not an ordinary file, so it is not replaced`);
  const temporary = await temporaryBeside(target);
  try {
    const handle = await open(temporary, 'wx', former === null ? mode : 0o600);
    try {
      if (former !== null) await takeAccess(handle, target, former);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await check();
    await rename(temporary, target);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

/** Entries of a folder that are neither ordinary files nor folders. */
interface OddEntries {
  /** Paths of symbolic links. */
  readonly links: readonly string[];
  /** Paths of FIFOs, sockets and devices, and of links to them: opening one may block forever. */
  readonly special: readonly string[];
}

/** Such entries of one folder. An unreadable folder has none. */
export async function oddEntriesIn(folder: string): Promise<OddEntries & { readonly folders: readonly string[] }> {
  const links: string[] = [];
  const special: string[] = [];
  const folders: string[] = [];
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const inner = join(folder, entry.name);
    if (entry.isSymbolicLink()) links.push(inner);
    const found = entry.isSymbolicLink() ? await stat(inner).catch(() => null) : entry;
    if (found?.isDirectory() === true) folders.push(inner);
    else if (found?.isFile() === false) special.push(inner);
  }
  return { links, special, folders };
}

/**
 * All such entries below a folder.
 * @param follows whether to look behind a link, which can lead to the whole disk; absent: behind none
 */
export async function oddEntries(
  folder: string,
  follows: (link: string) => Promise<boolean> = async () => false,
): Promise<OddEntries> {
  const links: string[] = [];
  const special: string[] = [];
  const seen = new Set<string>();
  const open = [folder];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const real = await realpath(path).catch(() => null);
    if (real === null || seen.has(real)) continue;
    seen.add(real);
    const found = await oddEntriesIn(path);
    links.push(...found.links);
    special.push(...found.special);
    for (const inner of found.folders) if (!found.links.includes(inner) || (await follows(inner))) open.push(inner);
  }
  return { links, special };
}

const MAX_NAMES = 1_000;

/**
 * Renames an unusable file, so that its contents are kept. A symbolic link itself is renamed.
 * @returns its new, unused path
 * @throws errors of the file system
 */
export async function putAside(file: string): Promise<string> {
  for (let number = 1; number <= MAX_NAMES; number += 1) {
    const aside = `${file}.unreadable${number === 1 ? '' : `-${number}`}`;
    const isTaken = await lstat(aside).then(
      () => true,
      () => false,
    );
    if (isTaken) continue;
    await rename(file, aside);
    return aside;
  }
  throw new Error(`there are already ${MAX_NAMES} renamed copies of ${file}`);
}
