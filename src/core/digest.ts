import { createHash } from 'node:crypto';

/** The first digits of the SHA-256 of a text, for names that only have to differ. */
export function shortDigest(text: string, digits = 12): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
