import { createHash, randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK = 128 * 1024;

/**
 * Adds an archive to a store of Dolt whose only chunk, which no branch has, is zeros: 32 kB for each gigabyte. Its format
 * is that of Dolt 2.3.0 (store/nbs/archive.go), its compression that of RFC 8878.
 * @param noms the folder of the manifest
 */
export async function addExpandingArchive(noms: string, bytes: number): Promise<void> {
  const dictionary = stored(randomBytes(64));
  const chunk = zeros(bytes);
  const hash = randomBytes(20);
  const index = Buffer.concat([
    ...[dictionary.length, dictionary.length + chunk.length].map(number64),
    hash.subarray(0, 8),
    ...[1, 2].map(number32),
    hash.subarray(8),
  ]);
  const metadata = Buffer.from('{"dolt_version":"2.3.0"}');
  const footer = [number64(index.length), ...[2, 1, metadata.length].map(number32), Buffer.alloc(192)];
  const name = base32(createHash('sha512').update(hash.subarray(8)).digest().subarray(0, 20));
  const end = [metadata, ...footer, Buffer.from([3]), Buffer.from('DOLTARC')];
  await writeFile(join(noms, `${name}.darc`), Buffer.concat([dictionary, chunk, index, ...end]));
  await appendFile(join(noms, 'manifest'), `:${name}:1`);
}

/** A frame with one block that is not compressed. */
function stored(content: Buffer): Buffer {
  const { length } = content;
  return Buffer.concat([Buffer.from('28b52ffd20', 'hex'), Buffer.from([length]), number24((length << 3) | 1), content]);
}

/** A frame of blocks that each repeat one byte. */
function zeros(bytes: number): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(bytes));
  const count = bytes / BLOCK;
  const block = (isLast: boolean) => Buffer.concat([number24((BLOCK << 3) | 2 | Number(isLast)), Buffer.from([0])]);
  const blocks = Array.from({ length: count }, (_, at) => block(at === count - 1));
  return Buffer.concat([Buffer.from('28b52ffdc038', 'hex'), size, ...blocks]);
}

function number24(value: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE(value, 0, 3);
  return bytes;
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function number64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function base32(hash: Buffer): string {
  return BigInt(`0x${hash.toString('hex')}`)
    .toString(32)
    .padStart(32, '0');
}
