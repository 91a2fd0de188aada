import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { demoResultSchema } from '../../src/contract/result.ts';
import { readEnv } from '../../src/core/env.ts';
import type { ProgressEvent } from '../../src/core/logger.ts';
import { PLAIN_STYLE } from '../../src/report/text/table.ts';
import { prepared } from '../helpers/command-line.ts';
import { commandContext } from '../helpers/configuring.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('the demo shows three databases before and after, ends with one head, and removes its files', async () => {
  await using folder = await tempFolder();
  const said: string[] = [];
  const info = (message: string): void => void said.push(message);
  const context = {
    ...commandContext(folder.path, { env: { PATH: readEnv()['PATH'] ?? '' } }),
    ceiling: null,
    tempDir: folder.path,
    log: { debug() {}, info, warning: info },
    onProgress: (event: ProgressEvent) => info(JSON.stringify(event)),
  };
  const { exitCode, rendered } = await prepared(['demo', '--dolt-path', testDolt()]).run(context);
  expect(exitCode).toBe(0);
  const { towns } = demoResultSchema.parse(rendered.json);
  expect(towns.map(({ name }) => name)).toEqual(['north', 'south', 'west']);
  const heads = new Set(towns.map(({ result }) => result.head));
  expect(heads.size).toBe(1);

  const text = rendered.text({ ...PLAIN_STYLE, showOrigin: false });
  expect(text.match(/^(?:north|south|west)$/gm)).toEqual(['north', 'south', 'west']);
  expect(text.match(/^ {2}well-1 .*$/gm)?.map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['well-1', 'Dig a well', 'closed', '-'],
    ['well-1', 'Dig a well', 'open', 'sam'],
    ['well-1', 'Dig a well', 'open', '-'],
    ['well-1', 'Dig a well', 'closed', 'sam'],
  ]);
  expect(text).toContain(`All 3 are at one head: ${[...heads][0]}`);
  expect(said.length).toBeLessThan(10);
  expect((await readdir(folder.path)).filter((name) => name.startsWith('df-demo-'))).toEqual([]);
});
