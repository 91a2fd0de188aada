import type { FileHandle } from 'node:fs/promises';

/** A chunk of a table file. */
export interface StoredChunk {
  readonly offset: number;
  /** Of its compressed form, with the checksum. */
  readonly bytes: number;
  /** The hash by which it is read. */
  readonly hash: Buffer;
}

/** The chunks of a table file. There can be many millions: each is made when it is read. */
export interface TableIndex {
  /** Those compressed with snappy, in the order of the file. */
  readonly chunks: Iterable<StoredChunk>;
  /** How many are compressed with zstd, which only archives have. */
  readonly zstd: number;
}

/** A file that is no table file of Dolt 2.3.0, or whose index contradicts itself. */
export class NoTableFile extends Error {}

/** The first and last bytes of a hash are stored apart. */
const PREFIX_BYTES = 8;
const SUFFIX_BYTES = 12;
/** About 38 million chunks. The index is in memory as a whole: its parts are in different orders. */
export const MAX_INDEX_BYTES = 1024 * 1024 * 1024;

/** The end of a table file: number of chunks, their size, signature (store/nbs/table_writer.go). */
const TABLE_FOOTER_BYTES = 20;
const TABLE_SIGNATURE = Buffer.from('ffb5d8c22463ee50', 'hex');
/** The length and the ordinal of a chunk, and its hash. */
const TABLE_ENTRY_BYTES = PREFIX_BYTES + 4 + 4 + SUFFIX_BYTES;

/** The end of an archive, whose first four bytes are absent before version 3 (store/nbs/archive.go). */
const ARCHIVE_FOOTER_BYTES = 220;
const ARCHIVE_SIGNATURE = Buffer.from('DOLTARC');
const SPAN_BYTES = 8;
/** Two numbers of spans, and the hash of a chunk. */
const REFERENCE_BYTES = 8;
/** The versions that can have chunks without a dictionary, compressed with snappy. */
const SNAPPY_VERSIONS = [2, 3];
const VERSIONS = [1, ...SNAPPY_VERSIONS];

/**
 * Reads the index of a table file or an archive.
 * @param size of the file
 * @throws NoTableFile, errors of the file system
 */
export async function readTableIndex(file: FileHandle, size: number): Promise<TableIndex> {
  const footer = await bytesAt(file, Math.max(0, size - ARCHIVE_FOOTER_BYTES), Math.min(size, ARCHIVE_FOOTER_BYTES));
  if (footer.subarray(-ARCHIVE_SIGNATURE.length).equals(ARCHIVE_SIGNATURE))
    return await readArchiveIndex(file, size, footer);
  if (footer.subarray(-TABLE_SIGNATURE.length).equals(TABLE_SIGNATURE) && size >= TABLE_FOOTER_BYTES) {
    const count = footer.readUInt32BE(footer.length - TABLE_FOOTER_BYTES);
    const length = count * TABLE_ENTRY_BYTES;
    const start = size - TABLE_FOOTER_BYTES - length;
    return tableIndex(await section(file, start, length), count, start);
  }
  throw new NoTableFile('it has no signature of a table file');
}

/** @param end of the chunks */
function tableIndex(index: Buffer, count: number, end: number): TableIndex {
  const lengths = count * (PREFIX_BYTES + 4);
  const suffixes = lengths + count * 4;
  /** The entry of each chunk, counted from 1. */
  const entries = new Uint32Array(count);
  let length = 0;
  for (let entry = 0; entry < count; entry += 1) {
    const ordinal = index.readUInt32BE(entry * (PREFIX_BYTES + 4) + PREFIX_BYTES);
    if (ordinal >= count || entries[ordinal] !== 0) throw new NoTableFile('two chunks of its index are one');
    entries[ordinal] = entry + 1;
    length += index.readUInt32BE(lengths + ordinal * 4);
  }
  if (length > end) throw new NoTableFile('its chunks do not fit');
  function* chunks(): Generator<StoredChunk> {
    let offset = 0;
    for (const [ordinal, entry] of entries.entries()) {
      const bytes = index.readUInt32BE(lengths + ordinal * 4);
      const hash = hashAt(index, (entry - 1) * (PREFIX_BYTES + 4), suffixes + ordinal * SUFFIX_BYTES);
      yield { offset, bytes, hash };
      offset += bytes;
    }
  }
  return { chunks: chunks(), zstd: 0 };
}

