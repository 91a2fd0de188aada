import { expect, test } from '@jest/globals';
import { type Attack, byForce, storingConflicts, storingViolations, testAttacks } from '../helpers/attacks.ts';
import { backUp } from '../helpers/backing-up.ts';
import { filePeer } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { mailboxes } from '../helpers/mailboxes.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const SEED = ['CREATE TABLE u (id INT PRIMARY KEY, a INT UNIQUE, b INT)', 'INSERT INTO u VALUES (1, 1, 1)'];

const ROW = "INSERT INTO items VALUES (7, 'seven', 'ann')";
const dated = (date: string): string[] => [ROW, `CALL DOLT_COMMIT('-A', '-m', 'old', '--date', '${date}')`];

const ATTACKS: readonly Attack[] = [
  {
    name: 'a commit before the year 1, which Dolt accepts but cannot read',
    seed: SEED,
    sends: [...dated('0000-01-01T00:00:00+14:00'), "UPDATE items SET owner = 'bob' WHERE id = 100"],
    code: 'dolt-defect',
    says: 'cannot read the date of the commit',
  },
  {
    name: 'rows of the head that share the value of a unique key',
    seed: SEED,
    sends: [...byForce('INSERT INTO u VALUES (10, 7, 1)', 'INSERT INTO u VALUES (11, 7, 1)'), ROW],
    code: 'constraint-violation',
    says: 'rows of 1 table (u) break a unique key, a check or NOT NULL',
  },
];

/** A merge of two changes by Dolt without us, which reports no problem. */
const merging = (branch: string, one: string, other: string): string[] => [
  `CALL DOLT_BRANCH('half-of-${branch}')`,
  one,
  "CALL DOLT_COMMIT('-A', '-m', 'one half')",
  `CALL DOLT_CHECKOUT('half-of-${branch}')`,
  other,
  "CALL DOLT_COMMIT('-A', '-m', 'the other half')",
  `CALL DOLT_CHECKOUT('${branch}')`,
  `CALL DOLT_MERGE('half-of-${branch}')`,
];

testAttacks('a head that would stop every later merge is blocked', ATTACKS);

