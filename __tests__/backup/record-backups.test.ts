import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { Drilled } from '../../src/commands/backup/drill-copies.ts';
import { failLongUnproven, historyAfter, recordBackups } from '../../src/commands/backup/record-backups.ts';
import { folderBytes } from '../../src/commands/backup/sizes.ts';
import { unitedHeads } from '../../src/commands/prepare/cache/heads.ts';
import { placeOf } from '../../src/commands/prepare/last-verified.ts';
import {
  addBackups,
  EMPTY_STATE,
  findBackup,
  readStateFile,
  remember,
  stateFilePath,
  writeStateFile,
} from '../../src/sync/history/last-verified.ts';
import { newPeerPlan } from '../../src/sync/peer-plan.ts';
import { newPeerProgress } from '../../src/sync/peer-progress.ts';
import { ENV } from '../helpers/examining.ts';
import { filePeer } from '../helpers/federating.ts';
import { HEAD } from '../helpers/results.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const NOW = new Date('2026-11-25T20:46:12.345Z');
const EARLIER = '2026-11-20T20:46:12.345Z';
const DAY_MS = 86_400_000;

test.each([
  [
    'a proof',
    { drilled: true, proven: true },
    { provenAt: EARLIER, since: 3 },
    { provenAt: NOW.toISOString(), since: 0 },
  ],
  [
    'the drill of another peer',
    { drilled: true, proven: false },
    { provenAt: EARLIER, since: 3 },
    { provenAt: EARLIER, since: 4 },
  ],
  ['the first drill of another peer', { drilled: true, proven: false }, null, { provenAt: null, since: 1 }],
  [
    'a run without drills, after one with a drill',
    { drilled: false, proven: false },
    { provenAt: EARLIER, since: 3 },
    { provenAt: EARLIER, since: 3 },
  ],
  ['a run without drills, without an earlier drill', { drilled: false, proven: false }, null, null],
] as const)('the history of drills after %s', (_, run, before, after) => {
  expect(historyAfter(before, { ...run, now: NOW })).toEqual(after);
});

test('a proof is recorded after what another run recorded last, also beside an unusable file of another user', async () => {
  await using folder = await tempFolder();
  await mkdir(folder.file('.dolt'));
  const [progress, other] = ['box', 'other'].map((name) =>
    newPeerProgress(newPeerPlan({ peer: filePeer(name, `/srv/${name}`), actions: null, branch: 'main' })),
  );
  if (progress === undefined || other === undefined) throw new Error('no peers');
  const place = placeOf(progress, 'main', HEAD);
  const known = remember(EMPTY_STATE, [{ place, name: 'box', head: HEAD, verifiedAt: EARLIER }]);
  const record = { drills: { provenAt: EARLIER, since: 3 } };
  await writeStateFile(folder.path, addBackups(known, [{ place, record }]));
  const contained = unitedHeads([]);
  const unusable = [{ severity: 'warning', code: 'memory-unusable', message: 'of another user' }] as const;
  const backups = await recordBackups(
    { state: { folder: folder.path, other: null, env: ENV } },
    {
      branch: 'main',
      lastVerified: { root: HEAD, known: [], dropped: [], cached: [], contained, before: EMPTY_STATE, unusable },
    },
    { targets: [progress], drills: new Map([[other, { kind: 'unproven', durationMs: 1 }]]) },
    NOW,
  );
  const drills = { provenAt: EARLIER, since: 4 };
  expect(backups.get(progress)).toEqual({ bytes: null, growth: null, drills });
  expect(findBackup((await readStateFile(folder.path)).stateFile, place)?.drills).toEqual(drills);
});

test('sizes and proofs stay in the state file only for peers with an entry', async () => {
  await using folder = await tempFolder();
  await mkdir(folder.file('.dolt'));
  const place = { root: HEAD, endpoint: 'file:///srv/box', ref: null, branch: 'main', local: 'main' };
  const drills = { provenAt: EARLIER, since: 2 };
  const size = { bytes: 12, of: 'folder' } as const;
  const elsewhere = { ...place, branch: 'work' };
  const found = { place, name: 'box', head: HEAD, verifiedAt: EARLIER };
  const state = addBackups(remember(EMPTY_STATE, [found]), [
    { place, record: { size, drills } },
    { place: elsewhere, record: { drills } },
  ]);
  const later = remember(addBackups(state, [{ place, record: { drills: { ...drills, since: 3 } } }]), [found]);
  await writeStateFile(folder.path, later);
  const { stateFile, warning } = await readStateFile(folder.path);
  expect([findBackup(stateFile, place), findBackup(stateFile, elsewhere), warning]).toEqual([
    { size, drills: { ...drills, since: 3 } },
    null,
    null,
  ]);
  await writeFile(stateFilePath(folder.path), JSON.stringify({ version: 2, peers: [{ ...found, drills: 1 }] }));
  expect((await readStateFile(folder.path)).warning).not.toBeNull();
});

const PROVEN: Drilled = {
  ...{ kind: 'proven', commit: HEAD, databaseHash: HEAD, tables: null },
  ...{ head: HEAD, bytes: 1, durationMs: 1 },
};

describe('a backup that cannot be read for now', () => {
  const failureAfter = (
    provenAt: string | null,
    staleAfterMs: number | undefined,
    kind: 'unproven' | 'proven' = 'unproven',
  ) => {
    const progress = newPeerProgress(
      newPeerPlan({ peer: filePeer('vault', '/srv/vault'), actions: null, branch: 'main' }),
    );
    const drill: Drilled = kind === 'proven' ? PROVEN : { kind, durationMs: 1 };
    const known = new Map([[progress, { bytes: null, growth: null, drills: { provenAt, since: 1 } }]]);
    failLongUnproven({ drills: new Map([[progress, drill]]), notDrilled: null }, known, staleAfterMs, NOW);
    return progress.failure;
  };

  test('fails after `stale-after` if an earlier run proved it', () => {
    expect(failureAfter(EARLIER, 4 * DAY_MS)).toMatchObject({
      ...{ code: 'drill-unproven', message: expect.stringContaining('vault could not be read, and was last proven') },
    });
  });

  test('does not fail before `stale-after`, without that option, or if no run proved it', () => {
    expect([failureAfter(EARLIER, 6 * DAY_MS), failureAfter(EARLIER, undefined), failureAfter(null, DAY_MS)]).toEqual([
      null,
      null,
      null,
    ]);
    expect(failureAfter(EARLIER, DAY_MS, 'proven')).toBeNull();
  });
});

test('the measurement of a folder ends at the limits of time and number of files', async () => {
  await using folder = await tempFolder();
  await mkdir(folder.file('in', 'deep'), { recursive: true });
  for (const name of ['a', 'b', 'deep/c']) await writeFile(folder.file('in', name), '12345');
  const within = { files: 4, milliseconds: 60_000 };
  expect(await folderBytes(folder.file('in'), within)).toBe(15);
  expect(await folderBytes(folder.file('in'), { ...within, files: 3 })).toBeNull();
  expect(await folderBytes(folder.file('in'), { ...within, milliseconds: 0 })).toBeNull();
});
