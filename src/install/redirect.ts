import { Failure } from '../core/failure.ts';

/**
 * Where a redirect may lead: anywhere, but never from https to a road that others can read or change.
 * @throws Failure `dolt-download-failed`
 */
export function redirectTarget(from: string, location: string): string {
  if (from.startsWith('https:') && !location.startsWith('https:')) {
    throw new Failure('dolt-download-failed', `${from} redirects from https to "${location}"`);
  }
  return location;
}
