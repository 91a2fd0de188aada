import { Failure } from '../core/failure.ts';
import { quoteEndpoint } from './endpoint-quote.ts';

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
const MAX_LENGTH = 64;
const RESERVED = new Set(['origin', 'main', 'master', 'head']);

/**
 * A peer's name, given back as it is. Reserved names would be mistaken for the primary or for a branch.
 * @throws Failure `invalid-peer-name`.
 */
export function parsePeerName(written: string): string {
  const why = refusal(written);
  if (why === null) return written;
  // Who mixes up the arguments writes an endpoint here.
  const shown = quoteEndpoint(written);
  const hint = written.toLowerCase() === 'origin' ? 'The peer `origin` is set with `federation.remote`.' : undefined;
  throw new Failure('invalid-peer-name', `invalid peer name ${shown}: ${why}`, { hint });
}

function refusal(name: string): string | null {
  if (name === '') return 'it is empty';
  if (name.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  if (!NAME.test(name)) return 'it must start with a letter and hold only letters, digits, "-" and "_"';
  if (RESERVED.has(name.toLowerCase())) return 'it is reserved';
  return null;
}
