import { decompress, decompressedLength } from '@stablelib/snappy';

/** Dolt makes chunks of some kilobytes; only a long value or message makes a larger one. */
export const MAX_CHUNK_BYTES = 64 * 1024 * 1024;
/** A checksum ends each chunk. */
const CHECKSUM_BYTES = 4;

/**
 * The content of a chunk that is compressed with snappy; null: it cannot be decoded, or is too large. The decoder is a
 * port of the one that Dolt uses. It takes the announced length of memory, and each of its steps reads on.
 * @param stored the compressed chunk, with its checksum
 */
export function chunkContent(stored: Uint8Array): Uint8Array | null {
  const compressed = stored.subarray(0, -CHECKSUM_BYTES);
  try {
    return decompressedLength(compressed) > MAX_CHUNK_BYTES ? null : decompress(compressed);
  } catch {
    return null;
  }
}
