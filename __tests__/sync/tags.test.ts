import { describe, expect, test } from '@jest/globals';
import type { Peer } from '../../src/config/configuration.ts';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import type { Engines } from '../../src/dolt/server/engines.ts';
import type { Database } from '../../src/dolt/sql/sql.ts';
import type { Around } from '../../src/sync/in-engines.ts';
import { recordMove } from '../../src/sync/merge/own-moves.ts';
import { finishFetches, keepTags, tagChanges, tagsBefore } from '../../src/sync/tags.ts';
import { filePeer, withDatabase, withEngines } from '../helpers/federating.ts';
import { type Mailbox, mailbox } from '../helpers/mailbox.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const TAGS = 'SELECT tag_name, tag_hash, tagger, email, message FROM dolt_tags ORDER BY tag_name';

const tag = (name: string, over = {}) => ({
  name,
  commit: 'c1',
  tagger: 'Ann',
  email: 'ann@example.org',
  message: '',
  ...over,
});

describe('the changes of tags', () => {
  test.each([
    ['nothing', [tag('a')], [tag('a')], { added: [], moved: [] }],
    ['a new tag', [], [tag('a')], { added: ['a'], moved: [] }],
    ['a removed tag', [tag('a')], [], { added: [], moved: [tag('a')] }],
    ['another commit', [tag('a')], [tag('a', { commit: 'c2' })], { added: [], moved: [tag('a')] }],
    ['another message', [tag('a')], [tag('a', { message: 'x' })], { added: [], moved: [tag('a')] }],
    ['another tagger', [tag('a')], [tag('a', { tagger: 'x' })], { added: [], moved: [tag('a')] }],
    ['another address', [tag('a')], [tag('a', { email: 'x' })], { added: [], moved: [tag('a')] }],
  ])('%s', (_, before, after, changes) => {
    expect(tagChanges(before, after)).toEqual(changes);
  });
});

describe('the tags before the fetches of a killed run', () => {
  const [a, other, b] = [tag('a'), tag('a', { commit: 'c2' }), tag('b')];
  test.each([
    ['a new tag', [], [a], [], false, []],
    ['a moved tag', [a], [other], [], false, [a]],
    ['a tag that a person created later', [], [a, b], ['b'], false, [b]],
    ['a tag that a person moved later', [a], [other], ['a'], false, [other]],
    ['a tag that a person removed later', [a, b], [b], [], false, [b]],
    ['a tag that the run had removed to create it again', [a, b], [b], [], true, [a, b]],
  ])('%s', (_, tags, present, later, restoring, before) => {
    expect(tagsBefore({ tags, restoring }, present, new Set(later))).toEqual(before);
  });
});

test('after a killed run, a tag that is dated ahead was not made here', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  await box.south.sql("CALL DOLT_TAG('v1')");
  const minutes = (n: number) => new Date(Date.now() + n * 60_000);
  const since = minutes(-60).toISOString().replace('T', ' ').replace('Z', '');
  await withDatabase(box.south.path, folder.file('tmp'), async (database) => {
    const finish = async (now: Date) => {
      const name = 'dolt-federation-fetching';
      await recordMove(database.folder, name, { kind: 'fetching', since, tags: [], restoring: false });
      return (await finishFetches(database, database.folder, now)).map(({ message }) => message);
    };
    expect(await finish(minutes(0))).toEqual([]);
    expect(await finish(minutes(-30))).toEqual(['removed 1 tag (v1) that a fetch had created']);
  });
});

