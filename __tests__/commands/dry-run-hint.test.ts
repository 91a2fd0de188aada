import { expect, test } from '@jest/globals';
import { clash } from '../helpers/clash.ts';
import { command } from '../helpers/commanding.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('the hint of a conflict in a dry run says to sync first, because a dry run records nothing', async () => {
  await using folder = await tempFolder();
  const { peers } = await clash(folder);
  const overrides = { strategy: 'manual' } as const;

  const dry = (await command(folder, peers, { overrides, dryRun: true })).result.peers[0];
  expect(dry?.error).toMatchObject({
    code: 'conflict',
    hint: expect.stringMatching(/^Run `dolt-federation sync` first/),
  });
  const real = (await command(folder, peers, { overrides })).result.peers[0];
  expect(real?.error).toMatchObject({
    code: 'conflict',
    hint: expect.stringMatching(/^Run `dolt-federation resolve`/),
  });
});
