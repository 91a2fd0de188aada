import { createPrivateKey, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { parsedJson } from '../../core/json.ts';

const schema = z.object({ kty: z.string(), crv: z.string(), d: z.string(), x: z.string().nullish() });

const PUBLIC_BYTES = 32;
/** Go's form of an Ed25519 private key: the seed, then the public key. */
const PRIVATE_BYTES = 64;
/** RFC 8410: the prefix of the 32-byte seed in a PKCS #8 key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * A DoltHub key as `dolt creds new` writes it, also with CRLF or in base64. Dolt deviates from RFC 8037: its `d` is the
 * public key and its `x` the private one (Dolt 2.3.0, creds/jwk.go).
 * @returns the JSON that Dolt reads
 * @throws Failure `config-invalid` without any of the text
 */
export function checkJwk(text: string, label = 'the DoltHub key'): string {
  const refuse = (why: string, hint = CURE) => new Failure('config-invalid', `${label} ${why}`, { hint });
  const json = plainOrBase64(text);
  if (json === undefined) throw refuse('is not JSON or base64-encoded JSON');
  const jwk = schema.safeParse(json).data;
  if (jwk === undefined) throw refuse('is not a JWK: it needs `kty`, `crv`, `d` and `x` as text');
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519') throw refuse('is not of the type OKP with Ed25519, which Dolt uses');
  if (!jwk.x) throw refuse('is only the public key', 'Use the file of the private key, ~/.dolt/creds/<id>.jwk.');
  const [open, secret] = [fromBase64(jwk.d), fromBase64(jwk.x)];
  if (open?.length === PUBLIC_BYTES && secret?.length === PUBLIC_BYTES) {
    throw refuse(
      'is a JWK of RFC 8037, which Dolt does not read',
      'Create one with `dolt creds new`, and add it to your DoltHub account.',
    );
  }
  if (open?.length !== PUBLIC_BYTES) throw refuse('does not have the 32 bytes of a public key in `d`');
  if (secret?.length !== PRIVATE_BYTES) throw refuse('does not have the 64 bytes of a private key in `x`');
  const made = publicKeyOf(secret.subarray(0, PUBLIC_BYTES));
  if (!made.equals(open) || !made.equals(secret.subarray(PUBLIC_BYTES))) {
    throw refuse('has a public key that does not match the private key');
  }
  return JSON.stringify({ d: padded(open), x: padded(secret), kty: jwk.kty, crv: jwk.crv });
}

const CURE = 'Use the file that `dolt creds new` wrote, ~/.dolt/creds/<id>.jwk, unchanged.';

function plainOrBase64(text: string): unknown {
  const plain = parsedJson(text);
  return plain === undefined ? parsedJson(Buffer.from(text, 'base64').toString('utf8')) : plain;
}

function fromBase64(text: string): Buffer | null {
  return /^[A-Za-z0-9_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64url') : null;
}

/** Dolt's decoder requires the padding. */
function padded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

function publicKeyOf(seed: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-PUBLIC_BYTES);
}
