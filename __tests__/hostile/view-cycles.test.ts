import { describe, expect, test } from '@jest/globals';
import { filePeer } from '../helpers/federating.ts';
import { type Mailbox, mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** Far below the time that an engine with an overflowing stack takes. */
const FAST_MS = 25_000;

const SEED = ['CREATE VIEW a AS SELECT 1 AS x', 'CREATE VIEW b AS SELECT 1 AS x'];

async function refused(box: Mailbox, peer = 'partner', others: readonly ReturnType<typeof filePeer>[] = []) {
  const start = performance.now();
  const done = await box.receive({ accept: ['expressions', 'triggers', 'recreated', 'deletion'], others });
  expect(performance.now() - start).toBeLessThan(FAST_MS * (1 + others.length));
  expect(done.run(peer).failure).toMatchObject({
    code: 'peer-brings-code',
    message: expect.stringContaining('would refer to each other or to themselves'),
  });
  return done;
}

describe('views that refer to each other are blocked at once', () => {
  test.each([
    ['by their names', 'SELECT * FROM b', 'SELECT * FROM a'],
    ['in another case and with the database', 'SELECT * FROM `B`', 'SELECT q.x FROM north.A AS q'],
    ['behind comments that look like strings', "SELECT * FROM /* ' */ b /* ' */", 'SELECT * FROM -- "\n a -- "\n'],
    ['in a subquery', 'SELECT (SELECT MAX(x) FROM b) AS x', 'SELECT 1 AS x WHERE EXISTS (SELECT 1 FROM a)'],
    [
      'in the text of a query',
      "SELECT to_x AS x FROM dolt_query_diff('SELECT * FROM b', 'SELECT 1 AS x')",
      'SELECT * FROM a',
    ],
  ])('%s', async (_, a, b) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    const halves = [
      ['DROP VIEW b', `CREATE VIEW b AS ${b}`],
      ['DROP VIEW a', `CREATE VIEW a AS ${a}`],
    ] as const;
    await box.sendMerge(halves, ...SEED);
    const head = await box.south.head();
    const done = await refused(box);
    expect(done.run('partner').failure?.message).toContain('2 views (a, b)');
    expect(await box.south.head()).toBe(head);
  });

  test('if a view refers to itself', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send('CREATE VIEW z AS SELECT 1 AS x', 'CREATE OR REPLACE VIEW z AS SELECT * FROM z');
    expect((await refused(box)).run('partner').failure?.message).toContain('1 view (z)');
  });

  test('if they are hidden behind a view named dolt_schemas', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send(
      'CREATE VIEW z AS SELECT 1 AS x',
      'CREATE OR REPLACE VIEW z AS SELECT * FROM z',
      "CREATE VIEW dolt_schemas AS SELECT 'view' AS type, 'q' AS name, '' AS fragment, NULL AS extra, NULL AS sql_mode FROM dual WHERE FALSE",
    );
    const held = await box.receiveUnchanged();
    expect(held.run('partner').failure).toMatchObject({
      code: 'peer-brings-code',
      message: expect.stringContaining('1 view (dolt_schemas)'),
    });
  });

  test('if only the merge of both halves creates the cycle', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, ...SEED);
    await box.keep('CREATE OR REPLACE VIEW a AS SELECT * FROM b');
    await box.send('CREATE OR REPLACE VIEW b AS SELECT * FROM a');
    const head = await box.south.head();
    expect((await refused(box)).run('partner').failure?.message).toContain('2 views (a, b)');
    expect(await box.south.head()).toBe(head);
  });

  test('if only the merge of two peers creates the cycle, and one of the two is merged', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, ...SEED);
    const other = filePeer('other', folder.file('other-box'));
    await box.north.sql(
      `CALL DOLT_REMOTE('add', 'other', 'file://${folder.file('other-box')}')`,
      "CALL DOLT_BRANCH('half')",
      'CREATE OR REPLACE VIEW a AS SELECT * FROM b',
      "CALL DOLT_COMMIT('-A', '-m', 'one half')",
      "CALL DOLT_PUSH('mailbox', 'main')",
      "CALL DOLT_CHECKOUT('half')",
      'CREATE OR REPLACE VIEW b AS SELECT * FROM a',
      "CALL DOLT_COMMIT('-A', '-m', 'the other half')",
      "CALL DOLT_PUSH('other', 'half:main')",
    );
    const done = await box.receive({ others: [other] });
    const failures = [done.run('partner').failure, done.run('other').failure];
    expect(failures.filter((failure) => failure === null)).toHaveLength(1);
    expect(failures.find((failure) => failure !== null)).toMatchObject({ code: 'peer-brings-code' });
    expect(await box.south.rows('SELECT x FROM a')).toEqual([{ x: 1 }]);
  });
});

test('views that mention each other only in strings and aliases, or that swap their direction, are accepted', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, 'CREATE VIEW a AS SELECT * FROM items', 'CREATE VIEW b AS SELECT * FROM a');
  await box.keep("INSERT INTO items VALUES (5, 'five', 'sue')");
  await box.send(
    "CREATE VIEW `open` AS SELECT id AS `closed`, title AS `open` FROM items WHERE title <> 'closed'",
    "CREATE VIEW closed AS SELECT id AS `open` FROM items WHERE title <> 'open'",
    'DROP VIEW a',
    'DROP VIEW b',
    'CREATE VIEW b AS SELECT * FROM items',
    'CREATE VIEW a AS SELECT * FROM b',
  );
  expect((await box.receive()).run('partner')).toMatchObject({ failure: null });
  expect(await box.south.rows('SELECT COUNT(*) AS n FROM a')).toEqual([{ n: 41 }]);
});
