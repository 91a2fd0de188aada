import { expect, test } from '@jest/globals';
import type { Peer } from '../../src/config/configuration.ts';
import { BEADS_TABLES } from '../helpers/attacks.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { mergedApart } from '../helpers/merged-apart.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const setting = (name: string, host: string) => `UPDATE config SET value = 'https://${host}' WHERE \`key\` = '${name}'`;
const removed = (name: string) => `DELETE FROM config WHERE \`key\` = '${name}'`;
const title = (id: number, text: string) => `UPDATE issues SET title = '${text}' WHERE id = '${id}'`;

const PLANS = 'CREATE TABLE plans (id INT PRIMARY KEY)';
const README = "INSERT INTO dolt_docs VALUES ('README.md', 'ours')";

test('changes that a peer takes back count, whichever of several merge bases Dolt takes', async () => {
  await using folder = await tempFolder();
  const sides = await mergedApart(folder, {
    base: [
      ...BEADS_TABLES,
      PLANS,
      'ALTER TABLE issues ADD COLUMN title VARCHAR(99), ADD COLUMN source_system VARCHAR(99)',
      "INSERT INTO config VALUES ('one.url', 'https://before'), ('two.url', 'https://before'), ('three.url', 'https://before'), ('kv.note', 'before')",
      "INSERT INTO issues (id, title, source_system) VALUES ('1', 'before', 'north'), ('2', 'before', 'north'), ('3', 'before', 'north'), ('4', 'before', 'south')",
    ],
    north: [setting('one.url', 'north'), title(1, 'north'), 'DROP TABLE plans', README],
    south: [setting('two.url', 'south'), title(2, 'south')],
  });
  // Seen from one of the bases, one of each two is back unchanged. North alone changes issue 3.
  const undone = [setting('one.url', 'before'), setting('two.url', 'before'), title(1, 'before'), title(2, 'before')];
  await sides.edit([title(3, 'later')], [...undone, title(4, 'later'), PLANS, 'DELETE FROM dolt_docs']);
  const partner = filePeer('south', folder.file('south.box'), 'upstream');
  const run = async (trust: Peer['trust'], options: { readonly dryRun?: boolean } = {}) => {
    const run = { local: sides.north.path, tempDir: folder.file('tmp'), peers: [{ ...partner, trust }], options };
    return (await federateDatabase(run)).run('south');
  };
  expect((await run(null)).failure).toMatchObject({ code: 'peer-steers' });
  const { failure } = await run(['south']);
  expect(failure).toMatchObject({ code: 'peer-untrusted' });
  expect(failure?.message.split('\n').slice(0, 5)).toEqual([
    'south changes config, whose rows do not say which system they came from',
    'south changes dolt_docs, whose rows do not say which system they came from',
    'south changes 2 rows of issues from systems that its `trust` does not name',
    'south changes plans, whose rows do not say which system they came from',
    expect.stringMatching(/^south changes 2 rows of config/),
  ]);

  await sides.edit(
    [],
    [
      'DROP TABLE plans',
      README,
      setting('one.url', 'north'),
      setting('two.url', 'south'),
      title(1, 'north'),
      title(2, 'south'),
    ],
  );
  expect(await run(['south'], { dryRun: true })).toMatchObject({ failure: null });

  // North alone changes, adds and deletes settings that steer. South changes one that does not.
  await sides.edit(
    [setting('one.url', 'own'), "INSERT INTO config VALUES ('own.url', 'own')", removed('three.url')],
    ["UPDATE config SET value = 'south' WHERE `key` = 'kv.note'"],
  );
  expect(await run(null)).toMatchObject({ failure: null, verified: true });
  expect(await sides.north.rows("SELECT value FROM config WHERE `key` LIKE '%.%' ORDER BY `key`")).toEqual(
    ['south', 'https://own', 'own', 'https://south'].map((value) => ({ value })),
  );
  expect(await sides.north.rows('SELECT title FROM issues ORDER BY id')).toEqual(
    ['north', 'south', 'later', 'later'].map((text) => ({ title: text })),
  );
});
