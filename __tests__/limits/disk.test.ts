import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { toFailure } from '../../src/core/failure.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { cloneDatabase, makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { BULK, FILL, quote, withSmallDisk } from '../helpers/small-disk.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test.each([
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EACCES', 'unknown'],
])('the error %s of the system is %s', (code, means) => {
  expect(toFailure(Object.assign(new Error('write'), { code }))).toMatchObject({ code: means, message: 'write' });
});

let cli: CompiledCli;

/** Only Linux lets a process mount a disk that no other process sees. */
if (process.platform === 'linux') {
  beforeAll(async () => {
    cli = await compileCli();
  });
  afterAll(() => cli.dispose());

  describe('a full disk', () => {
    test('keeps the record of the permissions that a killed run left, and the permissions are restored', async () => {
      await using folder = await tempFolder();
      const dolt = folder.file('local', '.dolt');
      const record = join(dolt, 'dolt-federation-mode.json');
      await mkdir(dolt, { recursive: true, mode: 0o700 });
      const text = '{"mode":493,"by":"killed"}';
      await writeFile(record, text);
      // With a limit of 0 for the size of files, each write fails.
      const guard = async (ending: string) => {
        const script = `import { guardFiles, restoreModes } from ${JSON.stringify(cli.compiled('dolt/server/guarded-files'))};
          const database = ${JSON.stringify(folder.file('local'))};
          const guarded = await guardFiles(database, await guardFiles(database)); ${ending}`;
        const { stderr } = await cli.shell('ulimit -f 0; "$NODE" --input-type=module -e "$SCRIPT"', {
          env: { NODE: process.execPath, SCRIPT: script },
        });
        expect(stderr).toBe('');
      };
      await guard('');
      expect(await readFile(record, 'utf8')).toBe(text);
      await guard('await restoreModes(guarded);');
      expect((await stat(dolt)).mode & 0o777).toBe(0o755);
      expect(await readdir(dolt)).toEqual([]);
    });

    test('under the database fails the fetch as disk-full, damages nothing, and the next run succeeds', async () => {
      await using folder = await tempFolder();
      const local = await makeDatabase(folder.file('local'));
      await local.dolt('remote', 'add', 'box', `file://${folder.file('box')}`);
      await local.dolt('push', 'box', 'main');
      const other = await cloneDatabase(`file://${folder.file('box')}`, folder.file('other'));
      const bulk = await other.commit('bulk', ...BULK);
      await other.dolt('push', 'origin', 'main');
      await cp(folder.file('box'), folder.file('later'), { recursive: true });
      const later = await other.commit('later', "UPDATE items SET title = 'later' WHERE id = 1");
      await other.publish(`file://${folder.file('later')}`);
      const ours =
        "INSERT INTO items VALUES (9, 'nine', 'ann'); CALL DOLT_COMMIT('-Am', 'ours', '--author', 'A <a@x>')";
      const step = await withSmallDisk(
        { folder, cli },
        { box: `file://${folder.file('box')}`, vault: `file://${folder.file('vault')}` },
        `mount -t tmpfs -o size=4m tmpfs small
         cp -r local small/local; LOCAL=small/local
         ${FILL}; truncate -s -100K small/fill
         sync full
         rm small/fill
         sync roomy
         cp -r small/local after
         rm -r box; mv later box
         ${testDolt()} --data-dir small/local sql -q ${quote(ours)}
         for free in 8 20 32; do
           ${FILL}; truncate -s -"$free"K small/fill; sync "narrow-$free"; rm small/fill
         done
         sync last
         cp -r small/local last`,
      );
      const full = await step('full');
      expect(full.code).toBe(3);
      expect(full.result.peers).toMatchObject([
        {
          name: 'box',
          status: 'failed',
          error: { code: 'disk-full', message: expect.stringContaining('small/local') },
        },
        { name: 'vault', verified: true },
      ]);
      expect(await step('roomy')).toMatchObject({ code: 0, result: { status: 'success', head: bulk } });
      const after = openTestDatabase(folder.file('after'));
      expect(await after.dolt('fsck')).toContain('No problems found');
      expect(await after.rows('SELECT name FROM dolt_branches')).toEqual([{ name: 'main' }]);
      const files = (await readdir(folder.file('after', '.dolt'), { recursive: true })).filter((name) =>
        /nbs_(table|manifest)|\.\d{6,}$/.test(name),
      );
      expect(files).toEqual([]);

      // With some room left, Dolt ends itself in the middle of the merge or of the move.
      for (const free of [8, 20, 32]) {
        const { code, result } = await step(`narrow-${free}`);
        const codes = (result.peers ?? []).flatMap(({ error }) => error?.code ?? []);
        expect([free, code === 0, [...codes, ...(result.error ? [result.error.code] : [])]]).toEqual([
          free,
          false,
          expect.arrayContaining(['disk-full']),
        ]);
        expect(JSON.stringify(result)).not.toContain('engine-lost');
      }
      expect(await step('last')).toMatchObject({
        code: 0,
        result: { peers: [{ verified: true }, { verified: true }] },
      });
      const last = openTestDatabase(folder.file('last'));
      expect(await last.dolt('fsck')).toContain('No problems found');
      expect(await last.rows(`SELECT title FROM items AS OF '${later}' WHERE id = 1`)).toEqual([{ title: 'later' }]);
      expect(await last.rows('SELECT title FROM items WHERE id IN (1, 9) ORDER BY id')).toEqual([
        { title: 'later' },
        { title: 'nine' },
      ]);
    });

    test('at a peer fails that peer, keeps its data, and accepts the push after space is freed', async () => {
      await using folder = await tempFolder();
      const local = await makeDatabase(folder.file('local'));
      const step = await withSmallDisk(
        { folder, cli },
        { full: `file://${folder.file('small', 'box')}`, vault: `file://${folder.file('vault')}` },
        `mount -t tmpfs -o size=4m tmpfs small; LOCAL=local
         sync first
         ${FILL}
         ${testDolt()} --data-dir local sql -q ${quote(`${BULK.join(';')}; CALL DOLT_COMMIT('-Am', 'bulk', '--author', 'A <a@x>')`)}
         sync full
         cp -r small/box at-full
         rm small/fill
         sync roomy`,
      );
      const first = await step('first');
      expect(first.code).toBe(0);
      const full = await step('full');
      expect(full.code).toBe(3);
      expect(full.result.peers).toMatchObject([
        { name: 'full', status: 'failed', verified: false, error: { code: 'disk-full' } },
        { name: 'vault', status: 'pushed', verified: true },
      ]);
      const kept = await cloneDatabase(`file://${folder.file('at-full')}`, folder.file('kept'));
      expect(await kept.head()).toBe(first.result.head);
      expect(await step('roomy')).toMatchObject({
        code: 0,
        result: {
          head: await local.head(),
          peers: [{ name: 'full', status: 'pushed', verified: true }, { verified: true }],
        },
      });
    });

    test('under the temporary folder or a clone is reported, and leaves no incomplete file', async () => {
      await using folder = await tempFolder();
      const local = await makeDatabase(folder.file('local'));
      await local.commit('bulk', ...BULK);
      await local.dolt('remote', 'add', 'box', `file://${folder.file('box')}`);
      await local.dolt('push', 'box', 'main');
      const step = await withSmallDisk(
        { folder, cli },
        { box: `file://${folder.file('box')}` },
        `mount -t tmpfs -o size=1m tmpfs small; mkdir small/cache; export XDG_CACHE_HOME=$PWD/small/cache
         ${FILL}
         LOCAL=local sync temp
         export XDG_CACHE_HOME=$PWD/cache; truncate -s -100K small/fill
         LOCAL=small/clone sync clone --bootstrap box
         ls -A small > small.txt`,
      );
      expect(await step('temp')).toMatchObject({ code: 1, result: { error: { code: 'disk-full' } } });
      expect(await step('clone')).toMatchObject({ code: 1, result: { error: { code: 'disk-full' } } });
      expect(await readFile(folder.file('small.txt'), 'utf8')).toBe('cache\nfill\n');
    });

    test('under the configuration keeps the complete old file', async () => {
      await using folder = await tempFolder();
      const step = await withSmallDisk(
        { folder, cli },
        {},
        `mount -t tmpfs -o size=64k tmpfs small
         printf 'federation:\\n  peers:\\n    box: file:///srv/box\\n' > small/c.yaml; cp small/c.yaml before.yaml
         ${FILL}
         code=0
         ${process.execPath} ${cli.path} add-peer two file:///srv/two --json --config small/c.yaml > add.json || code=$?
         echo $code > add.code
         cmp small/c.yaml before.yaml
         ls -A small > small.txt`,
      );
      expect(await step('add')).toMatchObject({
        code: 2,
        result: { error: { code: 'config-unreadable', message: expect.stringContaining('ENOSPC') } },
      });
      expect(await readFile(folder.file('small.txt'), 'utf8')).toBe('c.yaml\nfill\n');
    });
  });

  describe('a disk that is mounted read-only', () => {
    test('under the database refuses a run with the fix, is reported by doctor, and allows a dry run', async () => {
      await using folder = await tempFolder();
      await makeDatabase(folder.file('local'));
      const step = await withSmallDisk(
        { folder, cli },
        { box: `file://${folder.file('box')}` },
        `mount --bind local small; mount -o remount,ro,bind small
         LOCAL=small
         sync one
         sync dry --dry-run
         code=0
         ${process.execPath} ${cli.path} doctor --json --config c.yaml --database small > look.json || code=$?
         echo $code > look.code`,
      );
      expect(await step('dry')).toMatchObject({ code: 0, result: { peers: [{ name: 'box', state: 'remote-empty' }] } });
      expect(await step('look')).toMatchObject({
        code: 1,
        result: {
          checks: expect.arrayContaining([
            expect.objectContaining({
              check: 'database',
              status: 'missing',
              message: `${folder.file('small', '.dolt', 'noms')} cannot be written: EROFS`,
            }),
          ]),
        },
      });
      expect(await step('one')).toMatchObject({
        code: 1,
        result: {
          error: {
            code: 'database-read-only',
            message: expect.stringContaining(folder.file('small')),
            hint: expect.stringContaining('mounted read-only'),
          },
        },
      });
      expect(await readdir(folder.path)).not.toContain('box');
    });

    test('at a peer allows fetch and merge, and fails only the push', async () => {
      await using folder = await tempFolder();
      const local = await makeDatabase(folder.file('local'));
      await local.dolt('remote', 'add', 'box', `file://${folder.file('box')}`);
      await local.dolt('push', 'box', 'main');
      const other = await cloneDatabase(`file://${folder.file('box')}`, folder.file('other'));
      await other.commit('theirs', "INSERT INTO items VALUES (7, 'seven', 'eve')");
      await other.dolt('push', 'origin', 'main');
      await local.commit('ours', "INSERT INTO items VALUES (8, 'eight', 'ann')");
      const step = await withSmallDisk(
        { folder, cli },
        { ro: `file://${folder.file('small')}`, vault: `file://${folder.file('vault')}` },
        `mount --bind box small; mount -o remount,ro,bind small
         LOCAL=local sync one`,
      );
      const { code, result } = await step('one');
      expect(code).toBe(3);
      expect(result.peers).toMatchObject([
        { name: 'ro', state: 'diverged', status: 'failed', error: { code: 'read-only' } },
        { name: 'vault', status: 'pushed', verified: true },
      ]);
      expect(result.head).toBe(await local.head());
      expect(await local.rows('SELECT id FROM items WHERE id > 6 ORDER BY id')).toEqual([{ id: 7 }, { id: 8 }]);
    });
  });
}
