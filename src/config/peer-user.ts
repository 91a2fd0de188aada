import { Failure } from '../core/failure.ts';
import { looksLikeToken } from './endpoint-quote.ts';

/** What accounts are called on SQL servers and on DoltHub, mail addresses included. */
const USER = /^[A-Za-z0-9._@+][A-Za-z0-9._@+-]*$/;

/**
 * The user of a peer, given back as it is. It becomes the value of `--user` in a procedure call, where a leading `-`
 * would be an option, bound parameter or not.
 * @throws Failure `config-invalid`; `secret-in-config` for an access token, which is not shown
 */
export function parsePeerUser(written: string): string {
  if (looksLikeToken(written)) throw new Failure('secret-in-config', 'the user is an access token');
  if (USER.test(written)) return written;
  throw new Failure('config-invalid', 'the user is malformed', {
    hint: 'A user holds letters, digits, ".", "_", "@", "+" and "-", and does not begin with "-".',
  });
}
