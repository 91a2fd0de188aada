import { expect, test } from '@jest/globals';
import { requireMatch } from '../../../src/config/endpoint/allow-list.ts';
import { parseEndpoint } from '../../../src/config/endpoint/parse.ts';
import { whyNeverMatches } from '../../../src/config/endpoint/pattern-reach.ts';

test.each([
  ['https://h/*', null],
  ['http*://h/*', null],
  ['*://*/*', null],
  ['*:///srv/*', null],
  ['https://files.example', null],
  ['https://[a-z]*/x', null],
  ['https://\\H/x', null],
  ['git+ssh://git.example/./data/*', null],
  ['file:///srv/*', null],
  ['aws://\\[t:b\\]/x', null],
  ['mysql://127.0.0.1:3306/', null],
  ['mysql://[::1]:3306/*', null],
  ['mysql://*/a%', null],
  ['mysql:///x', 'names no host'],
  ['mysql://root@h:3306/x', 'contains a user'],
  ['mysql://H:3306/x', 'not in lower case'],
  ['HTTPS://h/*', 'has a scheme that is not in lower case'],
  ['htps://h/*', 'does not start with a scheme'],
  ['/srv/*', 'does not start with a scheme'],
  ['git@h:x', 'does not start with a scheme'],
  ['file:/srv/*', 'has no "//"'],
  ['https:', 'has no "//"'],
  ['file://srv/x', 'names a host'],
  ['https:///x', 'names no host'],
  ['https://h//x', 'has an empty part'],
  ['https://h/x/', 'has an empty part'],
  ['https://u@h/x', 'contains a user'],
  ['https://H/x', 'not in lower case'],
  ['ssh://h:22/x', 'the default port 22'],
  ['https://h/a%20b', 'contains "%"'],
])('%s', (pattern, why) => {
  if (why === null) expect(whyNeverMatches(pattern)).toBeNull();
  else expect(whyNeverMatches(pattern)).toContain(why);
});

test.each([
  'https://H:443/a',
  'ssh://u@h:22/a',
  'file:///a/b',
  'dolthub://Org/repo',
  's3://B/x',
  'git@h:a',
  'oci://b/x',
])('the canonical form of %s is never refused as a pattern', (endpoint) => {
  const options = { dolthubHost: 'doltremoteapi.dolthub.com', allowInsecure: false };
  const { canonical } = parseEndpoint(endpoint, options);
  expect(() => requireMatch(canonical, [canonical])).not.toThrow();
  expect(whyNeverMatches(canonical)).toBeNull();
});
