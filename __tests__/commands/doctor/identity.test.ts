import { expect, test } from '@jest/globals';
import { checkIdentity } from '../../../src/commands/doctor/identity-check.ts';
import { commandContext, configure } from '../../helpers/configuring.ts';
import { ENV } from '../../helpers/examining.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

test('the committer of uncommitted changes is checked only if a run would commit them', async () => {
  await using folder = await tempFolder();
  const check = (dirty: string, more = {}) =>
    checkIdentity(
      null,
      configure(`federation: {dirty: ${dirty}}`),
      commandContext(folder.path, { env: { ...ENV, ...more } }),
    );
  const gil = { GIT_AUTHOR_NAME: 'Gil', GIT_AUTHOR_EMAIL: 'gil@example.org' };
  expect(await check('allow')).toEqual([]);
  expect(await check('commit', gil)).toMatchObject([
    { check: 'identity', status: 'ok', message: 'uncommitted changes are committed by Gil <gil@example.org>' },
  ]);
  expect(await check('commit')).toMatchObject([
    {
      status: 'missing',
      message: expect.stringMatching(/^neither Dolt nor git/),
      cure: expect.stringMatching(/--add/),
    },
  ]);
});
