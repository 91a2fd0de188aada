import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { allOf, commitsIn } from '../../bench/races/merges.ts';
import { race, syncUntilStable } from '../../bench/races/race.ts';
import { editOf } from '../../bench/races/race-edit.ts';
import { racersOn } from '../../bench/races/racers.ts';
import { makeScene, type Scene } from '../helpers/convergence/scene.ts';
import { timesCases } from '../helpers/property.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

let folder: TempFolder;
let scene: Scene;

beforeAll(async () => {
  folder = await tempFolder();
  scene = await makeScene(folder);
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

describe('two databases that sync at the same time after an edit of the same cell', () => {
  test.each([
    { meeting: 'read-only mailboxes', races: timesCases(3) },
    { meeting: 'writable mailboxes', races: timesCases(2) },
  ] as const)(
    'over $meeting, $races times: neither database merges a merge',
    async ({ meeting, races }) => {
      const tempDir = folder.file('tmp');
      const racers = await racersOn(scene, { meeting, databases: 2 });
      for (let number = 0; number < races; number += 1) {
        for (const { failures } of await race({ racers, tempDir, edit: editOf(number) })) expect(failures).toEqual([]);
      }
      const racing = await commitsIn(racers, tempDir);
      expect([...racing.empty]).toEqual([]);
      // One merge for every edit that came in; both databases make the same one where they see the same heads.
      expect(racing.merges.size).toBeLessThanOrEqual(2 * races);

      const { laps, commits } = await syncUntilStable(racers, tempDir);
      const stable = allOf(commits);
      expect([...stable.empty]).toEqual([]);
      expect(stable.merges.size - racing.merges.size).toBeLessThanOrEqual(racers.length);
      expect(new Set(laps.map(({ head }) => head)).size).toBe(1);
      // Every database has the two initial commits and all edits.
      expect(stable.genuine.size).toBe(1 + 2 * races);
      expect(commits.map(({ genuine }) => genuine.size)).toEqual(racers.map(() => stable.genuine.size));
    },
    300_000 + timesCases(60_000),
  );
});
