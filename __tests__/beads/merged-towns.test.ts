import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { extract } from 'tar';
import { command } from '../helpers/commanding.ts';
import { openTestDatabase } from '../helpers/database.ts';
import { below, tempFolder } from '../helpers/temp-folder.ts';

const ISSUES = 'id, status, is_blocked, priority, issue_type, assignee, closed_at, close_reason, title, updated_at';

/** Two databases of the real bd 1.3.0 that share a history, and their contents after bd itself has merged them. */
test('two embedded databases of bd end with the contents that a merge of bd has', async () => {
  await using folder = await tempFolder();
  await extract({ file: '__tests__/fixtures/beads-1.3-embedded.tar.gz', cwd: folder.path });
  await mkdir(folder.file('mailboxes'));
  const towns = ['north', 'south'];
  const peers = towns.map((town) => `    ${town}: file://${folder.file('mailboxes', town)}\n`);
  for (const town of towns) {
    const settings = `\nsync:\n  mode: belt-and-suspenders\nfederation:\n  peers:\n${peers.join('')}`;
    await appendFile(folder.file(town, '.beads', 'config.yaml'), settings);
  }
  for (const town of ['north', 'south', 'north']) {
    const options = { database: undefined, ceiling: null, stateDir: folder.file('state') };
    const { result } = await command(below(folder, town), '', options);
    expect(result.status).toBe('success');
  }
  const merged = async (name: string) => await readFile(folder.file(`merged${name}`), 'utf8');
  for (const town of towns)
    expect(await readFile(folder.file(town, '.beads', 'issues.jsonl'), 'utf8')).toBe(await merged('.jsonl'));
  const database = openTestDatabase(folder.file('north', '.beads', 'embeddeddolt', 'north'));
  const csv = await database.dolt('sql', '-r', 'csv', '-q', `SELECT ${ISSUES} FROM issues ORDER BY id`);
  expect(`${csv}\n`).toBe(await merged('-issues.csv'));
});
