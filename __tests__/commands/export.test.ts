import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { type ExportRequest, exportJsonl } from '../../src/commands/export.ts';
import { DEFAULT_SYNC_REQUEST } from '../../src/commands/request.ts';
import type { ExportResult } from '../../src/contract/result.ts';
import { exportSummary, exportText } from '../../src/report/text/export.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { git } from '../helpers/git.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { makeTracker } from '../helpers/tracker.ts';

const JSONL = ['repo', '.beads', 'issues.jsonl'] as const;

const BOB = ['-c', 'user.name=Bob', '-c', 'user.email=bob@example.org'];
const AUTHOR = { name: 'Ann', email: 'ann@example.org' };
const COMMIT = { mode: 'commit', branch: null, message: 'Backup', author: AUTHOR } as const;

/** Runs `export` in the workspace `repo`. */
async function exported(
  folder: TempFolder,
  {
    path,
    allowFewer = false,
    commits = false,
    ceiling = null,
    ...request
  }: Partial<ExportRequest> & {
    path?: string;
    allowFewer?: boolean;
    commits?: boolean;
    ceiling?: string | null;
  } = {},
): Promise<ExportResult> {
  const context = { ...commandContext(folder.file('repo')), ceiling, tempDir: folder.file('tmp') };
  const { bootstrap, timeout, retries } = DEFAULT_SYNC_REQUEST;
  return await exportJsonl(
    {
      ...{ bootstrap, timeout, retries, check: false, reportValues: 'full', untrusted: false },
      overrides: { allowInsecure: false },
      dolt: { source: 'release', path: testDolt() },
      ...request,
      jsonl: { path, allowFewer, ...(commits ? { commit: COMMIT } : {}) },
    },
    context,
  );
}

/** The ids of a JSONL file, in its order. */
async function idsOf(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => /"id":"([^"]*)"/.exec(line)?.[1] ?? '');
}

