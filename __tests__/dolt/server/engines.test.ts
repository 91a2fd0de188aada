import { copyFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { readEnv } from '../../../src/core/env.ts';
import { Failure } from '../../../src/core/failure.ts';
import { Secrets } from '../../../src/core/secrets.ts';
import { createEngineCredentials, NO_CREDENTIALS } from '../../../src/dolt/engine-credentials.ts';
import { type Engine, type Engines, openEngines } from '../../../src/dolt/server/engines.ts';
import { storedFiles } from '../../../src/dolt/store/stored-files.ts';
import { NOWHERE } from '../../../src/egress/host-rule.ts';
import { makeDatabase, openTestDatabase } from '../../helpers/database.ts';
import { testDolt } from '../../helpers/dolt-binary.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

const limit = (milliseconds: number) => ({ milliseconds, failure: () => new Failure('timeout', 'too slow') });
const count = z.object({ n: z.coerce.number() });
const sleep = (engine: Engine, seconds: number, milliseconds: number) =>
  engine.operation(limit(milliseconds), NOWHERE, (sql) => sql.run(`SELECT SLEEP(${seconds})`));
const one = (engine: Engine) => engine.database.rows(count, 'SELECT 1 AS n');

async function withDatabase(
  work: (engines: Engines, folder: TempFolder) => Promise<void>,
  signal = new AbortController().signal,
): Promise<void> {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const engines = openEngines(
    {
      env: readEnv(),
      userHome: true,
      tempDir: folder.file('tmp'),
      signal,
      onResource() {},
      secrets: new Secrets(),
    },
    { dolt: testDolt(), database: folder.file('local') },
    3,
  );
  await work(engines, folder).finally(() => engines.close());
  expect(await readdir(folder.file('tmp'))).toEqual([]);
}

describe('an operation that takes too long', () => {
  test('ends alone: the other operations of its engine continue', async () => {
    await withDatabase((engines) =>
      engines.use(NO_CREDENTIALS, async (engine) => {
        const slow = sleep(engine, 60, 100);
        const other = sleep(engine, 1, 60_000);
        await expect(slow).rejects.toMatchObject({ code: 'timeout' });
        await expect(other).resolves.toBeUndefined();
        expect(engine.hasEnded()).toBe(false);
      }),
    );
  });

  test('ends its engine if programs may live on, and the next use gets another engine', async () => {
    await withDatabase(async (engines) => {
      const engineCredentials = createEngineCredentials({ startsPrograms: true });
      await engines.use(engineCredentials, async (engine) => {
        const slow = sleep(engine, 60, 100);
        const other = sleep(engine, 60, 60_000);
        const failures = Promise.allSettled([slow, other]);
        expect(await failures).toMatchObject([{ reason: { code: 'timeout' } }, { reason: { code: 'engine-lost' } }]);
        expect(engine.hasEnded()).toBe(true);
      });
      await engines.use(engineCredentials, async (engine) => expect(await one(engine)).toEqual([{ n: 1 }]));
    });
  });

  test('but finishes within its limit is not ended', async () => {
    await withDatabase((engines) =>
      engines.use(NO_CREDENTIALS, async (engine) => {
        await sleep(engine, 0, 60_000);
        await expect(engine.operation(limit(60_000), NOWHERE, (sql) => sql.run('SELECT nothing'))).rejects.toThrow(
          /nothing/,
        );
      }),
    );
  });
});

describe('the engines of a run', () => {
  test('stay open for equal credentials and are replaced for others', async () => {
    await withDatabase(async (engines) => {
      const ids: number[] = [];
      const note = (engine: Engine) =>
        engine.operation(limit(60_000), NOWHERE, async (sql) => {
          ids.push((await sql.rows(count, 'SELECT CONNECTION_ID() AS n'))[0]?.n ?? 0);
        });
      await engines.use(NO_CREDENTIALS, note);
      await engines.use(createEngineCredentials({}), note);
      await engines.use(createEngineCredentials({ variables: () => ({ DOLT_REMOTE_PASSWORD: 'secret' }) }), note);
      expect(ids[1]).toBeGreaterThan(ids[0] ?? 0);
      // Another server counts its connections from one again.
      expect(ids[2]).toBeLessThanOrEqual(ids[1] ?? 0);
    });
  });

  test('show whether one still reads a file that was replaced', async () => {
    await withDatabase(async (engines, folder) => {
      await openTestDatabase(folder.file('local')).dolt('gc');
      await engines.use(NO_CREDENTIALS, async (engine) => {
        expect(await engine.readsReplacedFiles()).toBe(process.platform === 'linux' ? false : null);
        const [path = ''] = (await storedFiles(folder.file('local'))).keys();
        const file = join(folder.file('local'), '.dolt', path);
        await copyFile(file, `${file}.copy`);
        await rename(`${file}.copy`, file);
        expect(await engine.readsReplacedFiles()).toBe(process.platform === 'linux' ? true : null);
      });
    });
  });

  test('end running statements on an interruption', async () => {
    const controller = new AbortController();
    await withDatabase(async (engines) => {
      const working = engines.use(NO_CREDENTIALS, async (engine) => {
        const slow = sleep(engine, 60, 60_000);
        controller.abort();
        await slow;
      });
      await expect(working).rejects.toMatchObject({ code: 'interrupted' });
    }, controller.signal);
  });
});
