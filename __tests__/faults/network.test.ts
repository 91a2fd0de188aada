import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import { cross } from '../helpers/faults/crossing.ts';
import { FAR_KINDS, startFarServer } from '../helpers/faults/far-servers.ts';
import { crossingsAt } from '../helpers/faults/faults.ts';
import { wantsAll } from '../helpers/faults/moments.ts';
import { type FaultRow, noteRow } from '../helpers/faults/rows.ts';
import { makeScene, type Scene } from '../helpers/faults/scene.ts';
import { startToxiproxy } from '../helpers/servers/toxiproxy.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** Most of the time is waiting, so several operations can cross their faults at the same time. */
const SIDE_BY_SIDE = 6;
const ALL_MS = 600_000;

let made: TempFolder;
let scene: Scene;

beforeAll(async () => {
  made = await tempFolder();
  scene = await makeScene(made);
});

afterAll(async () => {
  await made[Symbol.asyncDispose]();
});

describe.each(FAR_KINDS)('a fault on the way to %s', (kind) => {
  const crossings = crossingsAt(kind, { all: wantsAll() }).map((crossing) => ({
    ...crossing,
    names: crossing.faults.map(({ name }) => `${name}, ${crossing.operation}`),
  }));
  const rows = new Map<string, Promise<FaultRow | Error>>();
  const opened: AsyncDisposable[] = [];
  const open = <T extends AsyncDisposable>(resource: T): T => {
    opened.unshift(resource);
    return resource;
  };

  beforeAll(async () => {
    const folder = open(await tempFolder());
    const far = open(await startFarServer(kind, folder.path, scene.far));
    const toxiproxy = open(await startToxiproxy(folder.path));
    const limit = pLimit(SIDE_BY_SIDE);
    for (const [index, { faults, operation, names }] of crossings.entries()) {
      const crossing = { faults, operation, far, scene, toxiproxy, place: folder.file('c', String(index)) };
      const crossed = limit(() => cross(crossing));
      for (const [lane, name] of names.entries()) {
        const row = crossed.then((all) => all[lane] ?? new Error(`${name} has no row`));
        rows.set(
          name,
          row.catch((thrown: unknown) => new Error(name, { cause: thrown })),
        );
      }
    }
  }, ALL_MS);

  afterAll(async () => {
    await Promise.all(rows.values());
    for (const resource of opened) await resource[Symbol.asyncDispose]();
  }, ALL_MS);

  test.each(crossings.flatMap(({ names }) => names))(
    'has the expected result: %s',
    async (name) => {
      const row = await rows.get(name);
      if (row === undefined || row instanceof Error) throw row ?? new Error(`${name} was not tried`);
      await noteRow(row);
      expect(row.complaints).toEqual([]);
    },
    ALL_MS,
  );
});