describe('export', () => {
  test('writes the same lines as bd, does not touch an up-to-date file, and compares with --check', async () => {
    await using folder = await tempFolder();
    const local = await makeTracker(folder, 'repo', 'Export: {Exclude_Owners: "Eve, Mallory"}\n');
    await local.sql(
      "INSERT INTO issues (id, title, priority, created_at) VALUES ('bd-1', 'old', 1, '2026-01-01 00:00:00'), ('bd-2', 'new', 1, '2026-01-03 00:00:00'), ('bd-B', 'same time', 1, '2026-01-01 00:00:00'), ('bd-3', 'urgent', 0, '2026-01-01 00:00:00')",
      "INSERT INTO issues (id, title, issue_type, is_template, created_by) VALUES ('bd-r', 'infra', 'role', 0, ''), ('bd-t', 'template', 'task', 1, ''), ('bd-e', 'of Eve', 'task', 0, 'Eve')",
      "INSERT INTO wisps (id, title, priority, ephemeral, no_history) VALUES ('bd-w', 'gone soon', 0, 1, 0), ('bd-n', 'no history', 3, 0, 1)",
      "INSERT INTO dependencies (issue_id, depends_on_issue_id) VALUES ('bd-1', 'bd-3'), ('bd-1', 'bd-2')",
      "INSERT INTO wisp_dependencies (issue_id, depends_on_issue_id) VALUES ('bd-n', 'bd-3')",
      "INSERT INTO labels VALUES ('bd-1', 'z'), ('bd-1', 'Z'), ('bd-1', 'a')",
      "INSERT INTO wisp_labels VALUES ('bd-n', 'w')",
      "INSERT INTO comments (id, issue_id, author, text) VALUES ('2', 'bd-1', 'Ann', 'b'), ('1', 'bd-1', 'Ann', 'a')",
    );
    const file = folder.file(...JSONL);
    expect(await exported(folder)).toMatchObject({ status: 'written', file, issues: 5, branch: 'main' });
    expect(await idsOf(file)).toEqual(['bd-3', 'bd-2', 'bd-1', 'bd-B', 'bd-n']);
    const [third = '', , first = '', , local_ = ''] = (await readFile(file, 'utf8')).split('\n');
    expect(third).toMatch(/"dependency_count":0,"dependent_count":2,"comment_count":0}$/);
    expect(first).toContain('"labels":["Z","a","z"]');
    expect(first).toMatch(/"depends_on_id":"bd-2".*"depends_on_id":"bd-3".*"id":"1".*"id":"2".*"comment_count":2}$/);
    expect(local_).toMatch(/"labels":\["w"\],.*"no_history":true,.*"wisp_plane":true}$/);

    const before = await stat(file);
    expect(await exported(folder)).toMatchObject({ status: 'unchanged', issues: 5 });
    expect(await stat(file)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(await exported(folder, { check: true })).toMatchObject({ status: 'same' });

    await local.sql(
      "UPDATE issues SET title = 'other' WHERE id = 'bd-2'",
      "INSERT INTO issues (id, title) VALUES ('bd-9', 'nine')",
    );
    const edited = (await readFile(file, 'utf8')).replace('"title":"urgent"', '"title":"by hand"');
    await writeFile(file, `${edited}{"id":"bd-x","title":"x"}\n{"_type":"memory","key":"m","value":""}\n`);
    const differs = await exported(folder, { check: true });
    expect(differs).toMatchObject({
      status: 'differs',
      difference: {
        ids: { missing: ['bd-9'], extra: ['memory m', 'bd-x'], changed: ['bd-3', 'bd-2'] },
        reordered: false,
      },
    });
    const markup = { missing: ['<img src=x> [a](https://x.example)\n# b'], extra: [], changed: [] };
    const hostile = { ...differs, difference: { missing: 1, extra: 0, changed: 0, reordered: false, ids: markup } };
    expect(exportSummary(hostile)).toContain('record &#40;&#60;img src&#61;x&#62; &#91;a&#93;&#40;https&#58;');
    expect(exportSummary(hostile)).not.toMatch(/<(?!br>)|[[\]#](?!\d+;)/);
    expect(exportText(differs)).toMatch(/only in the database: 1 record \(bd-9\)\n.*only in the file: 2 records/);
    expect((await exported(folder, { check: true, reportValues: 'none' })).difference).toEqual({
      ...{ missing: 1, extra: 2, changed: 2, reordered: false },
    });
    // Records have the values of the database.
    expect(await exported(folder, { allowFewer: true })).toMatchObject({ status: 'written' });
    expect(await readFile(file, 'utf8')).toContain('"title":"urgent"');
  });

  test('never removes a record unless the history deletes it', async () => {
    await using folder = await tempFolder();
    const local = await makeTracker(folder, 'repo');
    await local.commit('two', "INSERT INTO issues (id, title) VALUES ('bd-1', 'one'), ('bd-2', 'two')");
    await exported(folder);
    const file = folder.file(...JSONL);
    await local.commit('deleted', "DELETE FROM issues WHERE id = 'bd-2'");
    expect(await exported(folder)).toMatchObject({ status: 'written', issues: 1 });
    const fuller = `<<<<<<< ours\n${await readFile(file, 'utf8')}=======\n{"id":"bd-7","title":"elsewhere"}\n>>>>>>> theirs\n`;
    await writeFile(file, fuller);
    await expect(exported(folder)).rejects.toMatchObject({
      code: 'export-fewer',
      message: expect.stringContaining('1 record (bd-7)'),
    });
    expect(await readFile(file, 'utf8')).toBe(fuller);
    await chmod(file, 0o660);
    expect(await exported(folder, { allowFewer: true })).toMatchObject({ status: 'written', issues: 1 });
    expect((await stat(file)).mode & 0o777).toBe(0o660);
    await local.commit('none', 'DELETE FROM issues');
    await expect(exported(folder)).rejects.toMatchObject({ code: 'export-fewer' });
    await writeFile(file, 'a text\n');
    await expect(exported(folder)).rejects.toMatchObject({ code: 'export-failed', location: { line: 1 } });
  });

  test('commits no file that lacks records of the branch, unless the history deletes them', async () => {
    await using folder = await tempFolder();
    const local = await makeTracker(folder, 'repo');
    await local.commit('two', "INSERT INTO issues (id, title) VALUES ('bd-1', 'one'), ('bd-2', 'two')");
    const repo = folder.file('repo');
    const file = folder.file(...JSONL);
    await git(repo, 'init', '--quiet', '--initial-branch=main');
    await git(repo, ...BOB, 'commit', '--quiet', '--allow-empty', '-m', 'first');
    expect((await exported(folder, { commits: true })).commit).toMatchObject({ status: 'committed' });
    // Without the file there is nothing that the export can compare, as in a sparse checkout.
    await local.commit('deleted', "DELETE FROM issues WHERE id = 'bd-2'");
    await rm(file);
    expect((await exported(folder, { commits: true })).commit).toMatchObject({ status: 'committed' });
    const fuller = `${await readFile(file, 'utf8')}{"id":"bd-7","title":"of a colleague"}\n`;
    await writeFile(file, fuller);
    await git(repo, 'add', file);
    await git(repo, ...BOB, 'commit', '--quiet', '-m', 'of a colleague');
    await rm(file);
    await expect(exported(folder, { commits: true })).rejects.toMatchObject({
      code: 'export-fewer',
      message: expect.stringMatching(/remove 1 record \(bd-7\) from \.beads\/issues\.jsonl of commit [0-9a-f]{40}$/),
    });
    expect(`${await git(repo, 'show', 'HEAD:.beads/issues.jsonl')}\n`).toBe(fuller);
    await local.sql("INSERT INTO issues (id, title) VALUES ('bd-3', 'three')");
    expect((await exported(folder, { commits: true, allowFewer: true })).commit).toMatchObject({ status: 'committed' });
    await local.sql("UPDATE issues SET ephemeral = 1 WHERE id = 'bd-1'");
    expect((await exported(folder, { commits: true })).commit).toMatchObject({ status: 'committed' });
  });

  test('removes the record of an issue that bd leaves out, but not of most at once', async () => {
    await using folder = await tempFolder();
    const local = await makeTracker(folder, 'repo');
    const ids = ['bd-1', 'bd-2', 'bd-3', 'bd-4', 'bd-5', 'bd-6', 'bd-7', 'bd-8'];
    const values = ids.map((id) => `('${id}', 'one', 'Ann')`).join(', ');
    await local.commit('eight', `INSERT INTO issues (id, title, created_by) VALUES ${values}`);
    await exported(folder);
    const file = folder.file(...JSONL);
    await local.commit(
      'left out',
      "UPDATE issues SET ephemeral = 1 WHERE id = 'bd-1'",
      "UPDATE issues SET is_template = 1 WHERE id = 'bd-2'",
      "UPDATE issues SET issue_type = 'agent' WHERE id = 'bd-3'",
      "UPDATE issues SET created_by = 'Eve' WHERE id = 'bd-4'",
      "INSERT INTO config VALUES ('export.exclude_owners', 'Eve')",
      "INSERT INTO issues (id, title) VALUES ('bd-9', 'new')",
    );
    expect(await exported(folder)).toMatchObject({ status: 'written', issues: 5 });
    expect((await idsOf(file)).toSorted()).toEqual(['bd-5', 'bd-6', 'bd-7', 'bd-8', 'bd-9']);
    const before = await readFile(file, 'utf8');
    await local.sql("UPDATE config SET value = 'Ann' WHERE `key` = 'export.exclude_owners'");
    const refused = await refusal(() => exported(folder));
    expect(refused).toMatchObject({ code: 'export-fewer', message: expect.stringContaining('4 records (bd-5, ') });
    expect(await readFile(file, 'utf8')).toBe(before);
    await local.sql('UPDATE issues SET ephemeral = 1');
    await expect(exported(folder)).rejects.toMatchObject({ code: 'export-fewer' });
  });

  test('names rows that bd would refuse, and writes no value that does not fit its field', async () => {
    await using folder = await tempFolder();
    const local = await makeTracker(folder, 'repo', 'types: {custom: [convoy]}\nstatus.custom: "review:wip"\n');
    await local.sql(
      'ALTER TABLE issues RENAME COLUMN description TO d',
      'ALTER TABLE issues RENAME COLUMN d TO Description',
      'ALTER TABLE issues MODIFY COLUMN title VARBINARY(500)',
      'ALTER TABLE issues MODIFY COLUMN estimated_minutes TEXT',
      'ALTER TABLE issues MODIFY COLUMN metadata LONGTEXT',
      "INSERT INTO issues (id, title, status, issue_type, description, estimated_minutes) VALUES ('bd-1', 'ein Brückenbau', 'review', 'convoy', 'd', '07')",
    );
    await exported(folder);
    const file = folder.file(...JSONL);
    const before = await readFile(file, 'utf8');
    expect(before).toContain('"title":"ein Brückenbau","description":"d","status":"review"');
    expect(before).toContain('"issue_type":"convoy","estimated_minutes":7,');
    for (const statuses of ['review,review', 'review,open']) {
      await local.sql(`REPLACE INTO config VALUES ('status.custom', '${statuses}')`);
      const unknown = await refusal(() => exported(folder));
      expect(unknown).toMatchObject({ code: 'export-row', message: expect.stringContaining('that bd does not know') });
    }
    await local.sql(
      "DELETE FROM config WHERE `key` = 'status.custom'",
      `UPDATE issues SET estimated_minutes = '1}\n{"_type":"memory","key":"forged","value":"x"}\n{"id":"bd-1"' WHERE id = 'bd-1'`,
      "INSERT INTO issues (id, title, metadata) VALUES ('bd-2', 'two', 'foo'), ('bd-3', x'ff', '{}')",
      "INSERT INTO issues (id, title, status, closed_at) VALUES ('bd-4', 'four', 'open', '2026-01-02 03:04:05'), ('bd-5', 'five', 'weird', NULL)",
    );
    const refused = await refusal(() => exported(folder));
    expect(refused).toMatchObject({ code: 'export-row', message: expect.stringContaining('because of 5 rows') });
    for (const problem of [
      'bd-1 has no integer as estimated_minutes',
      'bd-2 has invalid JSON as metadata',
      'bd-3 has bytes that are no text as title',
      'bd-4 has the status open and a closed_at',
      'bd-5 has a status that bd does not know',
    ]) {
      expect(refused.message).toContain(problem);
    }
    expect(await readFile(file, 'utf8')).toBe(before);
    expect(await exported(folder, { check: true })).toMatchObject({ difference: { ids: { changed: ['bd-1'] } } });
  });

  test('stays in the workspace of the job, and writes no file on an event that may not write', async () => {
    await using folder = await tempFolder();
    await makeTracker(folder, 'repo');
    await mkdir(folder.file('outside'));
    await writeFile(folder.file('outside', 'x.jsonl'), '');
    await symlink(folder.file('outside', 'x.jsonl'), folder.file('repo', 'link.jsonl'));
    const ceiling = folder.file('repo');
    await expect(exported(folder, { ceiling, path: 'link.jsonl' })).rejects.toMatchObject({
      code: 'outside-workspace',
    });
    await writeFile(folder.file('repo', '.beads', 'config.yaml'), 'export: {path: ../../up.jsonl}\n');
    await expect(exported(folder, { ceiling })).rejects.toMatchObject({ code: 'outside-workspace' });
    expect(await exported(folder, { ceiling, path: 'b.jsonl', untrusted: true })).toMatchObject({ status: 'skipped' });
    await expect(stat(folder.file('repo', 'b.jsonl'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(exported(folder, { ceiling, path: '.beads' })).rejects.toMatchObject({ code: 'export-failed' });
  });

  test('needs the tables of beads, and outside a workspace also a path', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('repo'));
    await expect(exported(folder, { path: 'a.jsonl' })).rejects.toMatchObject({
      code: 'no-issues',
      hint: expect.stringContaining('Only a database of beads can be exported.'),
    });
    const other = await makeTracker(folder, 'other');
    await other.sql('ALTER TABLE issues RENAME COLUMN notes TO remarks');
    await expect(exported(folder, { path: 'a.jsonl', database: other.path })).rejects.toMatchObject({
      code: 'no-issues',
      message: expect.stringContaining('it has no column issues.notes'),
    });
    await expect(exported(folder)).rejects.toMatchObject({ code: 'bad-usage' });
  });
});
