import { expect, test } from '@jest/globals';
import { jobSecrets } from '../../src/credentials/secret-texts.ts';

test('the secrets of the job are hidden: its cloud keys except short ones, and its token in plain text and as git sends it', () => {
  const env = {
    ...{ AWS_ACCESS_KEY_ID: 'an-id', AWS_SECRET_ACCESS_KEY: 'test', AWS_SESSION_TOKEN: 'a-session!' },
    ...{ AZURE_CLIENT_ID: 'a-client', AZURE_CLIENT_SECRET: 'a-secret', HOME: '/home/me' },
  };
  const header = Buffer.from('x-access-token:a-token').toString('base64');
  expect([...jobSecrets(env, 'a-token')].sort()).toEqual(
    ['a-secret', 'a-session!', 'a-session%21', 'a-token', header, encodeURIComponent(header)].sort(),
  );
  expect([...jobSecrets({}, undefined), ...jobSecrets({ AWS_SESSION_TOKEN: '' }, '')]).toEqual([]);
});
