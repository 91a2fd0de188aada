import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemCode } from '../../core/failure.ts';
import { chunkContent, MAX_CHUNK_BYTES } from './chunk-content.ts';
import { isMessage } from './message.ts';
import { bytesAt, NoTableFile, readTableIndex, type StoredChunk } from './table-index.ts';

/** A hash of Dolt is the beginning of a SHA-512. */
const HASH_BYTES = 20;
const BLOCK_BYTES = 4 * 1024 * 1024;

/** The result for one table file. */
export interface CheckedTable {
  /** Why the file is refused; null: nothing is wrong. */
  readonly wrong: string | null;
  /** How many chunks were not read, because they are compressed with zstd; or 1 if the file is gone. */
  readonly unread: number;
}

/**
 * Compares the content of each chunk of a table file with its hash, and requires that it is a message. Dolt (2.3.0) does
 * neither with what it fetches, so a remote can serve other rows under the hash of a commit, and data that Dolt cannot read.
 * @throws errors of the file system, or of the signal
 */
export async function checkTable(path: string, signal: AbortSignal): Promise<CheckedTable> {
  return await inTable(path, async (file, size) => {
    const { chunks, zstd } = await readTableIndex(file, size);
    let block: Buffer = Buffer.alloc(0);
    let from = 0;
    for (const chunk of chunks) {
      if (chunk.bytes > MAX_CHUNK_BYTES) throw new NoTableFile('one of its chunks is too large');
      if (chunk.offset < from || chunk.offset + chunk.bytes > from + block.length) {
        signal.throwIfAborted();
        const length = Math.max(chunk.bytes, Math.min(BLOCK_BYTES, size - chunk.offset));
        block = await bytesAt(file, chunk.offset, length);
        from = chunk.offset;
      }
      const problem = problemOf(block.subarray(chunk.offset - from, chunk.offset - from + chunk.bytes), chunk);
      if (problem !== null) throw new NoTableFile(`the content of its chunk ${hashText(chunk.hash)} ${problem}`);
    }
    return zstd;
  });
}

/**
 * Checks only the index of a table file: whether `dolt fsck` reads the content of each chunk.
 * @throws errors of the file system
 */
export async function checkIndex(path: string): Promise<CheckedTable> {
  return await inTable(path, async (file, size) => (await readTableIndex(file, size)).zstd);
}

async function inTable(path: string, read: (file: FileHandle, size: number) => Promise<number>): Promise<CheckedTable> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((thrown: unknown) => {
    if (systemCode(thrown) === 'ENOENT') return null;
    throw thrown;
  });
  // Dolt has joined it with others meanwhile.
  if (file === null) return { wrong: null, unread: 1 };
  try {
    return { wrong: null, unread: await read(file, (await file.stat()).size) };
  } catch (thrown) {
    if (!(thrown instanceof NoTableFile)) throw thrown;
    return { wrong: `${basename(path)}: ${thrown.message}`, unread: 0 };
  } finally {
    await file.close();
  }
}

function problemOf(stored: Buffer, { hash }: StoredChunk): string | null {
  const content = chunkContent(stored);
  if (content === null || !createHash('sha512').update(content).digest().subarray(0, HASH_BYTES).equals(hash))
    return 'has another hash';
  return isMessage(content) ? null : 'is not in a format of Dolt';
}

/** A hash as Dolt prints it. */
function hashText(hash: Buffer): string {
  return BigInt(`0x${hash.toString('hex')}`)
    .toString(32)
    .padStart(32, '0');
}
