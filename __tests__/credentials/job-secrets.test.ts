import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { Secrets } from '../../src/core/secrets.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { jobSecrets, secretTexts } from '../../src/credentials/secret-texts.ts';

test('the secrets of the job are hidden: its cloud keys except short ones, and its token in plain text and as git sends it', () => {
  const env = {
    ...{ AWS_ACCESS_KEY_ID: 'an-id', AWS_SECRET_ACCESS_KEY: 'test', AWS_SESSION_TOKEN: 'a-session!' },
    ...{ AZURE_CLIENT_ID: 'a-client', AZURE_CLIENT_SECRET: 'a-secret', HOME: '/home/me' },
  };
  const bare = Buffer.from('x-access-token:a-token').toString('base64url');
  const header = `${bare}==`;
  const texts = [...jobSecrets(env, 'a-token')];
  const inJson = bare + '\\u003d'.repeat(2);
  const plain = [
    'a-secret',
    'a-session!',
    'a-session%21',
    'a-token',
    bare,
    header,
    `${bare}%3D%3D`,
    `${bare}%3d%3d`,
    inJson,
  ];
  expect(texts).toEqual(expect.arrayContaining(plain));
  // Each of those two keys: 2 in hexadecimal digits, 5 in base64 with and without padding, 3 within a longer text. Shorter
  // texts can occur by accident.
  const others = texts.filter((text) => !plain.includes(text));
  expect(others).toHaveLength(2 * (2 + 5 + 3));
  expect(others.filter((text) => text.length < 10)).toEqual([]);
  // The header of this token is `…8/Pz4+a2Vu`: parts of a URL contain `-` and `_` instead.
  const urlSafe = Buffer.from('x-access-token:to??>>ken').toString('base64url');
  expect(jobSecrets({}, 'to??>>ken')).toContain(urlSafe);
  expect([...jobSecrets({}, undefined), ...jobSecrets({ AWS_SESSION_TOKEN: '' }, '')]).toEqual([]);
});

test.each([
  ['URLs with lower-case digits', 'a%2f%22b%2b%3cc%3e%26%27%3d%c3%a4'],
  ['quote of Python', 'a/%22b%2B%3Cc%3E%26%27%3D%C3%A4'],
  ['PathEscape of Go', 'a%2F%22b+%3Cc%3E&%27=%C3%A4'],
  ['the user of a URL', "a%2F%22b+%3Cc%3E&'%3D%C3%A4"],
  ['encodeURI', "a/%22b+%3Cc%3E&'=%C3%A4"],
  ['JSON of Gson', 'a/\\"b+\\u003cc\\u003e\\u0026\\u0027\\u003dä'],
  ['HTML of PHP', 'a/&quot;b+&lt;c&gt;&amp;&#039;=ä'],
  ['JSON of Go', 'a/\\"b+\\u003cc\\u003e\\u0026\'=ä'],
  ['JSON of PHP', 'a\\/\\"b+<c>&\'=\\u00e4'],
  ['JSON of .NET', 'a/\\u0022b\\u002B\\u003Cc\\u003E\\u0026\\u0027=\\u00E4'],
  ['XML', 'a/&quot;b+&lt;c&gt;&amp;&apos;=ä'],
  ['HTML of Go', 'a/&#34;b+&lt;c&gt;&amp;&#39;=ä'],
  ['base64', Buffer.from('a/"b+<c>&\'=ä').toString('base64')],
])('a token is hidden as other encoders write it: %s', (_, spelling) => {
  expect(jobSecrets({}, 'a/"b+<c>&\'=ä')).toContain(spelling);
});

test.each(['0123456789abcdef', 'pass\\word?>~', ' a password with blanks and ä\n'])(
  'a secret is hidden in hexadecimal digits, and in base64 with any user before it: %j',
  (secret) => {
    const secrets = new Secrets();
    for (const text of jobSecrets({}, secret)) secrets.add(text);
    const bytes = Buffer.from(secret.trim());
    for (const text of [bytes.toString('hex'), bytes.toString('hex').toUpperCase()])
      expect(secrets.hide(`0x${text}`)).toBe('0x***');
    const around = [
      ['', ''],
      ['u:', ''],
      ['us:', 'x'],
      ['use:', '\n'],
      ['user:', '"}'],
    ] as const;
    for (const [user, after] of around) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const shown = secrets.hide(Buffer.from(`${user}${secret.trim()}${after}`).toString(encoding));
        // One character has bits of the secret beside others.
        expect(shown).toMatch(/^[^*]{0,7}\*\*\*[^*]{0,6}$/);
      }
    }
  },
);

test.each([64, 76])('a long secret is hidden in base64 over several lines of %d characters', (width) => {
  const secret = `${'0123456789abcdef?>~'.repeat(9)}!`;
  const entry = stringify({ p: { url: 'https://h.example/db', user: 'ann', password: secret } });
  const known = [jobSecrets({}, secret), secretTexts(parseCredentials({ text: entry, name: 'c' }, {}))];
  const files = [secret, `${secret}\n`];
  for (const [text, texts] of files.flatMap((file) => known.map((one) => [file, one] as const))) {
    const secrets = new Secrets();
    for (const one of texts) secrets.add(one);
    const lines =
      Buffer.from(text)
        .toString('base64')
        .match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
    // A last line of fewer than eight characters stays.
    const shown = lines.map((line) => secrets.hide(`  ${line}\r`));
    expect(shown.slice(0, -1)).toEqual(lines.slice(1).map(() => '  ***\r'));
    expect(shown.at(-1)).toMatch(/^ {2}(?:\*\*\*|.{1,7})\r$/);
  }
});
