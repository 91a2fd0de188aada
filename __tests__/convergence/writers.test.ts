import { cp } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { allOf } from '../../bench/races/merges.ts';
import { type Lap, lap, syncUntilStable } from '../../bench/races/race.ts';
import { editOf } from '../../bench/races/race-edit.ts';
import type { Racer } from '../../bench/races/racers.ts';
import type { Peer } from '../../src/config/configuration.ts';
import { makeScene } from '../helpers/convergence/scene.ts';
import { cloneDatabase, openTestDatabase } from '../helpers/database.ts';
import { federateIn, filePeer, inDatabase, withEngines } from '../helpers/federating.ts';
import { timesCases } from '../helpers/property.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const WRITERS = 4;
const LOOPS = timesCases(2);

interface Remote extends AsyncDisposable {
  readonly url: string;
}

const REMOTES: readonly { readonly kind: string; readonly start: (folder: TempFolder) => Promise<Remote> }[] = [
  {
    kind: 'file://',
    start: async (folder) => ({ url: `file://${folder.file('shared')}`, [Symbol.asyncDispose]: async () => undefined }),
  },
  {
    kind: 'http://',
    start: async (folder) => {
      const server = await startRemotesrv(folder.path);
      return { url: `${server.url}/org/shared`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
    },
  },
];

function peerAt(url: string): Peer {
  if (url.startsWith('file://')) return filePeer('shared', url.slice('file://'.length));
  const peer = filePeer('shared', '');
  return { ...peer, endpoint: { written: url, canonical: url, dolt: url, kind: 'http', folder: null } };
}

/** Edits and syncs repeatedly, without waiting for the others. */
async function writeInALoop(writer: Racer, tempDir: string): Promise<Lap[]> {
  const laps: Lap[] = [];
  for (let number = 0; number < LOOPS; number += 1) {
    laps.push(
      await withEngines(writer.path, tempDir, async (engines) => {
        await inDatabase(engines, (database) => editOf(number)(database, writer));
        return await lap(engines, writer);
      }),
    );
  }
  return laps;
}

describe.each(REMOTES)('four concurrent writers on one remote over $kind', ({ start }) => {
  test(
    'lose no commit: every database has all commits, and all storage is intact',
    async () => {
      await using folder = await tempFolder();
      await using remote = await start(folder);
      const scene = await makeScene(folder);
      const tempDir = folder.file('tmp');
      const peers = [peerAt(remote.url)];
      await withEngines(folder.file('base'), tempDir, (engines) => federateIn(engines, { peers }));
      const writers: Racer[] = [];
      for (let number = 0; number < WRITERS; number += 1) {
        const writer = { name: `w${number}`, path: folder.file(`w${number}`), peers };
        await cp(folder.file('base'), writer.path, { recursive: true });
        writers.push(writer);
      }

      const laps = (await Promise.all(writers.map((writer) => writeInALoop(writer, tempDir)))).flat();
      // A database that lost the race too often reports it, and sends its commits with the next run.
      expect(laps.flatMap(({ failures }) => failures).filter((code) => code !== 'non-fast-forward')).toEqual([]);

      const { laps: ends, commits } = await syncUntilStable(writers, tempDir);
      expect(ends.flatMap(({ failures }) => failures)).toEqual([]);
      expect(new Set(ends.map(({ head }) => head)).size).toBe(1);
      const clone = await cloneDatabase(remote.url, folder.file('clone'));
      const all = allOf(commits);
      expect(all.genuine.size).toBe(1 + WRITERS * LOOPS);
      expect(all.genuine).toContain(scene.first.commit);
      for (const { genuine } of commits) expect(genuine).toEqual(all.genuine);
      const rows = "SELECT DOLT_HASHOF('main') AS head, (SELECT COUNT(*) FROM plain WHERE note LIKE 'race%') AS n";
      for (const local of [...writers.map(({ path }) => openTestDatabase(path)), clone]) {
        expect(await local.rows(rows)).toEqual([{ head: ends[0]?.head, n: WRITERS * LOOPS }]);
      }
      for (const path of [...writers.map((writer) => writer.path), clone.path]) {
        expect(await openTestDatabase(path).dolt('fsck')).toContain('No problems found');
      }
    },
    240_000 + timesCases(60_000),
  );
});
