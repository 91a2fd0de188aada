import { expect, test } from '@jest/globals';
import { jobSecrets } from '../../src/credentials/secret-texts.ts';

test('the secrets of the job are hidden: its cloud keys except short ones, and its token in plain text and as git sends it', () => {
  const env = {
    ...{ AWS_ACCESS_KEY_ID: 'an-id', AWS_SECRET_ACCESS_KEY: 'test', AWS_SESSION_TOKEN: 'a-session!' },
    ...{ AZURE_CLIENT_ID: 'a-client', AZURE_CLIENT_SECRET: 'a-secret', HOME: '/home/me' },
  };
  const bare = Buffer.from('x-access-token:a-token').toString('base64url');
  const header = `${bare}==`;
  expect([...jobSecrets(env, 'a-token')].sort()).toEqual(
    ['a-secret', 'a-session!', 'a-session%21', 'a-token', bare, header, encodeURIComponent(header)].sort(),
  );
  // The header of this token is `…8/Pz4+a2Vu`: parts of a URL contain `-` and `_` instead.
  const urlSafe = Buffer.from('x-access-token:to??>>ken').toString('base64url');
  expect(jobSecrets({}, 'to??>>ken')).toContain(urlSafe);
  expect([...jobSecrets({}, undefined), ...jobSecrets({ AWS_SESSION_TOKEN: '' }, '')]).toEqual([]);
});
