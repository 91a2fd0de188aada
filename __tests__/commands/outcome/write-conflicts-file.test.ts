import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { conflictsFileOfBranch } from '../../../src/commands/outcome/write-conflicts-file.ts';
import { parseConflicts } from '../../../src/resolve/parse-conflicts.ts';
import { recordUnreported, unreportedSince } from '../../../src/sync/merge/unreported-moves.ts';
import { command } from '../../helpers/commanding.ts';
import { makeDatabase, openTestDatabase, publishing, type TestDatabase } from '../../helpers/database.ts';
import { committing } from '../../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

/** A database and peers that were cloned from it, each with work of its own in its mailbox. */
async function withPeers(folder: TempFolder, work: Readonly<Record<string, string>>) {
  const local = await makeDatabase(folder.file('local'));
  const peers: Record<string, unknown> = {};
  const others: Record<string, TestDatabase> = {};
  for (const [name, statement] of Object.entries(work)) {
    const url = `file://${folder.file(`${name}.box`)}`;
    await cp(local.path, folder.file(name), { recursive: true });
    const other = openTestDatabase(folder.file(name));
    await other.sql(...committing('work', [statement]), ...publishing(url));
    peers[name] = { endpoint: url, role: 'upstream' };
    others[name] = other;
  }
  const file = folder.file('local', '.dolt', 'dolt-federation', 'conflicts.yaml');
  const read = async () => parseConflicts(await readFile(file, 'utf8'), file);
  const run = (strategy: 'manual' | 'newest', request: Parameters<typeof command>[2] = {}) =>
    command(folder, stringify(peers), { ...request, overrides: { strategy: strategy } });
  return { local, others, file, read, run };
}

