import { describe, expect, test } from '@jest/globals';
import { parseEndpoint } from '../../src/config/endpoint/parse.ts';
import { quoteEndpoint, quotePattern } from '../../src/config/endpoint/text.ts';
import { refusal } from '../helpers/configuring.ts';

const OPTIONS = { dolthubHost: 'doltremoteapi.dolthub.com', allowInsecure: false };

describe('secrets in endpoints', () => {
  test.each([
    'https://user:hunter2@h/p',
    'https://:hunter2@h/p',
    'https://user:hun%74er2@h/p',
    'https://user%3Ahunter2@h/p',
    'https://user:hunter2＠h/p',
    'https://user：hunter2﹫h/p',
    'https://user：hunter2@h/p',
    'user:hunter2＠h:p',
    'https://h/token＝hunter2',
    'https://ghp_hunter2@h/p.git',
    'git+https://github_pat_hunter2@h/p.git',
    'gs://user:hunter2@b/p',
    'ftp://user:hunter2@h/p',
    'user:hunter2@h:p',
    'user:hunter2@h:p//r.git',
    'https://h/p;password=hunter2',
    'https://h/token%3Dhunter2/p',
    'file:///p/secret=hunter2',
    'git@h:p/token=hunter2.git',
    'aws://[t:b]/api_key=hunter2',
    'https://h/p?token=hunter2',
    'https://h/p?sig=hunter2',
    's3://b/p?secret-access-key=hunter2',
    's3://b/p?X-Amz-Signature=hunter2',
    's3://b/p?AWSAccessKeyId=hunter2',
    's3://b/p?endpoint=https://user:hunter2@h',
  ])('are found: %s', async (written) => {
    const failure = await refusal(() => parseEndpoint(written, OPTIONS));
    expect(failure.code).toBe('secret-in-config');
    expect(`${failure.message} ${failure.hint}`).not.toContain('hunter2');
  });

  test.each([
    ['https://user:a@b/c@h/p', '"https://***@h/p"'],
    ['https://secret:x-oauth-basic@h/p', '"https://***@h/p"'],
    ['https://user:secret%40h/p', '"https://***%40h/p"'],
    ['https://user:se/cret%40h/p', '"https://***%40h/p"'],
    ['https://h:8080/a%40b', '"https://h:8080/a%40b"'],
    ['https://user%3Asecret%40a%2540h/p', '"https://***%2540h/p"'],
    ['https://h/p;token=secret', '"https://h/p;token=***"'],
    ['user:secret@h:p', '"***@h:p"'],
    ['https://user:secret＠h/p', '"https://***＠h/p"'],
    ['https://user：se／cret﹫h/p', '"https://***﹫h/p"'],
    ['https：／／user:secret＠h/p', '"https：／／***＠h/p"'],
    ['user：secret＠h:p', '"***＠h:p"'],
    ['https://user:secret%EF%BC%A0h/p', '"https://user:***"'],
    ['https://user:se/cret h/p', '"https://user:***"'],
    ['https://user:secretⓐh/p', '"https://user:***"'],
    ['https://[::1]:secret/p', '"https://[::1]:***"'],
    ['https://[::1]:80/p', '"https://[::1]:80/p"'],
    ['aws://[table:bucket/p', '"aws://[table:bucket/p"'],
    ['aws://key:secret/p', '"aws://key:***"'],
    ['file://C:x/p', '"file://C:x/p"'],
    ['file:///a:b/c', '"file:///a:b/c"'],
    ['C:\\x', '"C:\\\\x"'],
    ['https://h．example/ä/ｐ', '"https://h．example/ä/ｐ"'],
    ['https://h/p？key=secret', '"https://h/p？***"'],
    ['user:secret@h:p//r.git', '"***@h:p//r.git"'],
    ['user:x//secret@h:p', '"***@h:p"'],
    ['https:/user:secret@h/p//q', '"***@h/p//q"'],
    ['https:/user:secret%40h/p', '"***%40h/p"'],
    ['///user:secret%40h/p', '"///***%40h/p"'],
    ['//git@h/p', '"//git@h/p"'],
    ['file:///p/a%40b', '"file:///p/a%40b"'],
    ['git@h:p', '"git@h:p"'],
    ['https://h/p?a=secret', '"https://h/p?***"'],
    ['https://h/p#secret', '"https://h/p#***"'],
    ['https://h/"\n', '"https://h/\\"\\u{a}"'],
  ])('%j is shown as %s', (written, shown) => {
    expect(quoteEndpoint(written)).toBe(shown);
  });
});

test.each([
  ['https://h/**', '"https://h/**"'],
  ['https://user:hunter2@h/**', '"https://***@h/**"'],
  ['https://user:hunter2＠h/**', '"https://***＠h/**"'],
  ['https://h:*/**', '"https://h:*/**"'],
  ['aws://[*:bucket]/**', '"aws://[*:bucket]/**"'],
  [`https://user:${'hunter2'.repeat(50)}@h/**`, '"https://***@h/**"'],
  [`https://ghp_${'a1'.repeat(18)}@h/**`, '"https://***@h/**"'],
  [`gs://${'a'.repeat(300)}`, `"gs://${'a'.repeat(194)}…"`],
])('the pattern %j is shown as %s', (pattern, shown) => {
  expect(quotePattern(pattern)).toBe(shown);
});
