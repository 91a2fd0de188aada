import { cp, mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { Role } from '../../../src/contract/vocabulary.ts';
import type { Diagnostic } from '../../../src/core/diagnostic.ts';
import { anotherSecond } from '../../helpers/another-second.ts';
import { BEADS_TABLES, issues } from '../../helpers/beads-schema.ts';
import { openTestDatabase } from '../../helpers/database.ts';
import { federateDatabase, filePeer } from '../../helpers/federating.ts';
import { mergedApart } from '../../helpers/merged-apart.ts';
import { scenario } from '../../helpers/scenario.ts';
import { otherCommits, servedDatabase } from '../../helpers/served-database.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const SOURCES = "SELECT id, source_system AS s, updated_at AS at FROM issues WHERE id LIKE 'x-%' ORDER BY id";

test('only new issues of this database get its name, before their first push', async () => {
  await using folder = await tempFolder();
  const made = await scenario(folder)
    .base(...BEADS_TABLES, 'ALTER TABLE issues ADD COLUMN source_system VARCHAR(10)', issues('x-both', 'x-gone'))
    .database(
      'local',
      issues('x-new'),
      issues('x-here'),
      "UPDATE issues SET source_system = 'github', updated_at = updated_at WHERE id = 'x-here'",
    )
    .database(
      'other',
      issues('x-other'),
      "DELETE FROM issues WHERE id = 'x-gone'",
      "UPDATE issues SET title = 'edited', updated_at = updated_at WHERE id = 'x-both'",
    )
    .mailbox('box')
    .build();
  const [local, other] = [made.database('local'), made.database('other')];
  await other.sql("CALL DOLT_PUSH('box', 'main')");
  await cp(local.path, folder.file('copy'), { recursive: true });
  await cp(folder.file('box'), folder.file('box-of-copy'), { recursive: true });

  const run = async (at: string, boxes: readonly string[], town = 'north') => {
    const notices: Diagnostic[] = [];
    const peers = boxes.map((name) => filePeer(name, folder.file(name)));
    const options = { attribution: 'stamp', town, notify: (notice: Diagnostic) => void notices.push(notice) } as const;
    const federated = await federateDatabase({ local: at, tempDir: folder.file('tmp'), peers, options });
    return { ...federated, codes: notices.map(({ code }) => code) };
  };
  const first = await run(local.path, ['box']);
  expect(first.codes).toEqual(['stamped']);
  expect(first.run('box').failure).toBeNull();
  const rows = await local.rows(SOURCES);
  const plain = { at: '2026-01-01 00:00:00' };
  expect(rows).toEqual([
    { id: 'x-both', ...plain },
    { id: 'x-here', s: 'github', ...plain },
    { id: 'x-new', s: 'north', ...plain },
    { id: 'x-other', ...plain },
  ]);
  const again = await run(local.path, ['box']);
  expect([again.codes, again.head]).toEqual([[], first.head]);

  // Another machine with the same heads makes the same commits, at any time.
  await anotherSecond();
  expect((await run(folder.file('copy'), ['box-of-copy'])).head).toBe(first.head);

  // A peer that cannot be read may have the rows already; a name that does not fit must not stop the exchange.
  await local.commit('more', issues('x-late'));
  await mkdir(folder.file('broken'));
  await writeFile(folder.file('broken/manifest'), 'no manifest');
  const unread = await run(local.path, ['box', 'broken']);
  expect(unread.codes).toEqual(['not-stamped']);
  expect(unread.run('box').failure).toBeNull();
  await local.commit('long', issues('x-long'));
  expect((await run(local.path, ['box'], 'a-name-that-is-too-long')).codes).toEqual(['not-stamped']);
  const box = openTestDatabase(other.path);
  await box.sql("CALL DOLT_PULL('box', 'main')");
  expect((await box.rows(SOURCES)).filter(({ id }) => id === 'x-late' || id === 'x-long')).toEqual([
    { id: 'x-late', ...plain },
    { id: 'x-long', ...plain },
  ]);
});

test('an issue that a peer had, or that only has a new key, gets no name, whichever of several merge bases Dolt takes', async () => {
  await using folder = await tempFolder();
  const sides = await mergedApart(folder, {
    base: [
      ...BEADS_TABLES,
      'ALTER TABLE issues ADD COLUMN source_system VARCHAR(10)',
      issues('x-kept', 'x-old', 'x-former'),
    ],
    north: [issues('x-north')],
    south: [issues('x-south')],
  });
  const box = folder.file('south.box');
  const run = async (role: Role, unread: readonly string[] = []) => {
    const codes: string[] = [];
    const notify = ({ code }: Diagnostic) => void codes.push(code);
    const peers = [filePeer('south', box, role)];
    const options = { attribution: 'stamp', town: 'north', notify, unread } as const;
    const federated = await federateDatabase({ local: sides.north.path, tempDir: folder.file('tmp'), peers, options });
    const { conflicts, attribution } = federated.run('south');
    return { codes, attribution, conflicts: conflicts.filter(({ left }) => left) };
  };
  const title = (id: string, text: string) =>
    `UPDATE issues SET title = '${text}', updated_at = updated_at WHERE id = '${id}'`;
  const ids = async () => (await sides.north.rows(SOURCES)).map(({ id, s }) => (s === undefined ? id : `${id} ${s}`));
  // Seen from one of the bases, one of the two deleted issues was never there.
  await sides.edit(
    [
      "UPDATE issues SET id = 'x-new', updated_at = updated_at WHERE id = 'x-old'",
      "UPDATE issues SET id = 'x-named', source_system = 'north', updated_at = updated_at WHERE id = 'x-former'",
    ],
    ["DELETE FROM issues WHERE id IN ('x-north', 'x-south')", title('x-old', 'edited'), title('x-former', 'edited')],
  );
  const first = await run('peer');
  expect(first.codes).toEqual([]);
  expect(first.attribution).toMatchObject({ rows: 4, sources: [{ system: '', creator: '', rows: 4 }] });
  expect(first.conflicts).toMatchObject([
    { kind: 'renamed', key: { id: 'x-former' }, otherKey: { id: 'x-named' } },
    { kind: 'renamed', key: { id: 'x-old' }, otherKey: { id: 'x-new' } },
  ]);
  expect(await ids()).toEqual(['x-former', 'x-kept', 'x-named north', 'x-new', 'x-old']);

  // A merge keeps the issue that the peer deleted. After it, the merge base lacks it, too.
  await sides.south.sql(`CALL DOLT_REMOTE('add', 'box', 'file://${box}')`, "CALL DOLT_PULL('box', 'main')");
  await sides.edit([title('x-kept', 'edited'), issues('x-mine')], ["DELETE FROM issues WHERE id = 'x-kept'"]);
  expect((await run('upstream')).codes).toEqual([]);
  expect((await run('peer')).codes).toEqual(['stamped']);
  expect(await ids()).toEqual(['x-former', 'x-kept', 'x-mine north', 'x-named north', 'x-new', 'x-old']);
  // A peer that the run does not select counts, too, if an issue would get a name.
  expect((await run('peer', ['unselected'])).codes).toEqual([]);
  await sides.north.sql(issues('x-more'), "CALL DOLT_COMMIT('-Am', 'more')");
  expect((await run('peer', ['unselected'])).codes).toEqual(['not-stamped']);
}, 120_000);

test('issues that clients of a server commit meanwhile get the name, too, and none is pushed without it', async () => {
  await using folder = await tempFolder();
  const withSource = [...BEADS_TABLES, "ALTER TABLE issues ADD COLUMN source_system VARCHAR(10) DEFAULT ''"];
  await using served = await servedDatabase(folder, ...withSource);
  const create = (id: string) => [issues(id), `CALL DOLT_COMMIT('-Am', '${id}')`];
  const run = async (...meanwhile: string[]) => {
    let [statements, last] = [meanwhile, ''];
    const { result } = await served.run({
      stamp: 'north',
      onEvent: ({ step }) => {
        last = step;
        if (step !== 'fetched') return;
        if (statements.length > 0) served.sqlNow(...statements);
        statements = [];
      },
    });
    await served.other.dolt('pull', 'origin', 'main');
    const published = await served.other.rows(SOURCES);
    return { result, last, published, codes: result.problems.map(({ code }) => code) };
  };
  const named = (id: string, s = 'north') => ({ id, s, at: '2026-01-01 00:00:00' });
  for (const statement of create('x-1')) await served.sql(statement);
  const first = await run(...create('x-2'));
  expect(first.codes).toEqual(['stamped']);
  expect(first.result.peers).toMatchObject([{ status: 'pushed', verified: true }]);
  expect(first.published).toEqual([named('x-1'), named('x-2')]);
  expect(first.result.head).toBe(await served.head());

  // The commit cannot be made on a branch that has uncommitted changes of the row, or of which commits are taken back.
  await otherCommits(served);
  for (const statement of create('x-3')) await served.sql(statement);
  await served.sql("UPDATE issues SET title = 'draft', updated_at = updated_at WHERE id = 'x-3'");
  const held = await run();
  expect(held.result).toMatchObject({
    status: 'partial',
    peers: [
      {
        status: 'failed',
        verified: false,
        pulledCommits: 1,
        pushedCommits: 0,
        error: {
          code: 'uncommitted-changes',
          message: expect.stringMatching(/^nothing was pushed, because new rows of issues have no name yet: main was /),
        },
      },
    ],
  });
  expect(held.published).toEqual(first.published);
  await served.sql("CALL DOLT_COMMIT('-Am', 'no draft')");
  const back = await run("CALL DOLT_RESET('--hard', 'HEAD~1')");
  expect(back.result.peers).toMatchObject([{ error: { code: 'contention' }, pushedCommits: 0 }]);
  expect(back.published).toEqual(first.published);
  const last = await run();
  expect(last.result.peers).toMatchObject([{ status: 'pushed', verified: true }]);
  expect(last.published).toEqual([...first.published, named('x-3')]);
}, 120_000);
