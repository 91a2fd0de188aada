import { expect, test } from '@jest/globals';
import { before, type ChangeCase, CONFIG, validateChange } from '../../helpers/validated-change.ts';

const embedded = { '.beads/metadata.json': '{"dolt_mode": "embedded", "dolt_database": "north"}' };
const server = { '.beads/metadata.json': '{"dolt_mode": "server", "dolt_database": "north"}' };
const other = { [`other/${CONFIG}`]: before, 'other/.beads/metadata.json': embedded['.beads/metadata.json'] };
const led = { ...embedded, ...other, '.beads/redirect': 'other/.beads\n' };
const hidden = '{"dolt_mode": "embedded", "dolt_database": "private"}';

test.each<readonly [string, NonNullable<ChangeCase['files']>, NonNullable<ChangeCase['files']>, string | null]>([
  ['the name in metadata.json', embedded, { '.beads/metadata.json': hidden }, '.beads/embeddeddolt/private'],
  [
    'the name in .env',
    embedded,
    { ...embedded, '.beads/.env': 'BEADS_DOLT_SERVER_DATABASE=private\n' },
    '.beads/embeddeddolt/private',
  ],
  ['the mode', embedded, server, '.beads/dolt/north'],
  ['metadata.json is gone', embedded, {}, '.beads/dolt/beads'],
  [
    'the data folder in metadata.json',
    server,
    { '.beads/metadata.json': '{"dolt_mode": "server", "dolt_database": "north", "dolt_data_dir": "../data"}' },
    'data/north',
  ],
  ['the data folder in .env', server, { ...server, '.beads/.env': 'BEADS_DOLT_DATA_DIR=/srv/d\n' }, '/srv/d/north'],
  ['a redirect', { ...embedded, ...other }, led, 'other/.beads/embeddeddolt/north'],
  [
    'BEADS_DIR',
    { ...embedded, ...other },
    { ...led, '.beads/redirect': '', '.beads/.env': 'BEADS_DIR=other/.beads' },
    'other/.beads/embeddeddolt/north',
  ],
  ['the name at a redirect', led, { ...led, '.beads/metadata.json': hidden }, 'other/.beads/embeddeddolt/private'],
  ['the same redirect', led, led, null],
  [
    'the same folders outside of the checkout',
    { ...server, '.beads/.env': 'BEADS_DOLT_DATA_DIR=../../data\n' },
    { ...server, '.beads/.env': 'BEADS_DOLT_DATA_DIR=../../data\n' },
    null,
  ],
  ['data folders that git does not have', {}, { '.beads/embeddeddolt/north/x': '', '.beads/beads.db': '' }, null],
])('a pull request has the database of its base, or another one: %s', async (_, baseFiles, files, expected) => {
  const found = await validateChange({ head: before, baseFiles, files });
  const after = expect.stringMatching(new RegExp(`${expected}$`));
  const changes = found.result.changes?.filter(({ setting }) => setting === "bd's database");
  expect(changes).toMatchObject(expected === null ? [] : [{ kind: 'setting-changed', after }]);
});
