import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { redact } from '../../src/core/secrets.ts';

test.each([
  [
    "fatal: unable to access 'https://me:hunter2@h.example/r.git/'",
    "fatal: unable to access 'https://me:***@h.example/r.git/'",
  ],
  ['https://:hunter2@h/x', 'https://:***@h/x'],
  ['https://hunter2:x-oauth-basic@h/x', 'https://***:***@h/x'],
  ['remote ghp_0123456789abcdefABCDEF denied', 'remote *** denied'],
  ['not "a\\nghp_0123456789abcdefABCDEF"', 'not "a\\n***"'],
  ['github_pat_11AAAAAAA0123456789_abc', '***'],
  ['glpat-0123456789abcdefghij', '***'],
  ['key AKIAIOSFODNN7EXAMPLE is not known', 'key *** is not known'],
  ['Authorization: Basic eC1hY2Nlc3M6aHVudGVyMg==', 'Authorization: Basic ***'],
  ['authorization: bearer abcdefgh12345678', 'authorization: bearer ***'],
  ['jwt eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl end', 'jwt *** end'],
  ['?X-Amz-Signature=abcdef0123&X-Amz-Date=2026', '?X-Amz-Signature=***&X-Amz-Date=2026'],
  [
    'parse "http://h:1/single_symmetric_key_sealed_request/o/r/x.darc?exp=1&nonce=a&req=Dx0-_B": invalid port',
    'parse "http://h:1/single_symmetric_key_sealed_request/o/r/x.darc?exp=1&nonce=a&req=***": invalid port',
  ],
  ['AWS_SECRET_ACCESS_KEY=abc/def+ghi', 'AWS_SECRET_ACCESS_KEY=***'],
  ['{"client_secret": "hunter2", "type": "x"}', '{"client_secret": "***", "type": "x"}'],
  ['{"private_key":"hunter2"}', '{"private_key":"***"}'],
  ['password: hunter2', 'password: ***'],
  ['a\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\ndef\n-----END OPENSSH PRIVATE KEY-----\nb', 'a\n***\nb'],
  ['-----BEGIN PRIVATE KEY-----\nabc', '***'],
  ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc\n-----END PGP PRIVATE KEY BLOCK-----', '***'],
  [`xoxb-${'x1Y2'.repeat(5)}`, '***'],
  [`npm_${'x1Y2'.repeat(9)}`, '***'],
  [`AIza${'x1Y2x'.repeat(7)}`, '***'],
  [`sk-${'x1Y2'.repeat(5)}`, '***'],
])('%j becomes %j', (text, shown) => {
  expect(redact(text)).toBe(shown);
  expect(redact(shown)).toBe(shown);
});

test.each([
  'ssh://git@h.example:2222/org/repo',
  'https://h.example:8443/a@b',
  "Access denied for user 'root' (errno 1045)",
  'error: must set DOLT_REMOTE_PASSWORD environment variable to use --user param',
  'commit 0123456789abcdefghijklmnopqrstuv',
  'the token ring',
  'a password is needed',
  'task-1234567890123456789012',
])('%j is unchanged', (text) => {
  expect(redact(text)).toBe(text);
});

test('redaction removes no text that identifies an error', () => {
  const seen = z
    .array(z.looseObject({ text: z.string() }))
    .parse(JSON.parse(readFileSync('__tests__/fixtures/dolt-texts.json', 'utf8')));
  expect(seen.filter(({ text }) => redact(text) !== text)).toEqual([]);
});
