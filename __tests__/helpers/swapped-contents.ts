import { createHash } from 'node:crypto';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compress } from '@stablelib/snappy';
import { JOURNAL } from '../../src/dolt/database-files.ts';
import { chunkContent } from '../../src/dolt/store/chunk-content.ts';
import { bytesAt, readTableIndex } from '../../src/dolt/store/table-index.ts';
import type { TestDatabase } from './database.ts';

/** Statements that make leaves of the same table on a branch, so that some have a higher hash than any other leaf. */
function otherLeaves(update: (text: string) => string, text: string): readonly string[] {
  const made = Array.from({ length: 8 }, (_, at) => [
    update(`${text}${at}`),
    `CALL DOLT_COMMIT('-a', '-m', 'leaf ${at}')`,
  ]);
  return ["CALL DOLT_CHECKOUT('-b', 'other-leaves')", ...made.flat(), "CALL DOLT_CHECKOUT('main')"];
}

/**
 * Makes a remote that serves other rows under the hashes of a database: the leaf with one text has the content of a leaf
 * with another text.
 * @param share whether both hashes name one span of the archive, so that `dolt fsck` compares only the other one
 */
export async function publishSwapped(
  from: TestDatabase,
  remote: string,
  { text, other, update, share }: { text: string; other: string; update: (text: string) => string; share: boolean },
): Promise<void> {
  await from.publish(`file://${remote}`);
  await from.sql(...otherLeaves(update, other));
  await from.publish(`file://${remote}`, 'other-leaves');
  await from.sql("CALL DOLT_BRANCH('-D', 'other-leaves')");
  await rewrite(remote, share, (chunks, root) => {
    swap(chunks, { text, other, share });
    return root;
  });
}

/** Makes a remote whose chunk of the head of a database is one byte, which Dolt 2.3.0 reads beyond its end. */
export async function publishOneByte(from: TestDatabase, remote: string): Promise<void> {
  await from.publish(`file://${remote}`);
  const hash = hexadecimal(await from.head());
  await rewrite(remote, false, (chunks, root) => {
    if (!chunks.has(hash)) throw new Error('the head is missing');
    chunks.set(hash, withChecksum(Buffer.from([1, 0, 0])));
    return root;
  });
}

/** The names of messages. */
type Message = 'ADRM' | 'BLOB' | 'CMCL' | 'DCMT' | 'DSCH' | 'DTBL' | 'RTVL' | 'TUPM';

/** Which chunk of a database gets another content. */
interface Chosen {
  /** The name of the message in it. */
  readonly kind: Message;
  /** Another part of its content. */
  readonly text: string | Buffer;
}

/**
 * Makes a remote in which one chunk of a database has another content, and all hashes up to the root are right.
 * @param chosen.as the name of a message, of which it gets one; absent: it is one zero byte
 */
export async function publishMalformed(
  from: TestDatabase,
  remote: string,
  { as, ...chosen }: Chosen & { readonly as?: Message },
): Promise<void> {
  await publishChanged(from, remote, chosen, (_, contents) => {
    const isOther = (content: Buffer): boolean => as !== undefined && isOf(content, as);
    return [...contents.values()].find(isOther) ?? Buffer.from([0]);
  });
}

/**
 * Makes a remote whose list of the ancestors of a commit names another object in the place of one, at its height or at
 * another one.
 */
export async function publishForged(
  from: TestDatabase,
  remote: string,
  { ancestor, ...by }: { readonly ancestor: string; readonly other?: string; readonly height?: number },
): Promise<void> {
  const text = Buffer.from(hexadecimal(ancestor), 'hex');
  await publishChanged(from, remote, { kind: 'CMCL', text }, (content) => {
    const changed = Buffer.from(content);
    const at = changed.indexOf(text);
    if (by.other !== undefined) changed.write(hexadecimal(by.other), at, 'hex');
    if (by.height !== undefined) changed.writeBigUInt64LE(BigInt(by.height), at - 8);
    return changed;
  });
}

const isOf = (content: Buffer, kind: Message): boolean => content.subarray(0, 12).includes(kind);

/** Makes a remote in which one chunk of a database is changed, and all hashes up to the root are right. */
export async function publishChanged(
  from: TestDatabase,
  remote: string,
  { kind, text }: Chosen,
  change: (content: Buffer, contents: ReadonlyMap<string, Buffer>) => Buffer,
): Promise<void> {
  await from.publish(`file://${remote}`);
  await rewrite(remote, false, (chunks, root) => {
    const contents = new Map([...chunks].map(([hash, span]) => [hash, Buffer.from(chunkContent(span) ?? '')]));
    const found = [...contents].find(([, content]) => isOf(content, kind) && content.includes(text));
    if (found === undefined) throw new Error(`no ${kind} has that`);
    const renamed = new Map<string, string>();
    replaceContent(contents, renamed, { hash: found[0], content: change(found[1], contents) });
    chunks.clear();
    for (const [hash, content] of contents) chunks.set(hash, withChecksum(Buffer.from(compress(content))));
    let now = root;
    for (let next = renamed.get(now); next !== undefined; next = renamed.get(now)) now = next;
    return now;
  });
}

