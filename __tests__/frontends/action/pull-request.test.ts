import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { comparisonIn, proposedChange } from '../../../src/frontends/action/pull-request.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const [base, head] = ['b'.repeat(40), 'c'.repeat(40)] as const;

test.each<readonly [payload: unknown, change: unknown]>([
  [{ pull_request: { number: 7, base: { sha: base }, head: { sha: head } } }, { number: 7, base, head }],
  [{ merge_group: { base_sha: base, head_sha: head } }, { number: null, base, head }],
  [{ pull_request: { number: 7, base: { sha: '../../x' }, head: { sha: head } } }, null],
  [{ pull_request: { number: '7', base: { sha: base }, head: { sha: head } } }, null],
  [{ issue: { number: 7, pull_request: {} } }, null],
  [{}, null],
  [null, null],
])('the change that an event proposes: %j', (payload, change) => {
  expect(proposedChange(payload)).toEqual(change);
});

test.each([
  { content: `${head}\n`, isHeadCheckedOut: true },
  { content: `${'d'.repeat(40)}\n`, isHeadCheckedOut: false },
  { content: 'ref: refs/heads/main\n', isHeadCheckedOut: false },
  { content: null, isHeadCheckedOut: false },
])('what is checked out: %j', async ({ content, isHeadCheckedOut }) => {
  await using folder = await tempFolder();
  if (content !== null) {
    await mkdir(folder.file('.git'));
    await writeFile(folder.file('.git', 'HEAD'), content);
  }
  expect(await comparisonIn(folder.path, { number: 7, base, head })).toEqual({ base, head, isHeadCheckedOut });
});