describe('the conflicts file of a run', () => {
  test('has every unresolved peer at the heads at which the run ended, and is removed after all are resolved', async () => {
    await using folder = await tempFolder();
    const { local, others, file, read, run } = await withPeers(folder, {
      added: "INSERT INTO items VALUES (30, 'added', 'a')",
      clash: "UPDATE items SET title = 'clash' WHERE id = 1",
      other: "UPDATE items SET owner = 'other' WHERE id = 2",
    });
    await local.commit(
      'ours',
      "UPDATE items SET title = 'ours' WHERE id = 1",
      "UPDATE items SET owner = 'ours' WHERE id = 2",
    );
    for (const request of [{ command: 'status' }, { dryRun: true }] as const) {
      expect((await run('manual', request)).result.conflictsPath).toBeUndefined();
    }
    const { result } = await run('manual');
    expect(result).toMatchObject({ status: 'conflict', conflictsPath: file, head: await local.head() });
    expect((await read()).merges).toMatchObject([
      { peer: 'clash', ours: result.head, theirs: await others['clash']?.head(), rows: [{ key: { id: '1' } }] },
      { peer: 'other', ours: result.head, theirs: await others['other']?.head(), rows: [{ key: { id: '2' } }] },
    ]);
    // Dolt does not touch files that it does not know.
    await local.dolt('gc');
    expect(await local.dolt('fsck')).toContain('No problems found');
    expect((await run('manual', { only: ['clash'] })).result.conflictsPath).toBe(file);
    expect((await read()).merges.map(({ peer }) => peer)).toEqual(['clash', 'other']);

    await writeFile(file, 'merges: [what');
    const broken = await run('manual');
    expect(broken.result.problems).toMatchObject([{ code: 'conflicts-file-invalid', severity: 'warning' }]);
    expect(await readFile(`${file}.unreadable`, 'utf8')).toBe('merges: [what');

    const resolved = await run('newest');
    expect(resolved.result.conflictsPath).toBeUndefined();
    await expect(stat(file)).rejects.toThrow('ENOENT');
  }, 120_000);

  test('keeps choices while their peer waits for another reason or another branch is synchronized', async () => {
    await using folder = await tempFolder();
    const { local, others, file, read, run } = await withPeers(folder, {
      clash: "UPDATE items SET title = 'clash' WHERE id = 1",
    });
    await local.sql("CALL DOLT_BRANCH('dev')");
    await local.commit('ours', "UPDATE items SET title = 'ours' WHERE id = 1");
    await run('manual');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^( +choose:).*$/m, '$1 theirs'));
    const chosen = await read();
    expect(JSON.stringify(chosen)).toContain('"choose":"theirs"');

    await local.sql("UPDATE items SET owner = 'not committed' WHERE id = 1");
    const { result } = await run('manual');
    expect(result.peers).toMatchObject([{ error: { code: 'uncommitted-changes' } }]);
    expect((await read()).merges[0]?.rows).toEqual(chosen.merges[0]?.rows);
    await local.sql("CALL DOLT_CHECKOUT('items')");

    const before = await readFile(file, 'utf8');
    await local.sql(
      "CALL DOLT_CHECKOUT('dev')",
      "UPDATE items SET title = 'dev' WHERE id = 1",
      "CALL DOLT_COMMIT('-am', 'dev')",
    );
    await others['clash']?.publish(`file://${folder.file('clash.box')}`, 'main:dev');
    const dev = await run('manual', { branch: 'dev' });
    const kept = conflictsFileOfBranch(local.path, 'main');
    expect(await readFile(kept, 'utf8')).toBe(before);
    expect(dev.result).toMatchObject({ conflictsPath: file, open: 1 });
    expect(dev.result.problems).toMatchObject([{ code: 'conflicts-stale', severity: 'notice' }]);
    expect(dev.result.problems[0]?.hint).toContain(`resolve --file ${kept}`);
    expect((await read()).branch).toBe('dev');
    expect((await run('manual', { branch: 'main', command: 'status' })).result.open).toBeUndefined();
    await run('manual', { branch: 'main' });
    expect(await read()).toMatchObject({ branch: 'main', merges: [{ rows: chosen.merges[0]?.rows }] });
    await expect(stat(kept)).rejects.toThrow('ENOENT');
    expect(await readFile(conflictsFileOfBranch(local.path, 'dev'), 'utf8')).toContain('branch: dev');
  }, 120_000);

  test('keeps a whole lost row until a person removes it, also if the run that found it was killed', async () => {
    await using folder = await tempFolder();
    const { local, others, file, read, run } = await withPeers(folder, {
      partner: "INSERT INTO items VALUES (7, 'their own', 'same')",
    });
    await local.commit('ours', "INSERT INTO items VALUES (7, 'our own', 'same')");
    const before = await local.head();
    const { result: killed } = await run('newest');
    expect(killed).toMatchObject({ status: 'conflict', head: await local.head() });
    // A kill after the branch has moved leaves only the record of the move.
    await rm(file);
    await recordUnreported(local.path, { branch: 'main', head: before });
    const { result } = await run('newest');
    expect(result).toMatchObject({ status: 'conflict', head: killed.head, conflictsPath: file });
    expect(result.peers[0]?.conflicts).toMatchObject([{ kind: 'id-collision', left: true }]);
    expect(result.peers[0]?.conflicts[0]?.elsewhere).toBeUndefined();
    expect(await unreportedSince(local.path, 'main')).toBeNull();
    const [kept] = await local.rows('SELECT title FROM items WHERE id = 7');
    const [gone, head] =
      kept?.['title'] === 'our own'
        ? ['their own', await others['partner']?.head()]
        : [
            'our own',
            (await local.rows("SELECT commit_hash FROM dolt_log WHERE message = 'ours'"))[0]?.['commit_hash'],
          ];
    const lost = [{ peer: 'partner', table: 'items', head, row: { id: '7', title: gone, owner: 'same' } }];
    expect(await read()).toMatchObject({ merges: [], lost });
    expect((await run('newest')).result).toMatchObject({ status: 'unchanged', conflictsPath: file });
    expect(await read()).toMatchObject({ lost });
    // They are rows of this branch only.
    await local.sql("CALL DOLT_BRANCH('dev', 'main~1')");
    await run('newest', { branch: 'dev' });
    expect(await read()).toMatchObject({ branch: 'main', lost });
  }, 120_000);
});
