import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** A SHA-256 as we compare it: 64 lower-case hexadecimal digits. */
export const SHA256 = /^[0-9a-f]{64}$/;

/** SHA-256 of a file's content, in lower-case hexadecimal. Rejects when the file cannot be read. */
export async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
