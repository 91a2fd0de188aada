import { expect, test } from '@jest/globals';
import { readRunner } from '../../../src/frontends/action/context.ts';
import { failureOf } from '../../helpers/thrown.ts';

const env = { GITHUB_WORKSPACE: '/w', RUNNER_TEMP: '/t', RUNNER_TOOL_CACHE: '/c' };

test('the variables of a runner are read', () => {
  const eventVariables = { GITHUB_EVENT_NAME: 'push', GITHUB_REF: 'refs/heads/x', GITHUB_EVENT_PATH: '/e.json' };
  const folders = { workspace: '/w', tempDir: '/t', toolCacheDir: '/c' };
  expect(readRunner({ ...env, ...eventVariables })).toEqual({
    ...folders,
    ...{ eventName: 'push', ref: 'refs/heads/x', eventPath: '/e.json' },
  });
  expect(readRunner(env)).toEqual({ ...folders, eventName: '', ref: '', eventPath: null });
});

test.each(Object.keys(env))('an environment without %s is not a runner', async (name) => {
  const { [name]: _, ...rest } = { ...env } as Record<string, string>;
  const failure = await failureOf(() => readRunner(rest));
  expect(failure).toMatchObject({ code: 'bad-usage', hint: expect.stringContaining('command-line tool') });
  expect(failure.message).toContain(name);
});
