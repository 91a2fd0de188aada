import { chunkContent } from './chunk-content.ts';

/** The records of a journal (store/nbs/journal_record.go of Dolt 2.3.0): a length, fields, and a checksum. */
const LENGTH_BYTES = 4;
const KIND_AT = LENGTH_BYTES + 1;
const ROOT_KIND = 1;
/** A root has a time and a hash. */
export const ROOT_BYTES = 40;
const CHUNK_KIND = 2;
/** After the kind: the hash, each with the number of its field, and the number of the content. */
const CHUNK_AT = KIND_AT + 1 + 1 + 20 + 1;
const CHECKSUM_BYTES = 4;

/** The name of a message is after the kind of the value, its length, and the first address. */
const NAME_AT = 8;
const NAME_BYTES = 4;
/** The list of all refs, and the nodes of its tree. */
const OF_REFS: readonly string[] = ['STRT', 'ADRM'];

/**
 * Whether a part of a journal only sets refs to objects that were not made in it, as a fetch does. A program that commits,
 * tags or changes a row also writes a commit, a tag or a working set (Dolt 2.3.0, measured).
 * @param part whole records; false if it ends within one
 */
export function onlySetsRefs(part: Buffer): boolean {
  for (let at = 0; at < part.length; ) {
    const bytes = part.length - at < LENGTH_BYTES ? 0 : part.readUInt32BE(at);
    const record = part.subarray(at, at + bytes);
    if (bytes < ROOT_BYTES || record.length < bytes || !isOfRefs(record)) return false;
    at += bytes;
  }
  return true;
}

function isOfRefs(record: Buffer): boolean {
  if (record[KIND_AT] === ROOT_KIND) return record.length === ROOT_BYTES;
  if (record[KIND_AT] !== CHUNK_KIND) return false;
  const content = chunkContent(record.subarray(CHUNK_AT, -CHECKSUM_BYTES));
  if (content === null) return false;
  return OF_REFS.includes(Buffer.from(content.subarray(NAME_AT, NAME_AT + NAME_BYTES)).toString('latin1'));
}
