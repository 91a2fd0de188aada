import { expect, test } from '@jest/globals';
import { textFailure } from '../../src/dolt/sql/failure.ts';

test.each(['api error PermanentRedirect: UnknownError', 'api error AuthorizationHeaderMalformed: The region is wrong'])(
  'the hint is about the region of a bucket: %s',
  (text) => {
    expect(textFailure(`operation error S3: PutObject, https response error StatusCode: 301, ${text}`)).toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('`federation.peers.<peer>.aws.region`'),
    });
  },
);

test.each([
  "error: cannot lock ref 'r': Unable to create '/x y/r.lock': File exists.",
  'error: could not lock config file /x y/config: File exists',
])('the hint is about a left lock file and names no path: %s', (text) => {
  const { hint } = textFailure(text);
  expect(hint).toContain('lock file');
  expect(hint).not.toContain('/x y');
});

const OWN_WORDS = /Log in to it with ssh .* print nothing on standard output/;

test.each([
  ['failed to create chunk store: remote: server error: EOF', OWN_WORDS],
  ['failed to create chunk store: remote: Your password has expired.', OWN_WORDS],
  ['Your password has expired.\nfatal: Could not read from remote repository.', OWN_WORDS],
  [
    'failed to create chunk store: remote: ssh: connect to host h port 22: Connection refused',
    /^Check the endpoint, the/,
  ],
  ['Connection closed by 192.0.2.1 port 22\nfatal: Could not read from remote repository.', /^Check the endpoint, the/],
  ['fatal: protocol error: bad line length character: Welc', /^Check the endpoint\. .* print nothing/],
])('the hint of a host behind ssh: %s', (text, hint) => {
  expect(textFailure(text).hint).toMatch(hint);
});
