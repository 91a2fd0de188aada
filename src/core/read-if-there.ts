import { Failure } from './failure.ts';
import { readSmall } from './read-small.ts';

/**
 * The text of a small ordinary file, or null where there is none.
 * @throws Failure `config-unreadable` for what is there and is not read: it may say something that counts
 */
export async function readIfThere(file: string): Promise<string | null> {
  const found = await readSmall(file);
  switch (found.kind) {
    case 'read':
      return found.bytes.toString('utf8');
    case 'absent':
      return null;
    case 'refused':
      throw new Failure('config-unreadable', `cannot read ${file}: ${found.why}`, {
        location: { file },
        cause: found.cause,
      });
  }
}
