import { expect, test } from '@jest/globals';
import { compress } from '@stablelib/snappy';
import { onlySetsRefs } from '../../../src/dolt/store/journal.ts';

/** A record of a journal, with the length and a checksum that nothing reads here. */
function record(...fields: readonly (Buffer | readonly number[])[]): Buffer {
  const body = Buffer.concat(fields.map((field) => Buffer.from(field)));
  const bytes = Buffer.alloc(4 + body.length + 4);
  bytes.writeUInt32BE(bytes.length);
  body.copy(bytes, 4);
  return bytes;
}

const HASH = Buffer.alloc(20, 7);
const ROOT = record([1, 1], [4, 0, 0, 0, 0, 0, 0, 0, 9], [2], HASH);

function chunk(name: string): Buffer {
  const content = Buffer.concat([Buffer.alloc(8), Buffer.from(name), Buffer.alloc(30)]);
  return record([1, 2], [2], HASH, [3], Buffer.from(compress(content)), [0, 0, 0, 0]);
}

const REFS = [chunk('ADRM'), chunk('STRT'), ROOT];

test.each([
  ['nothing', [], true],
  ['a root', [ROOT], true],
  ['two refs', [...REFS, ...REFS], true],
  ['a commit', [chunk('DCMT'), ...REFS], false],
  ['a working set', [...REFS, chunk('WRST'), ...REFS], false],
  ['a tag', [chunk('DTAG'), ...REFS], false],
  ['rows', [chunk('TUPM')], false],
  ['a chunk without a name', [chunk('')], false],
  ['a chunk that cannot be decoded', [record([1, 2], [2], HASH, [3], [9, 0, 0, 0, 0], [0, 0, 0, 0])], false],
  ['another kind of record', [record([1, 3], [2], HASH, Buffer.alloc(20))], false],
  ['a long root', [record([1, 1], Buffer.alloc(40))], false],
  ['a record that is cut off', [...REFS, ROOT.subarray(0, -1)], false],
  ['half a length', [ROOT, Buffer.from([0, 0])], false],
  ['bytes that are no record', [ROOT, Buffer.alloc(64)], false],
])('a part of a journal with %s', (_, records, only) => {
  expect(onlySetsRefs(Buffer.concat(records))).toBe(only);
});
