import { expect, test } from '@jest/globals';
import { checkJwk } from '../../../src/credentials/providers/dolthub.ts';
import { doltJwk } from '../../helpers/jwk.ts';
import { failureOf } from '../../helpers/thrown.ts';

const KEY = doltJwk();
const TEXT = JSON.stringify(KEY);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const bytes = (count: number): string => Buffer.alloc(count, 7).toString('base64url');

test.each([
  ['without changes', TEXT],
  ['with CRLF', `${JSON.stringify(KEY, null, 2)}\n`.replaceAll('\n', '\r\n')],
  ['in base64', base64(TEXT)],
  ['in base64 of several lines', `${base64(TEXT).replace(/.{64}/g, '$&\n')}\n`],
  ['without the padding', JSON.stringify({ ...KEY, d: KEY.d.replace(/=+$/, ''), x: KEY.x.replace(/=+$/, '') })],
  ['with more than is needed', JSON.stringify({ ...KEY, kid: 'x' })],
])('a key %s becomes the form that Dolt reads', (_, text) => {
  expect(JSON.parse(checkJwk(text))).toEqual(KEY);
});

test.each<[string, string, string]>([
  ['that is not JSON', 'hunter2hunter2', 'is not JSON or base64-encoded JSON'],
  ['that is truncated', TEXT.slice(0, -9), 'is not JSON or base64-encoded JSON'],
  ['that is a list', '[]', 'not a JWK'],
  ['without d', JSON.stringify({ ...KEY, d: undefined }), 'not a JWK'],
  ['with a number for x', JSON.stringify({ ...KEY, x: 1 }), 'not a JWK'],
  ['of another type', JSON.stringify({ ...KEY, kty: 'RSA' }), 'not of the type'],
  ['on another curve', JSON.stringify({ ...KEY, crv: 'X25519' }), 'not of the type'],
  ['with only its public half', JSON.stringify({ ...KEY, x: undefined }), 'is only the public key'],
  ['with only its public half as Dolt shows it', JSON.stringify({ ...KEY, x: null }), 'is only the public key'],
  ['of RFC 8037', JSON.stringify({ ...KEY, d: bytes(32), x: bytes(32) }), 'RFC 8037'],
  ['with a short d', JSON.stringify({ ...KEY, d: bytes(31) }), '32 bytes'],
  ['with a d that is not base64', JSON.stringify({ ...KEY, d: '!' }), '32 bytes'],
  ['with a short x', JSON.stringify({ ...KEY, x: bytes(63) }), '64 bytes'],
  ['with a d of another key', JSON.stringify({ ...KEY, d: doltJwk().d }), 'does not match the private key'],
  ['with another seed', JSON.stringify({ ...KEY, x: otherSeed(KEY.x) }), 'does not match the private key'],
])('a key %s is refused, and no part of it is shown', async (_, text, why) => {
  const { code, message, hint } = await failureOf(() => checkJwk(text));
  expect(code).toBe('config-invalid');
  expect(message).toContain(why);
  for (const secret of ['hunter2', KEY.d, KEY.x]) expect(`${message}${hint}`).not.toContain(secret);
});

function otherSeed(x: string): string {
  const secret = Buffer.from(x, 'base64url');
  secret[0] = (secret[0] ?? 0) ^ 1;
  return secret.toString('base64url');
}
