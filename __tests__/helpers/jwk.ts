import { generateKeyPairSync } from 'node:crypto';

/** A DoltHub key as `dolt creds new` writes it: `d` is the public key, `x` the seed and the public key (2.3.0). */
export function doltJwk(): { readonly d: string; readonly x: string; readonly kty: string; readonly crv: string } {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [seed, open] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  return { d: padded(open), x: padded(Buffer.concat([seed, open])), kty: 'OKP', crv: 'Ed25519' };
}

function padded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
