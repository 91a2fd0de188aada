import { describe, expect, test } from '@jest/globals';
import type { Peer } from '../../src/config/configuration.ts';
import type { Database } from '../../src/dolt/sql.ts';
import { readTags } from '../../src/dolt/tags.ts';
import { fetchBranch } from '../../src/dolt/transfer.ts';
import { keepTags } from '../../src/sync/keep-tags.ts';
import type { Notice } from '../../src/sync/notice.ts';
import { tagChanges } from '../../src/sync/tag-changes.ts';
import { filePeer, withDatabase } from '../helpers/federating.ts';
import { type Mailbox, mailbox } from '../helpers/mailbox.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const TAGS = 'SELECT tag_name, tag_hash, tagger, email, message FROM dolt_tags ORDER BY tag_name';

const tag = (name: string, over = {}) => ({
  name,
  commit: 'c1',
  tagger: 'Ann',
  email: 'ann@example.org',
  date: '2026-01-01 00:00:00.000000',
  message: '',
  ...over,
});

describe('what became of tags', () => {
  test.each([
    ['nothing', [tag('a')], [tag('a')], { brought: [], moved: [] }],
    ['one is new', [], [tag('a')], { brought: ['a'], moved: [] }],
    ['one is gone', [tag('a')], [], { brought: [], moved: [tag('a')] }],
    ['another commit', [tag('a')], [tag('a', { commit: 'c2' })], { brought: [], moved: [tag('a')] }],
    ['another message', [tag('a')], [tag('a', { message: 'x' })], { brought: [], moved: [tag('a')] }],
    ['another tagger', [tag('a')], [tag('a', { tagger: 'x' })], { brought: [], moved: [tag('a')] }],
    ['another address', [tag('a')], [tag('a', { email: 'x' })], { brought: [], moved: [tag('a')] }],
    ['another date', [tag('a')], [tag('a', { date: 'x' })], { brought: [], moved: [tag('a')] }],
  ])('%s', (_, before, after, changes) => {
    expect(tagChanges(before, after)).toEqual(changes);
  });
});

describe('tags that a fetch brings or moves', () => {
  /** Four mailboxes, each with its own commit, its own idea of v1, and two tags that nobody asked for. */
  async function hostileMailboxes(folder: TempFolder, box: Mailbox): Promise<Peer[]> {
    const peers = [0, 1, 2, 3].map((index) => filePeer(`other${index}`, folder.file(`other-${index}`)));
    for (const { name, endpoint } of peers) {
      await box.north.sql(
        `CALL DOLT_REMOTE('add', '${name}', '${endpoint.dolt}')`,
        `CALL DOLT_COMMIT('--allow-empty', '-m', '${name}')`,
        `CALL DOLT_TAG('-m', '${name}', 'v1')`,
        `CALL DOLT_TAG('brought-by-${name}')`,
        `CALL DOLT_TAG('--', '--force-${name}')`,
        `CALL DOLT_PUSH('${name}', 'main')`,
        ...['v1', `brought-by-${name}`, `--force-${name}`].map((tag) => `CALL DOLT_PUSH('${name}', '--', '${tag}')`),
        "CALL DOLT_TAG('-d', 'v1')",
      );
    }
    return peers;
  }

  test('are put back for several peers side by side, in survey and proof, and are told', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.south.sql(
      "CALL DOLT_TAG('--message=--force is our message', '--author', 'Ann O. <ann@example.org>', 'v1', 'main')",
      "CALL DOLT_TAG('v2', 'main')",
    );
    const before = await box.south.rows(TAGS);
    const others = await hostileMailboxes(folder, box);
    await box.keep("INSERT INTO items VALUES (1, 'one', 'sue')");

    const notices: Notice[] = [];
    const outcome = await box.receive({ others, options: { tell: (notice) => void notices.push(notice) } });
    expect(outcome.runs.map(({ failure, verified }) => [failure, verified])).toEqual(Array(5).fill([null, true]));
    expect(before).toHaveLength(2);
    expect(await box.south.rows(TAGS)).toEqual(before);
    expect(notices).toEqual([{ severity: 'notice', code: 'tags-restored', message: expect.any(String) }]);
    expect(notices[0]?.message).toMatch(
      /^put back 1 tag \(v1\) that .*; removed 8 tags \(--force-other0, .* and 3 more\)/,
    );
  });

  test('are put back where the work fails, and where it is the last fetch that brings them', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    const [other] = await hostileMailboxes(folder, box);
    if (other === undefined) throw new Error('no mailbox');
    await box.south.sql("CALL DOLT_TAG('v1', 'main')", `CALL DOLT_REMOTE('add', 'other0', '${other.endpoint.dolt}')`);
    const before = await box.south.rows(TAGS);
    const notices: Notice[] = [];
    const moved: number[] = [];
    const broken = withDatabase(box.south.path, folder.file('tmp'), (database) =>
      keepTags(
        database,
        async () => {
          await fetchBranch(database, { peer: 'other0', branch: 'main' });
          moved.push((await readTags(database)).length);
          throw new Error('broken');
        },
        (notice) => void notices.push(notice),
      ),
    );
    await expect(broken).rejects.toThrow('broken');
    expect(moved).toEqual([3]);
    expect(notices.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['notice tags-restored']);
    expect(await box.south.rows(TAGS)).toEqual(before);
  });
});

test('tags that cannot be compared are told as a warning, and the work still counts', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  const notices: Notice[] = [];
  const done = await withDatabase(box.south.path, folder.file('tmp'), (database) => {
    let asked = 0;
    const rows: Database['rows'] = (schema, statement, parameters) => {
      asked += 1;
      return database.rows(schema, asked === 1 ? statement : 'SELECT no such thing', parameters);
    };
    return keepTags(
      { ...database, rows },
      async () => 'done',
      (notice) => void notices.push(notice),
    );
  });
  expect(done).toBe('done');
  expect(notices).toEqual([
    { severity: 'warning', code: 'tags-restored', message: expect.stringContaining('could not be seen') },
  ]);
});

test('tags that cannot be put back are told as a warning, by name and with the reason', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  const notices: Notice[] = [];
  await withDatabase(box.south.path, folder.file('tmp'), (database) => {
    const run: Database['run'] = () => database.run('CALL NO_SUCH_PROCEDURE()');
    return keepTags(
      { ...database, run },
      () => database.run("CALL DOLT_TAG('brought')"),
      (notice) => void notices.push(notice),
    );
  });
  expect(notices).toEqual([
    {
      severity: 'warning',
      code: 'tags-restored',
      message: expect.stringMatching(/changed 1 tag \(brought\), .*NO_SUCH_PROCEDURE/i),
    },
  ]);
});