test('related heads are blocked too, but not rows without a parent or constraints that hold', async () => {
  await using folder = await tempFolder();
  const two = 'INSERT INTO u VALUES (2, -2, 2)';
  const box = await mailbox(
    folder,
    ...SEED,
    two,
    'CREATE TABLE p (id INT PRIMARY KEY)',
    'CREATE TABLE keyless (a INT, b INT)',
    'CREATE TABLE computed (id INT PRIMARY KEY, a INT, b INT, c INT AS (COALESCE(a, b)) NOT NULL)',
    'INSERT INTO computed (id, a, b) VALUES (1, 1, 1)',
    'CREATE TABLE texts (id INT PRIMARY KEY, v VARCHAR(60))',
    "INSERT INTO texts VALUES (1, '6ccd780c-baba-1026-9564-5b8c656024db')",
    'CREATE TABLE indexed (id INT PRIMARY KEY, v VARCHAR(60))',
  );
  await box.south.sql("INSERT INTO indexed VALUES (1, 'private')", "CALL DOLT_COMMIT('-A', '-m', 'no UUID')");
  const peers = ['late', 'broken', 'keyless', 'computed', 'unreadable', 'indexed'];
  const sent = (name: string, ...statements: string[]): string[] => [
    `CALL DOLT_CHECKOUT('-b', '${name}', 'main')`,
    ...statements,
    `CALL DOLT_REMOTE('add', '${name}', 'file://${folder.file(name)}')`,
    `CALL DOLT_PUSH('${name}', '${name}:main')`,
    "CALL DOLT_CHECKOUT('main')",
  ];
  // The row is as in the common commit, so that no difference shows it.
  const check = 'ALTER TABLE u ADD CONSTRAINT positive CHECK (a > 0)';
  const removed = ['DELETE FROM u WHERE id = 2', "CALL DOLT_COMMIT('-A', '-m', 'without the row')"];
  await box.north.sql(
    ...sent('late', ...dated('9999-12-31T23:59:59-14:00')),
    ...sent('broken', ...removed, ...byForce(two, check, 'broken')),
    ...sent(
      'keyless',
      ...merging('keyless', 'INSERT INTO keyless VALUES (1, NULL)', 'ALTER TABLE keyless MODIFY b INT NOT NULL'),
    ),
    ...sent(
      'unreadable',
      ...merging(
        'unreadable',
        "INSERT INTO texts VALUES (2, 'private')",
        'ALTER TABLE texts ADD COLUMN h VARBINARY(16) AS (UUID_TO_BIN(v)) VIRTUAL',
      ),
    ),
    ...sent('indexed', 'ALTER TABLE indexed ADD INDEX f ((UUID_TO_BIN(v)))', "CALL DOLT_COMMIT('-A', '-m', 'index')"),
    ...sent('computed', ...merging('computed', 'UPDATE computed SET a = NULL', 'UPDATE computed SET b = NULL')),
  );
  await box.send(
    'ALTER TABLE items ADD CHECK (id > 0)',
    'CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id))',
    'SET foreign_key_checks = 0',
    'INSERT INTO c VALUES (1, 99)',
  );
  const done = await box.receive({ others: peers.map((name) => filePeer(name, folder.file(name))) });
  expect(done.run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
  expect(done.run('late').failure).toMatchObject({ code: 'dolt-defect' });
  expect(done.run('broken').failure).toMatchObject({ code: 'constraint-violation' });
  expect(done.run('unreadable').failure).toMatchObject({
    code: 'constraint-violation',
    message: expect.stringContaining('Dolt cannot compute the VIRTUAL column h of texts for a row'),
    withoutValues: expect.not.stringContaining('private'),
  });
  expect(done.run('indexed').failure).toMatchObject({
    code: 'dolt-defect',
    hint: expect.stringContaining('correct the values on the other side that its expression cannot take'),
    withoutValues: expect.not.stringContaining('private'),
  });
  for (const [name, column] of [
    ['keyless', 'b'],
    ['computed', 'c'],
  ] as const)
    expect(done.run(name).failure).toMatchObject({
      code: 'constraint-violation',
      message: expect.stringContaining(`rows of ${name} lack a value in the NOT NULL column ${column}`),
    });
});

test('rows that were broken before do not block a head that redefines another table, and further ones do', async () => {
  await using folder = await tempFolder();
  const redefining = 'ALTER TABLE items ADD COLUMN n INT';
  const broken = (value: number) =>
    byForce(`INSERT INTO u VALUES (${value}0, ${value}, 1)`, `INSERT INTO u VALUES (${value}1, ${value}, 1)`);
  const before = ["CALL DOLT_COMMIT('-A', '-m', 'u')", ...broken(7), "CALL DOLT_BRANCH('-D', 'half')"];
  await using box = await mailboxes(folder, [...SEED, ...before, 'INSERT INTO u VALUES (2, -2, 2)'], {
    good: { sends: [redefining, 'INSERT INTO u VALUES (20, 20, 1)'] },
    bad: { sends: [...broken(8), redefining] },
  });
  const { run } = await box.receiveUnchanged(['bad']);
  expect(run('bad').failure).toMatchObject({
    code: 'constraint-violation',
    message: expect.stringContaining('rows of 1 table (u) break a unique key'),
  });
  expect((await box.receive(['good'])).run('good').failure).toBeNull();
  expect(await box.rows('SELECT COUNT(*) AS n FROM u')).toEqual([{ n: '5' }]);
});

test('a head with stored conflicts or violations is blocked, and pushed to no other peer', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  const hostile = { conflicts: storingConflicts('conflicts'), violations: storingViolations() };
  await box.north.sql(
    ...Object.entries(hostile).flatMap(([name, statements]) => [
      `CALL DOLT_CHECKOUT('-b', '${name}', 'main')`,
      ...statements,
      `CALL DOLT_REMOTE('add', '${name}', 'file://${folder.file(name)}')`,
      `CALL DOLT_PUSH('${name}', '${name}:main')`,
      "CALL DOLT_CHECKOUT('main')",
    ]),
  );
  const others = Object.keys(hostile).map((name) => filePeer(name, folder.file(name)));
  const refused = (done: Awaited<ReturnType<typeof box.receive>>): void => {
    for (const [name, says] of [
      ['conflicts', 'conflicts in 1 table (items)'],
      ['violations', 'constraint violations in 1 table (c)'],
    ] as const)
      expect(done.run(name).failure).toMatchObject({
        code: 'constraint-violation',
        message: expect.stringContaining(`stores unresolved ${says}`),
      });
    expect(done.run('partner')).toMatchObject({ failure: null, verified: true });
  };
  refused(await box.receiveUnchanged({ others }));
  await box.keep(ROW);
  refused(await box.receive({ others }));
});

test('our own head with stored conflicts is pushed to no peer, and a dry run says so', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder);
  await box.south.sql(...storingConflicts());
  const refused = { code: 'constraint-violation', message: expect.stringContaining('the head of our branch') };
  const copy = filePeer('copy', folder.file('copy'), 'backup');
  for (const command of ['sync', 'push'] as const)
    for (const dryRun of [true, false]) {
      const done = await box.receiveUnchanged({ command, others: [copy], options: { dryRun } });
      for (const name of ['partner', 'copy'])
        expect(done.run(name)).toMatchObject({
          failure: refused,
          ...(dryRun ? { plan: { pull: 'nothing', push: 'nothing', pushCommits: 0 } } : {}),
        });
      expect(done.run('copy').head).toBeNull();
    }
  const backups = `copy: {endpoint: "file://${folder.file('copy')}", role: backup}`;
  const releases = `${backups}\nprimary: {endpoint: "${box.url}", role: primary}`;
  for (const dryRun of [true, false]) {
    const { result } = await backUp(folder, backups, { database: box.south.path, dryRun });
    expect(result).toMatchObject({
      peers: [{ error: refused }],
      backup: { copies: 0, ...(dryRun ? { wouldTag: [] } : {}) },
    });
    await expect(backUp(folder, releases, { database: box.south.path, dryRun })).rejects.toMatchObject({
      code: 'constraint-violation',
      message: expect.stringContaining('the primary primary failed: the head of our branch'),
    });
  }
});