function hashAt(index: Buffer, prefix: number, suffix: number): Buffer {
  const parts = [index.subarray(prefix, prefix + PREFIX_BYTES), index.subarray(suffix, suffix + SUFFIX_BYTES)];
  return Buffer.concat(parts);
}

async function readArchiveIndex(file: FileHandle, size: number, footer: Buffer): Promise<TableIndex> {
  const version = footer.at(-ARCHIVE_SIGNATURE.length - 1) ?? 0;
  if (footer.length < ARCHIVE_FOOTER_BYTES || !VERSIONS.includes(version))
    throw new NoTableFile('it is an archive of another version');
  const length = version < 3 ? footer.readUInt32BE(4) : Number(footer.readBigUInt64BE(0));
  const footerBytes = ARCHIVE_FOOTER_BYTES - (version < 3 ? 4 : 0);
  const [spans, count, metadata] = [footer.readUInt32BE(8), footer.readUInt32BE(12), footer.readUInt32BE(16)];
  if (length < spans * SPAN_BYTES + count * (PREFIX_BYTES + REFERENCE_BYTES + SUFFIX_BYTES))
    throw new NoTableFile('its index is too short');
  const start = size - footerBytes - metadata - length;
  const hasSnappy = SNAPPY_VERSIONS.includes(version);
  return archiveIndex(await section(file, start, length), { spans, count, end: start, hasSnappy });
}

/**
 * `dolt fsck` 2.3.0 checks one chunk for each span, in the order of the file, and none for a span that is also a
 * dictionary. So no other archive is accepted.
 */
function archiveIndex(
  index: Buffer,
  of: { readonly spans: number; readonly count: number; readonly end: number; readonly hasSnappy: boolean },
): TableIndex {
  const { spans, count } = of;
  const endOf = (span: number): number => (span === 0 ? 0 : Number(index.readBigUInt64BE((span - 1) * SPAN_BYTES)));
  for (let span = 1; span <= spans; span += 1)
    if (endOf(span) < endOf(span - 1) || endOf(span) > of.end) throw new NoTableFile('its spans overlap');
  const references = spans * SPAN_BYTES + count * PREFIX_BYTES;
  const suffixes = references + count * REFERENCE_BYTES;
  const dictionaryOf = (entry: number): number => index.readUInt32BE(references + entry * REFERENCE_BYTES);
  /** The chunk of each span, counted from 1; 0: none. */
  const entries = new Uint32Array(spans + 1);
  let snappy = 0;
  for (let entry = 0; entry < count; entry += 1) {
    const span = index.readUInt32BE(references + entry * REFERENCE_BYTES + 4);
    if (span === 0 || span > spans || dictionaryOf(entry) > spans) throw new NoTableFile('a span is missing');
    if (entries[span] !== 0) throw new NoTableFile('two chunks of its index share a span');
    entries[span] = entry + 1;
    if (dictionaryOf(entry) === 0 && of.hasSnappy) snappy += 1;
  }
  for (let entry = 0; entry < count; entry += 1) {
    const dictionary = dictionaryOf(entry);
    if (dictionary !== 0 && entries[dictionary] !== 0) throw new NoTableFile('a chunk of its index is a dictionary');
  }
  function* chunks(): Generator<StoredChunk> {
    if (!of.hasSnappy) return;
    for (const [span, number] of entries.entries()) {
      const entry = number - 1;
      if (entry < 0 || dictionaryOf(entry) !== 0) continue;
      const hash = hashAt(index, spans * SPAN_BYTES + entry * PREFIX_BYTES, suffixes + entry * SUFFIX_BYTES);
      yield { offset: endOf(span - 1), bytes: endOf(span) - endOf(span - 1), hash };
    }
  }
  return { chunks: chunks(), zstd: count - snappy };
}

async function section(file: FileHandle, start: number, length: number): Promise<Buffer> {
  if (length > MAX_INDEX_BYTES) throw new NoTableFile('its index is larger than 1 GiB');
  if (start < 0) throw new NoTableFile('its index does not fit');
  return await bytesAt(file, start, length);
}

/** @throws NoTableFile if the file ends before */
export async function bytesAt(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, start + read);
    if (bytesRead === 0) throw new NoTableFile('it ends too early');
    read += bytesRead;
  }
  return bytes;
}
