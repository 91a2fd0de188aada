import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mailbox } from '../helpers/mailbox.ts';
import { type Mailboxes, mailboxes } from '../helpers/mailboxes.ts';
import { committing } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** Far below the time that an engine with an overflowing stack takes. */
const FAST_MS = 25_000;

const SEED = ['CREATE VIEW a AS SELECT 1 AS x', 'CREATE VIEW b AS SELECT 1 AS x'];

/** Views of both halves of a merge, and the text that names those of the cycle. */
const CYCLES = {
  'by-their-names': ['SELECT * FROM b', 'SELECT * FROM a'],
  'in-another-case-and-with-the-database': ['SELECT * FROM `B`', 'SELECT q.x FROM north.A AS q'],
  'behind-comments-that-look-like-strings': ["SELECT * FROM /* ' */ b /* ' */", 'SELECT * FROM -- "\n a -- "\n'],
  'in-a-subquery': ['SELECT (SELECT MAX(x) FROM b) AS x', 'SELECT 1 AS x WHERE EXISTS (SELECT 1 FROM a)'],
  'in-the-text-of-a-query': [
    "SELECT to_x AS x FROM dolt_query_diff('SELECT * FROM b', 'SELECT 1 AS x')",
    'SELECT * FROM a',
  ],
} as const;

const ITSELF = ['CREATE VIEW z AS SELECT 1 AS x', 'CREATE OR REPLACE VIEW z AS SELECT * FROM z'];
const [A_OF_B, B_OF_A] = ['CREATE OR REPLACE VIEW a AS SELECT * FROM b', 'CREATE OR REPLACE VIEW b AS SELECT * FROM a'];

/** Statements that commit two halves of the shared commit and their merge. */
const merged = (name: string, one: readonly string[], other: readonly string[]): readonly string[] => [
  `CALL DOLT_BRANCH('half-${name}')`,
  ...committing('one half', one),
  `CALL DOLT_CHECKOUT('half-${name}')`,
  ...committing('the other half', other),
  "CALL DOLT_CHECKOUT('main')",
  `CALL DOLT_MERGE('half-${name}', '-m', 'both')`,
];

describe('views that refer to each other are blocked at once', () => {
  let folder: TempFolder;
  let scene: Mailboxes;
  beforeAll(async () => {
    folder = await tempFolder();
    const cycles = Object.entries(CYCLES).map(([name, [a, b]]) => {
      const halves = [
        ['DROP VIEW b', `CREATE VIEW b AS ${b}`],
        ['DROP VIEW a', `CREATE VIEW a AS ${a}`],
      ] as const;
      return [name, { sends: merged(name, ...halves) }] as const;
    });
    scene = await mailboxes(folder, SEED, {
      ...Object.fromEntries(cycles),
      itself: { sends: ITSELF },
      hidden: {
        sends: [
          ...ITSELF,
          "CREATE VIEW dolt_schemas AS SELECT 'view' AS type, 'q' AS name, '' AS fragment, NULL AS extra, NULL AS sql_mode FROM dual WHERE FALSE",
        ],
      },
      one: { sends: [A_OF_B] },
      other: { sends: [B_OF_A] },
    });
  });
  beforeEach(() => scene.startAgain());
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  /** @param expected the views of the cycle, by peer */
  async function expectRefused(expected: Readonly<Record<string, string>>): Promise<void> {
    const names = Object.keys(expected);
    const start = performance.now();
    const { run } = await scene.receiveUnchanged(names, {
      accept: ['expressions', 'triggers', 'recreated', 'deletion'],
    });
    expect(performance.now() - start).toBeLessThan(FAST_MS * names.length);
    const messages = names.map((name) => [name, [run(name).failure?.code, run(name).failure?.message]] as const);
    expect(Object.fromEntries(messages)).toEqual(
      Object.fromEntries(
        Object.entries(expected).map(([name, views]) => [
          name,
          [
            'peer-brings-code',
            expect.stringMatching(
              new RegExp(`${views.replaceAll(/[()]/g, '.')}.* would refer to each other or to themselves`),
            ),
          ],
        ]),
      ),
    );
  }

  test('in one head, however they do', () =>
    expectRefused({
      ...Object.fromEntries(Object.keys(CYCLES).map((name) => [name, '2 views (a, b)'])),
      itself: '1 view (z)',
    }));

  test('if they are hidden behind a view named dolt_schemas', async () => {
    const held = await scene.receiveUnchanged(['hidden']);
    expect(held.run('hidden').failure).toMatchObject({
      code: 'peer-brings-code',
      message: expect.stringContaining('1 view (dolt_schemas)'),
    });
  });

  test('if only the merge of both halves creates the cycle', async () => {
    await scene.keep(A_OF_B);
    await expectRefused({ other: '2 views (a, b)' });
  });

  test('if only the merge of two peers creates the cycle, and one of the two is merged', async () => {
    const done = await scene.receive(['one', 'other']);
    const failures = [done.run('one').failure, done.run('other').failure];
    expect(failures.filter((failure) => failure === null)).toHaveLength(1);
    expect(failures.find((failure) => failure !== null)).toMatchObject({ code: 'peer-brings-code' });
    expect(await scene.rows('SELECT CAST(x AS CHAR) AS x FROM a')).toEqual([{ x: '1' }]);
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
