import { expect, test } from '@jest/globals';
import { command } from '../helpers/commanding.ts';
import { EDITED, inStep, REWRITES, rewriteRequest } from '../helpers/rewriting.ts';
import { committing } from '../helpers/scenario.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const ROWS = 'SELECT * FROM t ORDER BY id';

test('a rewritten history is merged by merge-rewritten at the named head, and every restored row is listed', async () => {
  await using folder = await tempFolder();
  // The first row of `dolt_docs` is one that Dolt shows where a commit has no documents.
  const it = await inStep(folder, "INSERT INTO dolt_docs VALUES ('AGENT.md', 'x'), ('README.md', 'x')");
  const five = committing('five', ["INSERT INTO t VALUES (5, 'five')"]);
  const without = committing('documents', ["DELETE FROM dolt_docs WHERE doc_name = 'AGENT.md'"]);
  const ours = await it.north.headAfter(...(REWRITES['flattened']?.(it) ?? []), ...without, ...five);
  const moved = await it.box('north', rewriteRequest('merge', 'v'.repeat(32)));
  expect(moved).toMatchObject({ state: 'rewritten', status: 'failed', error: { code: 'lease-stale' } });
  expect(await it.north.head()).toBe(ours);

  const manual = `box: {endpoint: "file://${folder.file('box')}", conflict: manual}`;
  const waiting = await command(folder, manual, { database: 'north', ...rewriteRequest('merge', it.head) });
  expect(waiting.result.peers[0]?.error?.code).toBe('conflict');
  // The run that cannot merge is the only one that can list them: `resolve` does not know of the rewrite.
  expect(waiting.result.peers[0]?.conflicts.filter(({ kind }) => kind === 'restored')).toMatchObject([
    { table: 'dolt_docs', key: { doc_name: 'AGENT.md' }, left: false },
    {
      key: { id: '3' },
      left: false,
      resolution: expect.stringMatching(/^comes back after `resolve`: only box had it/),
    },
  ]);
  expect(waiting.result.problems).toMatchObject([
    { severity: 'warning', code: 'history-rewritten', message: expect.stringContaining('will restore 2 rows') },
  ]);
  expect(await it.north.head()).toBe(ours);

  const merged = await it.box('north', rewriteRequest('merge', it.head));
  expect(merged).toMatchObject({ state: 'rewritten', verified: true, pulledCommits: 2 });
  // Both sides "added" row 1, each in its own form: as in any merge without that base, this stays unresolved.
  expect(merged.conflicts.map(({ kind, key }) => [kind, key])).toEqual([
    ['id-collision', { id: '1' }],
    ['restored', { doc_name: 'AGENT.md' }],
    ['restored', { id: '3' }],
  ]);
  expect(merged.conflicts[2]).toMatchObject({ left: false, ours: null, theirs: { a: 'three' } });
  expect((await it.north.rows(ROWS)).map(({ id }) => id)).toEqual([1, 2, 3, 5]);
  expect(await it.box('north', rewriteRequest('merge', it.head))).toMatchObject({ state: 'up-to-date', error: null });
  const received = await it.box('south');
  expect(received).toMatchObject({ state: 'behind', status: 'conflict' });
  // The side of the lost row reports it.
  const lost = { kind: 'id-collision', key: { id: '1' }, elsewhere: true };
  expect(received.conflicts).toContainEqual(expect.objectContaining(lost));
  expect(await it.south.head()).toBe(await it.north.head());
}, 180_000);

test('merge-rewritten deletes rows that the merge base has, and says which', async () => {
  await using folder = await tempFolder();
  const it = await inStep(folder, "INSERT INTO dolt_docs VALUES ('AGENT.md', 'x'), ('README.md', 'x')");
  await it.north.sql("DELETE FROM dolt_docs WHERE doc_name = 'README.md'", ...(REWRITES['amended']?.(it) ?? []));
  const { peers, problems } = await it.run('north', rewriteRequest('merge', it.head));
  expect(peers).toMatchObject([{ state: 'rewritten', error: null }]);
  const deleted = { kind: 'deleted', key: { id: '3' }, left: false, lost: { commit: it.head } };
  expect(peers[0]?.conflicts).toMatchObject([
    { ...deleted, table: 'dolt_docs', key: { doc_name: 'README.md' } },
    { ...deleted, resolution: expect.stringMatching(/^deleted: only box/) },
  ]);
  expect(problems).toMatchObject([
    { severity: 'warning', code: 'history-rewritten', message: expect.stringContaining('deleted 2 rows') },
  ]);
  expect(await it.north.rows(ROWS)).toEqual(EDITED);
}, 180_000);
