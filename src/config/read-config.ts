import { Failure } from '../core/failure.ts';
import { readSmall } from '../core/read-small.ts';

const EMPTY_HINT = 'Restore the file, or delete it to begin anew; a comment in it is enough to say that it is meant.';

/**
 * The text of a configuration file, a byte order mark included.
 * @throws Failure `config-unreadable` for folders, devices, files of no byte or over 1 MiB, other encodings than UTF-8, and what the
 * system refuses
 */
export async function readConfigText(file: string): Promise<string> {
  const refuse = (why: string, cause?: unknown, hint?: string) =>
    new Failure('config-unreadable', `cannot read ${file}: ${why}`, { location: { file }, cause, hint });
  const found = await readSmall(file);
  if (found.kind === 'absent') throw refuse('ENOENT, it does not exist');
  if (found.kind === 'refused') throw refuse(found.why, found.cause);
  if (found.bytes.length === 0)
    throw refuse('it is empty (0 bytes), as a crash or a full disk leaves it', undefined, EMPTY_HINT);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(found.bytes);
  } catch (thrown) {
    throw refuse('it is not UTF-8', thrown);
  }
}
