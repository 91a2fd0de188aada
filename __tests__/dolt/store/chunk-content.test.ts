import { expect, test } from '@jest/globals';
import { compress } from '@stablelib/snappy';
import { chunkContent } from '../../../src/dolt/store/chunk-content.ts';

/** A chunk with the given compressed bytes, and a checksum that nothing reads here. */
const stored = (...bytes: readonly number[]) => Buffer.from([...bytes, 0, 0, 0, 0]);
/** A literal with a length of four bytes. */
const LONG_LITERAL = 0xfc;
const LETTER = 0x41;

test.each([
  ['a literal', stored(3, 2 << 2, LETTER, LETTER, LETTER), 'AAA'],
  ['a copy', stored(5, 0, LETTER, (3 << 2) | 2, 1, 0), 'AAAAA'],
  ['nothing', stored(0), ''],
  // A decoder that reads the length with a sign goes back to the same place, again and again.
  ['a literal with a negative length', stored(1, LONG_LITERAL, 0xfa, 0xff, 0xff, 0xff), null],
  ['a literal of 4 GiB', stored(1, LONG_LITERAL, 0xff, 0xff, 0xff, 0xff, LETTER), null],
  ['a literal beyond the input', stored(3, 2 << 2, LETTER), null],
  ['more than it announces', stored(1, 2 << 2, LETTER, LETTER, LETTER), null],
  ['a copy of more than it announces', stored(2, 0, LETTER, (63 << 2) | 2, 1, 0), null],
  ['less than it announces', stored(9, 0, LETTER), null],
  ['a copy from before the beginning', stored(5, 0, LETTER, (3 << 2) | 2, 2, 0), null],
  ['a copy of itself', stored(5, 0, LETTER, (3 << 2) | 2, 0, 0), null],
  ['a copy with a negative offset', stored(5, 0, LETTER, (3 << 2) | 3, 0xff, 0xff, 0xff, 0xff), null],
  ['64 MiB and one byte', stored(0x81, 0x80, 0x80, 0x20, 0, LETTER), null],
  ['a negative length', stored(0xff, 0xff, 0xff, 0xff, 0x0f, 0, LETTER), null],
  ['a length without end', stored(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), null],
  ['no length', stored(), null],
  ['no checksum', Buffer.from([0]), null],
])('a chunk with %s', (_, chunk, content) => {
  const found = chunkContent(chunk);
  expect(found && Buffer.from(found).toString('latin1')).toBe(content);
});

test('every part of a chunk, and every change of one byte, ends', () => {
  const content = Buffer.from('abcabcabcabc'.repeat(40) + 'x'.repeat(300));
  const chunk = stored(...compress(content));
  expect(chunkContent(chunk)).toEqual(new Uint8Array(content));
  for (let at = 0; at < chunk.length - 4; at += 1) {
    expect(chunkContent(stored(...chunk.subarray(0, at)))).toBeNull();
    for (const byte of [0, 1, 2, 3, 0x7f, 0x80, 0xfc, 0xff]) {
      const changed = Buffer.from(chunk);
      changed[at] = byte;
      expect(chunkContent(changed)?.length ?? content.length).toBeLessThanOrEqual(64 * 1024 * 1024);
    }
  }
});
