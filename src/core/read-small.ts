import { constants } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { errorMessage } from './failure.ts';
import { systemCode } from './system-code.ts';

/** What files that describe something need at most. */
export const SMALL_BYTES = 1024 * 1024;

/** The content of a file, or why it was not read. */
export type SmallFile =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly why: string; readonly cause?: unknown };

/**
 * Reads a small ordinary file that others may have placed. A FIFO would block for ever, a device may never end, and a
 * huge file would fill the memory: none of them is read. Windows has no FIFOs among its files.
 * @param most size in bytes from which a file is refused
 * @param links whether a symbolic link is followed; it is not where the file is written as well
 */
export async function readSmall(
  file: string,
  most: number = SMALL_BYTES,
  links: 'follow' | 'refuse' = 'follow',
): Promise<SmallFile> {
  try {
    if (links === 'refuse' && (await lstat(file)).isSymbolicLink())
      return { kind: 'refused', why: 'it is a symbolic link' };
    // Opening some devices has effects, so the kind is looked at before; the handle is looked at again.
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

/** The text of a small ordinary file; the empty text for everything else, for files that only make a message better. */
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
    return { kind: 'refused', why: found.isDirectory() ? 'it is a folder' : 'it is no ordinary file' };
  return found.size > most ? tooLarge(most) : null;
}

function tooLarge(most: number): SmallFile {
  return { kind: 'refused', why: `it is larger than ${most / SMALL_BYTES} MiB` };
}

/** Files of the system report a size of 0, and others may grow: what counts is what comes. */
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