describe('tags that a fetch adds or moves', () => {
  /** Four mailboxes, each with its own commit, its own v1, and two tags that were not requested. */
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

  test('are restored for several peers in parallel, in fetch and verification, and are reported', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.south.sql(
      "CALL DOLT_TAG('--message=--force is our message', '--author', 'Ann O. <ann@example.org>', 'v1', 'main')",
      "CALL DOLT_TAG('v2', 'main')",
    );
    const before = await box.south.rows(TAGS);
    const others = await hostileMailboxes(folder, box);
    await box.keep("INSERT INTO items VALUES (1, 'one', 'sue')");

    const notices: Diagnostic[] = [];
    const outcome = await box.receive({ others, options: { notify: (notice) => void notices.push(notice) } });
    expect(outcome.allProgress.map(({ failure, verified }) => [failure, verified])).toEqual(
      Array(5).fill([null, true]),
    );
    expect(before).toHaveLength(2);
    expect(await box.south.rows(TAGS)).toEqual(before);
    expect(notices).toEqual([{ severity: 'notice', code: 'tags-restored', message: expect.any(String) }]);
    // Parallel fetches may lose tags of each other (Dolt 2.3.0), so the number of fetched tags varies.
    expect(notices[0]?.message).toMatch(/^restored 1 tag \(v1\) that .*; removed [1-8] tags? \(.*--force-other/);
  });

  test.each([
    ['after an error', false],
    ['after an interruption', true],
  ])('are restored %s, and after an engine that ended', async (_, isInterrupted) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.south.sql("CALL DOLT_TAG('v1', 'main')");
    const before = await box.south.rows(TAGS);
    const interruption = new AbortController();
    const { signal } = interruption;
    const { notices, failure } = await keepingTags(folder, box, { signal }, async (engines, around) => {
      await engines.use(NO_CREDENTIALS, (engine) =>
        around(engine, async () => {
          // The effects of a fetch on tags, without those that Dolt 2.3.0 sometimes loses on a busy machine.
          await engine.database.run("CALL DOLT_TAG('-d', 'v1')");
          await engine.database.run("CALL DOLT_TAG('-m', 'other0', 'v1', 'main')");
          await engine.database.run("CALL DOLT_TAG('brought-by-other0', 'main')");
          await engine.database.run("CALL DOLT_TAG('--', '--force-other0', 'main')");
          await engines.close();
          if (isInterrupted) interruption.abort();
          throw new Error('broken');
        }),
      );
    });
    expect(failure).toMatchObject(isInterrupted ? { code: 'interrupted' } : { message: 'broken' });
    expect(notices).toEqual([
      {
        severity: 'notice',
        code: 'tags-restored',
        message:
          'restored 1 tag (v1) that a fetch had moved; removed 2 tags (--force-other0, brought-by-other0) that a fetch had created',
      },
    ]);
    expect(await box.south.rows(TAGS)).toEqual(before);
  });

  test('are distinguished from tags that were created between two engines', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    const { notices, failure } = await keepingTags(folder, box, {}, async (engines, around) => {
      const fetching = () => engines.use(NO_CREDENTIALS, (engine) => around(engine, async () => undefined));
      await fetching();
      await engines.close();
      await box.south.sql("CALL DOLT_TAG('meanwhile', 'main')");
      await fetching();
    });
    expect([failure, notices]).toEqual([null, []]);
    expect(await box.south.rows('SELECT tag_name FROM dolt_tags')).toContainEqual({ tag_name: 'meanwhile' });
  });

  test('are reported as a warning with name and reason if they cannot be restored', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    const { notices, failure } = await keepingTags(folder, box, {}, async (engines, around) => {
      await engines.use(NO_CREDENTIALS, async (engine) => {
        const run: Database['run'] = () => engine.database.run('CALL NO_SUCH_PROCEDURE()');
        await around({ ...engine, database: { ...engine.database, run } }, () =>
          engine.database.run("CALL DOLT_TAG('brought')"),
        );
      });
    });
    expect(failure).toBeNull();
    expect(notices).toEqual([
      {
        severity: 'warning',
        code: 'tags-restored',
        message: expect.stringMatching(/changed 1 tag \(brought\), .*NO_SUCH_PROCEDURE/i),
      },
    ]);
  });

  test('are reported as a warning if they cannot be read, and the result still counts', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    const notices: Diagnostic[] = [];
    await withEngines(box.south.path, folder.file('tmp'), async (engines) => {
      const finish: Engines['finish'] = () => Promise.reject(new Error('no engine any more'));
      await keepTags({ engines: { ...engines, finish }, notify: (notice) => void notices.push(notice) }, [], (around) =>
        engines.use(NO_CREDENTIALS, (engine) => around(engine, () => engines.close())),
      );
    });
    expect(notices).toEqual([
      { severity: 'warning', code: 'tags-restored', message: expect.stringContaining('no engine any more') },
    ]);
  });

  /** Runs a phase on south's database. */
  async function keepingTags(
    folder: TempFolder,
    box: Mailbox,
    interruption: { readonly signal?: AbortSignal },
    work: (engines: Engines, around: Around) => Promise<void>,
  ) {
    const notices: Diagnostic[] = [];
    const keeping = (engines: Engines) =>
      keepTags({ engines, notify: (notice) => void notices.push(notice) }, [], (around) => work(engines, around)).then(
        () => null,
        (thrown: unknown) => thrown,
      );
    const failure = await withEngines(box.south.path, folder.file('tmp'), keeping, interruption);
    return { notices, failure };
  }
});
