import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { askCapabilities, doltCapabilities } from '../../src/dolt/capabilities.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type Machine, machine, program } from '../helpers/installing.ts';
import { releaseHost } from '../helpers/release-host.ts';
import { failureOf } from '../helpers/thrown.ts';

const OLD = 'echo "cause: unknown url scheme: \'s3\'" >&2; exit 1';
const NEW = 'echo \'unknown s3 url parameter "dolt-federation-probe"; supported parameters are\' >&2; exit 1';
const VARIABLES = 'echo dolt_committer_date; echo dolt_committer_email; echo dolt_committer_name';

/** A program that answers the two questions and notes each of them. */
async function answers(box: Machine, clone: string, sql = VARIABLES): Promise<string> {
  const noted = `echo "$@" >> ${box.folder.file('asked')}`;
  return program(box.folder.file('dolt'), noted, `case "$1" in clone) ${clone} ;; sql) ${sql} ;; esac`);
}

async function asked(box: Machine): Promise<readonly string[]> {
  return (await readFile(box.folder.file('asked'), 'utf8')).trim().split('\n');
}

describe('the capabilities of a Dolt', () => {
  test('are read from the real Dolt without a connection or a leftover file', async () => {
    await using host = await releaseHost();
    await using box = await machine({
      HTTPS_PROXY: host.url,
      HTTP_PROXY: host.url,
      AWS_ENDPOINT_URL_S3: host.url,
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    });
    expect(await askCapabilities(testDolt(), box.context)).toEqual({ s3: false, committer: true });
    expect(host.connections()).toBe(0);
    expect(await readdir(box.context.tempDir)).toEqual([]);
    expect((await readdir(box.folder.path)).sort()).toEqual(['bin', 'tmp']);
  });

  test.each([
    ['are read from an old version', OLD, VARIABLES, { s3: false, committer: true }],
    ['are read from a new version', NEW, VARIABLES, { s3: true, committer: true }],
    [
      'exclude the committer if the Dolt lacks the variables',
      NEW,
      'echo dolt_committer_name',
      { s3: true, committer: false },
    ],
    [
      'exclude the committer if the Dolt cannot read its variables',
      NEW,
      `${VARIABLES}; exit 1`,
      { s3: true, committer: false },
    ],
  ])('%s', async (_, clone, sql, can) => {
    await using box = await machine();
    expect(await askCapabilities(await answers(box, clone, sql), box.context)).toEqual(can);
  });

  test('are an error if the Dolt gives no known answer', async () => {
    await using box = await machine();
    const failure = await failureOf(askCapabilities(await answers(box, 'echo panic; exit 2'), box.context));
    expect(failure).toMatchObject({ code: 'dolt-not-found', message: expect.stringContaining('"panic') });
  });
});

describe('the cached capabilities', () => {
  test('are used until the executable changes', async () => {
    await using box = await machine();
    const path = await answers(box, OLD);
    expect(await doltCapabilities(path, box.context)).toEqual({ s3: false, committer: true });
    expect(await doltCapabilities(path, box.context)).toEqual({ s3: false, committer: true });
    expect(await asked(box)).toHaveLength(2);
    await answers(box, NEW);
    await appendFile(path, '# another build\n');
    expect((await doltCapabilities(path, box.context)).s3).toBe(true);
    expect(await asked(box)).toHaveLength(4);
  });

  test('are replaced if they are damaged', async () => {
    await using box = await machine();
    const path = await answers(box, NEW);
    await doltCapabilities(path, box.context);
    const folder = box.folder.file('tools', 'dolt-capabilities-1');
    for (const damaged of ['', '{}', '{"s3":"true","committer":true}']) {
      for (const name of await readdir(folder)) await writeFile(`${folder}/${name}`, damaged);
      expect((await doltCapabilities(path, box.context)).s3).toBe(true);
    }
    expect(await asked(box)).toHaveLength(8);
  });

  test('are queried each time if there is no cache', async () => {
    await using box = await machine();
    const path = await answers(box, NEW);
    await writeFile(box.folder.file('tools'), '');
    for (const _ of [1, 2]) expect((await doltCapabilities(path, box.context)).s3).toBe(true);
    expect(await asked(box)).toHaveLength(4);
  });
});
