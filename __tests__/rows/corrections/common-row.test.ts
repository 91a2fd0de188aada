import { expect, test } from '@jest/globals';
import { commonRow } from '../../../src/rows/corrections/common-row.ts';

test.each([
  ['no commit has the row', [null, null], null, null],
  ['both removed it', [null, null], { v: '0' }, null],
  ['one removed it, and the other kept it', [null, { v: '0' }], { v: '0' }, null],
  ['one removed it, and the other changed it', [{ v: '1' }, null], { v: '0' }, { v: '1' }],
  ['one added it', [{ v: '1' }, null], null, { v: '1' }],
  [
    'both added it',
    [
      { v: '1', w: '1' },
      { v: '1', w: '2' },
    ],
    null,
    { v: '1' },
  ],
  [
    'each changed another cell',
    [
      { v: '1', w: '0' },
      { v: '0', w: '2' },
    ],
    { v: '0', w: '0' },
    { v: '1', w: '2' },
  ],
  ['both made the same change', [{ v: '1' }, { v: '1' }], { v: '0' }, { v: '1' }],
  [
    'they changed a cell differently',
    [
      { v: '1', w: '0' },
      { v: '2', w: '0' },
    ],
    { v: '0', w: '0' },
    { w: '0' },
  ],
  ['one of three differs', [{ v: '0' }, { v: null }, { v: '0' }], { v: '0' }, { v: null }],
  [
    'each changed another key of a document',
    [{ j: '{"a":1,"k":0}' }, { j: '{"b":{"c":1},"k":0}' }],
    { j: '{"k":0}' },
    { j: '{"a":1,"b":{"c":1},"k":0}' },
  ],
  [
    'they changed a key of a document differently',
    [
      { j: '{"k":1}', w: '0' },
      { j: '{"k":2}', w: '0' },
    ],
    { j: '{"k":0}', w: '0' },
    { w: '0' },
  ],
  ['each added a document', [{ j: '{"a":1}' }, { j: '{"b":1}' }], null, {}],
  ['one added a column', [{ v: '0', w: '1' }, { v: '0' }], { v: '0' }, { v: '0', w: '1' }],
])('the common row of several commits, if %s', (_title, versions, before, common) => {
  expect(commonRow(versions, before, new Set(['j']))).toEqual(common);
  expect(commonRow(versions.toReversed(), before, new Set(['j']))).toEqual(common);
});