/** Replaces the content of a chunk, and its hash in all others. @param renamed gets the new hash of each */
function replaceContent(
  contents: Map<string, Buffer>,
  renamed: Map<string, string>,
  { hash, content }: { readonly hash: string; readonly content: Buffer },
): void {
  const now = hashOf(content);
  contents.delete(hash);
  contents.set(now, content);
  renamed.set(hash, now);
  const name = Buffer.from(hash, 'hex');
  const user = () => [...contents].find(([, present]) => present.includes(name));
  for (let found = user(); found !== undefined; found = user()) {
    const changed = Buffer.from(found[1]);
    for (let at = changed.indexOf(name); at >= 0; at = changed.indexOf(name)) changed.write(now, at, 'hex');
    replaceContent(contents, renamed, { hash: found[0], content: changed });
  }
}

/**
 * Writes all chunks of a remote into one archive, after a change.
 * @param change returns the root after it
 */
async function rewrite(
  remote: string,
  share: boolean,
  change: (chunks: Map<string, Buffer>, root: string) => string,
): Promise<void> {
  const fields = (await readFile(join(remote, 'manifest'), 'utf8')).split(':');
  const names = fields.slice(5).filter((name, at) => at % 2 === 0 && name !== JOURNAL);
  const chunks = new Map((await Promise.all(names.map((name) => spansOf(remote, name)))).flat());
  const [, , , root = ''] = fields;
  const now = change(chunks, hexadecimal(root));
  const { name, bytes } = archive(chunks, share);
  for (const each of names)
    for (const ending of ['', '.darc']) await rm(join(remote, `${each}${ending}`), { force: true });
  await writeFile(join(remote, `${name}.darc`), bytes);
  const manifest = [...fields.slice(0, 3), base32(now), fields[4], name, chunks.size];
  await writeFile(join(remote, 'manifest'), manifest.join(':'));
}

/** The compressed chunks of a table file, by their hashes in hexadecimal digits. */
async function spansOf(remote: string, name: string): Promise<[string, Buffer][]> {
  const file = await open(join(remote, name)).catch(() => open(join(remote, `${name}.darc`)));
  try {
    const { chunks } = await readTableIndex(file, (await file.stat()).size);
    const read = [...chunks].map(
      async ({ hash, offset, bytes }): Promise<[string, Buffer]> => [
        hash.toString('hex'),
        await bytesAt(file, offset, bytes),
      ],
    );
    return await Promise.all(read);
  } finally {
    await file.close();
  }
}

function swap(
  chunks: Map<string, Buffer>,
  { text, other, share }: { text: string; other: string; share: boolean },
): void {
  const has = (span: Buffer, wanted: string) => Buffer.from(chunkContent(span) ?? '').includes(wanted);
  const [right] = [...chunks].flatMap(([hash, span]) => (has(span, text) ? [hash] : []));
  if (right === undefined) throw new Error(`no chunk has ${text}`);
  const wrong = [...chunks].find(([hash, span]) => (!share || hash > right) && has(span, other) && !has(span, text));
  if (wrong === undefined) throw new Error(`no fitting chunk has ${other}`);
  chunks.set(right, wrong[1]);
}

/** An archive of version 3 (store/nbs/archive.go of Dolt 2.3.0). */
function archive(chunks: ReadonlyMap<string, Buffer>, share: boolean): { name: string; bytes: Buffer } {
  const spans: Buffer[] = [];
  const references = [...chunks]
    .sort(([one], [another]) => (one < another ? -1 : 1))
    .map(([hex, span]) => {
      const known = share ? spans.indexOf(span) : -1;
      return { hash: Buffer.from(hex, 'hex'), span: known === -1 ? spans.push(span) : known + 1 };
    });
  let end = 0n;
  const ends = spans.map((span) => {
    end += BigInt(span.length);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(end);
    return bytes;
  });
  const suffixes = Buffer.concat(references.map(({ hash }) => hash.subarray(8)));
  const index = Buffer.concat([
    ...ends,
    ...references.map(({ hash }) => hash.subarray(0, 8)),
    ...references.map(({ span }) => numbers(0, span)),
    suffixes,
  ]);
  const metadata = Buffer.from('{"dolt_version":"2.3.0"}');
  const sizes = numbers(0, index.length, spans.length, references.length, metadata.length);
  const footer = Buffer.concat([sizes, Buffer.alloc(192), Buffer.from([3]), Buffer.from('DOLTARC')]);
  return { name: base32(hashOf(suffixes)), bytes: Buffer.concat([...spans, index, metadata, footer]) };
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => void bytes.writeUInt32BE(value, 4 * at));
  return bytes;
}

/** A compressed chunk with its CRC-32C, which Dolt compares. */
function withChecksum(compressed: Buffer): Buffer {
  let rest = 0xffffffff;
  for (const byte of compressed) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? 0x82f63b78 ^ (rest >>> 1) : rest >>> 1;
  }
  return Buffer.concat([compressed, numbers((rest ^ 0xffffffff) >>> 0)]);
}

/** A hash as Dolt prints it. */
function base32(hex: string): string {
  return BigInt(`0x${hex}`).toString(32).padStart(32, '0');
}

function hexadecimal(hash: string): string {
  const bits = [...hash].map((digit) => Number.parseInt(digit, 32).toString(2).padStart(5, '0'));
  return BigInt(`0b${bits.join('')}`)
    .toString(16)
    .padStart(40, '0');
}

function hashOf(content: Buffer): string {
  return createHash('sha512').update(content).digest('hex').slice(0, 40);
}
