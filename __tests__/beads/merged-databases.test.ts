import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { extract } from 'tar';
import { command } from '../helpers/commanding.ts';
import { openTestDatabase } from '../helpers/database.ts';
import { bdIn, proxiedWorkspace } from '../helpers/servers/bd.ts';
import { below, type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const ISSUES = 'id, status, is_blocked, priority, issue_type, assignee, closed_at, close_reason, title, updated_at';
const TOWNS = ['north', 'south'] as const;

/** Two databases of the real bd 1.3.0 that share a history, with a configuration for both. */
async function towns(folder: TempFolder, fixture: string): Promise<void> {
  await extract({ file: `__tests__/fixtures/${fixture}.tar.gz`, cwd: folder.path });
  const peers = TOWNS.map((town) => `    ${town}: file://${folder.file('mailboxes', town)}\n`);
  for (const town of TOWNS) {
    await mkdir(folder.file('mailboxes', town), { recursive: true });
    const settings = `\nsync:\n  mode: belt-and-suspenders\nfederation:\n  peers:\n${peers.join('')}`;
    await appendFile(folder.file(town, '.beads', 'config.yaml'), settings);
  }
}

/** Federates both, and expects the contents that a merge of bd itself has. @returns the messages of the runs */
async function mergeAsBd(folder: TempFolder): Promise<readonly string[]> {
  const said: string[] = [];
  for (const town of ['north', 'south', 'north']) {
    const options = { database: undefined, ceiling: null, stateDir: folder.file('state') };
    const { result, log } = await command(below(folder, town), '', options);
    expect(result.status).toBe('success');
    said.push(...log);
  }
  const expected = await readFile(folder.file('merged.jsonl'), 'utf8');
  for (const town of TOWNS) expect(await readFile(folder.file(town, '.beads', 'issues.jsonl'), 'utf8')).toBe(expected);
  const database = openTestDatabase(folder.file('north', '.beads', 'embeddeddolt', 'north'));
  const csv = await database.dolt('sql', '-r', 'csv', '-q', `SELECT ${ISSUES} FROM issues ORDER BY id`);
  expect(`${csv}\n`).toBe(await readFile(folder.file('merged-issues.csv'), 'utf8'));
  return said;
}

test("two embedded databases of bd end with the contents that bd's own merge produces", async () => {
  await using folder = await tempFolder();
  await towns(folder, 'beads-1.3-embedded');
  await mergeAsBd(folder);
});

test('an embedded database and one behind the proxy of a running bd end with equal contents, which bd reads at once', async () => {
  await using folder = await tempFolder();
  await towns(folder, 'beads-1.3-proxied');
  await mkdir(folder.file('north', '.beads', 'embeddeddolt'));
  await rename(
    folder.file('north', '.beads', 'dolt', 'north'),
    folder.file('north', '.beads', 'embeddeddolt', 'north'),
  );
  const metadata = folder.file('north', '.beads', 'metadata.json');
  await writeFile(metadata, (await readFile(metadata, 'utf8')).replace('proxied-server', 'embedded'));
  await proxiedWorkspace(folder.file('south', '.beads'), folder.file('south', '.beads'));
  await mkdir(folder.file('home'));
  const bd = bdIn(folder, folder.file('south'));
  try {
    await bd.ok('list');
    expect(await mergeAsBd(folder)).toContainEqual(expect.stringMatching(/^working through the server at/));
    expect(`${await bd.ok('export')}\n`).toBe(await readFile(folder.file('merged.jsonl'), 'utf8'));
    expect(JSON.parse(await bd.ok('recompute-blocked', '--json'))).toMatchObject({ rows_corrected: 0 });
    expect(await bd.titles()).toContain('Ring for the market');
    const ready: { id: string }[] = JSON.parse(await bd.ok('ready', '--json'));
    // The other database closed the blocking issue, and this one has the edge.
    expect(ready.map(({ id }) => id)).toContain('north-ggg');
  } finally {
    await bd.run('dolt', 'stop');
  }
}, 60_000);
