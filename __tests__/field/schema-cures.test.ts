import { expect, test } from '@jest/globals';
import type { Failure } from '../../src/core/failure.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const NAMES = [
  'again',
  'altered',
  'moved',
  'gone',
  'spared',
  'shrunk',
  'reverted',
  'replaced',
  'twins',
  'uneven',
  'typed',
  'crossed',
  'named',
  'noted',
  'wide',
  'cased',
  'lettered',
];
const BASE = [
  'CREATE TABLE k (id INT PRIMARY KEY, i INT, w VARCHAR(40))',
  "INSERT INTO k VALUES (1, 1, 'a')",
  ...NAMES.flatMap((name) => [
    `CREATE TABLE ${name} (id INT PRIMARY KEY, w VARCHAR(40))`,
    `INSERT INTO ${name} VALUES (1, 'a'), (2, 'b')`,
  ]),
];

/** The statements and commands of a hint. */
const printed = ({ hint }: Pick<Failure, 'hint'>): string[] =>
  [...hint.matchAll(/`((?:ALTER|RENAME|dolt checkout) [^`]+)`/g)].map(([, text = '']) => text);

const sentence = ({ hint }: Pick<Failure, 'hint'>, word: string): string =>
  hint.split('. ').find((one) => one.includes(word)) ?? '';

test('the fixes for definitions that do not merge are carried out as printed', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...BASE);
  await box.send(
    'ALTER TABLE k DROP PRIMARY KEY, ADD PRIMARY KEY (id, i)',
    'DROP TABLE again',
    'CREATE TABLE again (z INT PRIMARY KEY)',
    'RENAME TABLE altered TO former',
    'CREATE TABLE altered (z INT)',
    'RENAME TABLE moved TO moved_on',
    'RENAME TABLE cased TO x, x TO Cased',
    'DROP TABLE gone',
    'DROP TABLE spared',
    ...['shrunk', 'reverted', 'replaced'].map((name) => `ALTER TABLE ${name} MODIFY w VARCHAR(90)`),
    'ALTER TABLE twins ADD COLUMN z INT DEFAULT 1',
    'ALTER TABLE crossed ADD COLUMN p INT',
    'ALTER TABLE crossed ADD COLUMN q VARCHAR(4)',
    'ALTER TABLE uneven ADD COLUMN z INT',
    'ALTER TABLE typed MODIFY w VARCHAR(90) NOT NULL',
    'ALTER TABLE named RENAME COLUMN w TO v',
    'ALTER TABLE lettered RENAME COLUMN w TO v',
    'ALTER TABLE lettered RENAME COLUMN v TO W',
    "ALTER TABLE noted MODIFY w VARCHAR(40) DEFAULT 'secret'",
    'ALTER TABLE wide MODIFY id BIGINT',
    "UPDATE wide SET w = 'north' WHERE id = 2",
  );
  await box.keep('ALTER TABLE reverted DROP COLUMN w');
  const dropping = await box.south.head();
  await box.keep(
    "INSERT INTO k VALUES (8, 8, 'x')",
    ...['again', 'altered', 'moved', 'cased'].map((name) => `UPDATE ${name} SET w = 'south' WHERE id = 1`),
    "UPDATE gone SET w = 'south' WHERE id = 1",
    "UPDATE spared SET w = 'south' WHERE id = 1",
    'ALTER TABLE shrunk DROP COLUMN w',
    'ALTER TABLE replaced DROP COLUMN w',
    "ALTER TABLE replaced ADD COLUMN w VARCHAR(90) DEFAULT 'south'",
    'ALTER TABLE twins ADD COLUMN y INT DEFAULT 2',
    'ALTER TABLE crossed ADD COLUMN q VARCHAR(4)',
    'ALTER TABLE crossed ADD COLUMN p INT',
    'ALTER TABLE twins RENAME COLUMN y TO z',
    'ALTER TABLE twins MODIFY z INT DEFAULT 1',
    'ALTER TABLE uneven ADD COLUMN z DATE',
    'ALTER TABLE typed MODIFY w TEXT',
    ...['named', 'lettered'].map((name) => `ALTER TABLE ${name} MODIFY w VARCHAR(90)`),
    "ALTER TABLE noted MODIFY w VARCHAR(40) COMMENT 'secret'",
    'ALTER TABLE wide MODIFY id BIGINT',
    "UPDATE wide SET w = 'south' WHERE id = 1",
  );
  const accept = ['deletion'] as const;
  const refusal = async (): Promise<Failure> => {
    const { failure } = (await box.receive({ accept })).run('partner');
    if (failure === null) throw new Error('the merge was not refused');
    return failure;
  };

  // No statement gives a new table the key of the one that had its name.
  const ofAgain = await refusal();
  const restore = expect.stringMatching(/^dolt checkout \w{32} -- again$/);
  expect([ofAgain.code, printed(ofAgain)]).toEqual(['schema-conflict', [restore]]);
  expect(sentence(ofAgain, 'lacks')).toBe('The table again of one side (theirs) lacks the former primary key (id)');
  await box.north.sql('RENAME TABLE again TO later');
  await box.north.dolt(...printed(ofAgain).join().split(' ').slice(1));
  await box.send('RENAME TABLE altered TO newer', 'RENAME TABLE former TO altered');

  // Rows under another key do not merge, although only one side changed the definition.
  const ofKey = await refusal();
  expect(ofKey).toMatchObject({
    code: 'schema-conflict',
    message: 'one side (theirs) changed the primary key of k, and the other side changed the table',
  });
  await box.keep('ALTER TABLE k DROP PRIMARY KEY, ADD PRIMARY KEY (id, i)');
  const ofKeys = await refusal();
  expect(ofKeys.message).toBe('both sides changed the primary key of k, and Dolt cannot merge its rows');
  const undo = ['ALTER TABLE k DROP PRIMARY KEY, ADD PRIMARY KEY (id), MODIFY COLUMN i int'];
  expect([printed(ofKey), printed(ofKeys)]).toEqual([undo, undo]);
  expect(sentence(ofKey, 'NOT NULL')).toBe('A column stays NOT NULL after its key is dropped: make i nullable again');
  await box.keep(...undo, "INSERT INTO k VALUES (9, NULL, 'y')");
  await box.send(...undo);

  // Another type of a key column is another key, although both sides gave it the same one.
  const ofTypes = await refusal();
  expect([ofTypes.message, ...printed(ofTypes)]).toEqual([
    'both sides changed the primary key of wide, and Dolt cannot merge its rows',
    'ALTER TABLE wide MODIFY COLUMN id int NOT NULL',
  ]);
  await box.keep(...printed(ofTypes));
  await box.send(...printed(ofTypes));

  const ofTables = await refusal();
  expect(ofTables.code).toBe('schema-conflict');
  const [
    cased,
    crossed,
    gone = '',
    lettered,
    letteredToo,
    moved,
    named,
    replaced = '',
    reverted,
    shrunk,
    spared = '',
    twins,
    typed = '',
    untyped,
    uneven,
  ] = printed(ofTables);
  const lettering = [lettered, letteredToo];
  expect(lettering).toEqual([
    'ALTER TABLE lettered RENAME COLUMN W TO w_2',
    'ALTER TABLE lettered RENAME COLUMN w_2 TO w',
  ]);
  expect([
    cased,
    crossed,
    gone,
    moved,
    named,
    replaced,
    reverted,
    shrunk,
    spared,
    twins,
    typed,
    untyped,
    uneven,
  ]).toEqual([
    'RENAME TABLE Cased TO cased_2, cased_2 TO cased',
    'ALTER TABLE crossed DROP COLUMN p, DROP COLUMN q',
    expect.stringMatching(/^dolt checkout \w{32} -- gone$/),
    'RENAME TABLE moved_on TO moved',
    'ALTER TABLE named RENAME COLUMN v TO w',
    'ALTER TABLE replaced DROP COLUMN w',
    'ALTER TABLE reverted DROP COLUMN w',
    'ALTER TABLE shrunk DROP COLUMN w',
    expect.stringMatching(/^dolt checkout \w{32} -- spared$/),
    'ALTER TABLE twins DROP COLUMN z',
    'ALTER TABLE typed MODIFY COLUMN w varchar(90) NOT NULL',
    'ALTER TABLE typed MODIFY COLUMN w text',
    'ALTER TABLE uneven DROP COLUMN z',
  ]);
  expect(sentence(ofTables, '(the definition of theirs)')).toContain('; or on theirs, ');
  expect(sentence(ofTables, 'dropped the table gone')).toContain('One side (theirs)');
  expect(sentence(ofTables, 'of replaced and added it again')).toContain('One side (ours)');
  await box.north.dolt(...gone.split(' ').slice(1));
  const repaired = [cased, crossed, ...lettering, moved, named, replaced, shrunk, twins, uneven];
  await box.send(...repaired.filter((one) => one !== undefined));
  // The other way that the hint names.
  await box.south.dolt('revert', dropping);
  await box.keep('DROP TABLE spared', replaced, typed);

  // Dolt merges these definitions, and loses one. Defaults and comments are not in the hint.
  const ofMerged = await refusal();
  expect(ofMerged.message).toContain("DEFAULT 'secret'");
  expect(printed(ofMerged)).toEqual(Array(2).fill('ALTER TABLE noted MODIFY COLUMN w …'));
  await box.keep("ALTER TABLE noted MODIFY COLUMN w VARCHAR(40) DEFAULT 'secret'");

  expect((await box.receive({ accept })).run('partner').failure).toBeNull();
  const both = [{ w: 'a' }, { w: 'b' }];
  const south = [{ w: 'south' }, { w: 'b' }];
  expect(
    await box.south.read(
      'SELECT id FROM k ORDER BY id',
      ...['again', 'altered', 'moved', 'cased', 'gone', 'reverted'].map((name) => `SELECT w FROM ${name} ORDER BY id`),
      'SELECT * FROM replaced',
      'SELECT * FROM shrunk',
      'SELECT z FROM twins',
      'SELECT z FROM uneven',
      'SELECT w FROM typed ORDER BY id',
      "SHOW TABLES LIKE 's%'",
      'SELECT w FROM wide ORDER BY id',
    ),
  ).toMatchObject([
    [{ id: 1 }, { id: 8 }, { id: 9 }],
    south,
    south,
    south,
    south,
    south,
    both,
    [{ id: 1 }, { id: 2 }],
    [{ id: 1 }, { id: 2 }],
    [{ z: 2 }, { z: 2 }],
    [{}, {}],
    both,
    [expect.anything()],
    [{ w: 'south' }, { w: 'north' }],
  ]);
}, 120_000);
