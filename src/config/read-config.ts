import { readFile, stat } from 'node:fs/promises';
import { errorMessage, Failure } from '../core/failure.ts';
import { systemCode } from '../core/system-code.ts';

const MAX_BYTES = 1024 * 1024;
const EMPTY_HINT = 'Restore the file, or delete it to begin anew; a comment in it is enough to say that it is meant.';

/**
 * The text of a configuration file, a byte order mark included.
 * @throws Failure `config-unreadable` for folders, devices, files of no byte or over 1 MiB, other encodings than UTF-8, and what the
 * system refuses
 */
export async function readConfigText(file: string): Promise<string> {
  const refuse = (why: string, cause?: unknown, hint?: string) =>
    new Failure('config-unreadable', `cannot read ${file}: ${why}`, { location: { file }, cause, hint });
  try {
    const found = await stat(file);
    if (!found.isFile()) throw refuse(found.isDirectory() ? 'it is a folder' : 'it is no ordinary file');
    if (found.size === 0)
      throw refuse('it is empty (0 bytes), as a crash or a full disk leaves it', undefined, EMPTY_HINT);
    if (found.size > MAX_BYTES) throw refuse('it is larger than 1 MiB');
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file));
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    const isEncoding = systemCode(thrown) === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    throw refuse(isEncoding ? 'it is not UTF-8' : errorMessage(thrown), thrown);
  }
}
