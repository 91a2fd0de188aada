import { lstat, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { RunResult } from '../../src/contract/result.ts';
import { readStateFile, writeStateFile } from '../../src/sync/history/last-verified.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { markOfEndedRun } from '../helpers/run-marks.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { madeOnce } from '../helpers/templates.ts';

const STATE = 'dolt-federation.json';
const REMOTES = 'dolt-federation-remotes.json';

interface LocalDatabase {
  readonly local: TestDatabase;
  readonly fileOf: (name: string) => string;
  readonly sync: () => Promise<RunResult>;
}

/**
 * A database that has synced once with one peer, and has a commit since and a remote of its own. Tests of this file copy
 * it.
 */
async function synced(folder: TempFolder): Promise<LocalDatabase> {
  const sync = async (): Promise<RunResult> => (await command(folder, `box: file://${folder.file('box')}`)).result;
  await madeOnce('synced', [folder.file('local'), folder.file('box'), folder.file('own')], async () => {
    const made = await makeDatabase(folder.file('local'));
    await sync();
    await mkdir(folder.file('own'));
    await made.commit(
      'more',
      "INSERT INTO items VALUES (9, 'nine', 'ann')",
      `CALL DOLT_REMOTE('add', 'origin', 'file://${folder.file('own')}')`,
    );
  });
  return { local: openTestDatabase(folder.file('local')), sync, fileOf: (name) => folder.file('local', '.dolt', name) };
}

type Tamper = (file: string, folder: TempFolder) => Promise<void>;
const written =
  (change: (text: string) => string): Tamper =>
  async (file) =>
    await writeFile(file, change(await readFile(file, 'utf8')));
const TAMPERED: readonly (readonly [string, Tamper])[] = [
  ['invalid JSON', written((text) => text.slice(0, -5))],
  ['another version', written((text) => text.replace(/"version":\d/, '"version":99'))],
  ['an unknown key', written((text) => text.replace('{"version"', '{"more":1,"version"'))],
  ['an unknown key of an entry', written((text) => text.replace('"branch":', '"path":"/etc","branch":'))],
  ['a number instead of text', written((text) => text.replace(/"head":"[0-9a-v]{32}"/, '"head":1e999'))],
  ['a branch instead of a head', written((text) => text.replace(/"head":"[0-9a-v]{32}"/, '"head":"HEAD~1"'))],
  ['SQL instead of a head', written((text) => text.replace(/"head":"[0-9a-v]{32}"/, `"head":"' OR 1=1 --"`))],
  ['a list instead of a mapping', written(() => '[]')],
  ['deep nesting', written(() => '['.repeat(1_000_000))],
  ['nothing', written(() => '')],
  ['17 MiB', (file) => truncate(file, 17 * 1024 * 1024)],
  [
    'a symbolic link',
    async (file, folder) => {
      await rm(file);
      await writeFile(folder.file('victim'), 'mine');
      await symlink(folder.file('victim'), file);
    },
  ],
];

describe('a state file that contains', () => {
  test.each(TAMPERED)('%s is not used, and moved aside unchanged', async (_, tamper) => {
    await using folder = await tempFolder();
    const { local, sync, fileOf } = await synced(folder);
    const file = fileOf(STATE);
    await tamper(file, folder);
    const found = await lstat(file);
    const text = found.isFile() ? await readFile(file, 'latin1') : null;
    const result = await sync();
    expect(result).toMatchObject({ status: 'success', peers: [{ verified: true }] });
    const aside = `${file}.unreadable`;
    const said = result.problems.filter(({ code }) => code === 'memory-unusable').map(({ message }) => message);
    expect(said).toEqual([expect.stringContaining(file), expect.stringContaining(aside)]);
    expect((await lstat(aside)).ino).toBe(found.ino);
    if (text !== null) expect(await readFile(aside, 'latin1')).toBe(text);
    expect(await readStateFile(local.path)).toMatchObject({ warning: null, stateFile: { peers: expect.any(Map) } });
    // The next run reads what this one wrote, whatever was there before: one case shows that it reports nothing.
    if (!found.isSymbolicLink()) return;
    expect(await readFile(folder.file('victim'), 'utf8')).toBe('mine');
    expect((await sync()).problems.filter(({ code }) => code === 'memory-unusable')).toEqual([]);
  });

  test('an entry of another database, or an impossible date, has no effect', async () => {
    await using folder = await tempFolder();
    const { local, sync, fileOf } = await synced(folder);
    const { stateFile } = await readStateFile(local.path);
    const [entry] = stateFile.peers.values();
    if (entry === undefined) throw new Error('nothing is remembered');
    const foreign = { ...entry, root: 'a'.repeat(32), head: 'b'.repeat(32) };
    await writeStateFile(local.path, { ...stateFile, peers: new Map([['x', foreign]]) });
    expect(await sync()).toMatchObject({ status: 'success', problems: [], peers: [{ verified: true }] });
    expect(await readFile(fileOf(STATE), 'utf8')).toContain('b'.repeat(32));
    expect(await readFile(fileOf(STATE), 'utf8')).toContain(entry.root);
  });
});

/** The attacks that also apply to the records of remotes, which are read in the same way. */
const IN_NOTES = ['invalid JSON', 'another version', 'an unknown key of an entry', 'a symbolic link'];

describe('records of remotes that contain', () => {
  const NOTES = '{"version":1,"remotes":{"origin":{"peer":"box","url":"file:///x","ref":null,"run":"1"}}}\n';
  test.each(TAMPERED.filter(([name]) => IN_NOTES.includes(name)))(
    '%s make no remote ours, and are kept',
    async (_, tamper) => {
      await using folder = await tempFolder();
      const { local, fileOf } = await synced(folder);
      const file = fileOf(REMOTES);
      await writeFile(file, NOTES.replace('"ref"', '"branch":1,"ref"'));
      await tamper(file, folder);
      const found = await lstat(file);
      const peers = `box: file://${folder.file('box')}\nnew: file://${folder.file('new')}`;
      const { result } = await command(folder, peers);
      expect(result.status).toBe('success');
      expect(result.problems).toContainEqual(expect.objectContaining({ code: 'memory-unusable' }));
      expect(await local.rows("SELECT url FROM dolt_remotes WHERE name = 'origin'")).toEqual([
        { url: `file://${folder.file('own')}` },
      ]);
      const kept = await lstat(`${file}.unreadable`).catch(() => lstat(file));
      expect(kept.ino).toBe(found.ino);
    },
  );

  test('a remote that differs from its record is not removed', async () => {
    await using folder = await tempFolder();
    const { local, fileOf, sync } = await synced(folder);
    await writeFile(fileOf(REMOTES), NOTES.replace('"run":"1"', `"run":"${markOfEndedRun()}"`));
    expect((await sync()).status).toBe('success');
    expect(await local.rows("SELECT name FROM dolt_remotes WHERE name = 'origin'")).toEqual([{ name: 'origin' }]);
    // A former version noted the process of the run. The remote equals this record, and the process has ended.
    await writeFile(
      fileOf(REMOTES),
      NOTES.replace('file:///x","ref":null,"run":"1"', `file://${folder.file('own')}","ref":null,"run":999999999`),
    );
    expect((await sync()).problems).toEqual([]);
    expect(await local.rows("SELECT name FROM dolt_remotes WHERE name = 'origin'")).toEqual([]);
  });
});
