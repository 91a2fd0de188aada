import { Failure } from '../core/failure.ts';
import { refusedName } from './branch-name.ts';

/**
 * The full name of a git ref, given back as it is. Dolt hands it to git as it stands, and git takes a short name for
 * different refs in different places.
 * @throws Failure `config-invalid`
 */
export function parseRefName(written: string): string {
  const isFull = /^refs\/[^/]+\/./.test(written);
  const why = refusedName(written) ?? (isFull ? null : 'is no full name');
  if (why === null) return written;
  throw new Failure('config-invalid', `the ref ${JSON.stringify(written)} ${why}`, {
    hint: 'Write it in full, such as refs/heads/dolt-data; without one it is refs/dolt/data.',
  });
}
