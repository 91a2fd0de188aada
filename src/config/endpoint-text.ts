import { invalidEndpoint } from './endpoint-failure.ts';

/**
 * Refuses what no part of an endpoint may hold, written or decoded.
 * Format characters count as control characters: they make two different endpoints look the same.
 * @throws Failure `invalid-endpoint`.
 */
export function refuseUnsafeText(written: string, part: string): void {
  if (part === '') throw invalidEndpoint(written, 'it has an empty part (a doubled or trailing separator counts)');
  if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(part)) throw invalidEndpoint(written, 'it holds a control character');
  if (/[\s\p{Z}]/u.test(part)) throw invalidEndpoint(written, 'it holds whitespace');
  if (part.includes('\\')) throw invalidEndpoint(written, 'it holds a backslash');
  if (part.startsWith('-')) throw invalidEndpoint(written, 'a part begins with "-" and would be read as an option');
}

/**
 * The text of one part after percent-decoding, checked again. Dolt decodes some parts twice (Dolt 2.3.0,
 * dbfactory/file.go and url.Parse), so a part that still holds `%` after decoding is refused.
 * @throws Failure `invalid-endpoint`.
 */
export function decodePart(written: string, part: string): string {
  const decoded = percentDecode(written, part);
  refuseUnsafeText(written, decoded);
  if (decoded.includes('%')) throw invalidEndpoint(written, 'it holds a "%" that is encoded twice');
  if (/[?#]/.test(decoded)) throw invalidEndpoint(written, 'a part holds an encoded "?" or "#"');
  return decoded;
}

/**
 * The decoded segments of a path given without its leading slash.
 * @throws Failure `invalid-endpoint` for empty, `.`, `..`, option-like and undecodable segments and encoded slashes.
 */
export function decodePath(written: string, path: string): readonly string[] {
  return path.split('/').map((segment) => {
    const decoded = decodePart(written, segment);
    if (decoded.includes('/')) throw invalidEndpoint(written, 'a part of the path holds an encoded "/"');
    if (decoded === '.' || decoded === '..') throw invalidEndpoint(written, 'the path holds a "." or ".." segment');
    return decoded;
  });
}

function percentDecode(written: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) throw invalidEndpoint(written, 'its percent-encoding is not valid UTF-8');
    throw error;
  }
}
