import { readFile } from 'node:fs/promises';
import { Failure } from './failure.ts';
import { systemCode } from './system-code.ts';

/**
 * The text of a file, or null where there is none.
 * @throws Failure `config-unreadable` for what is there and cannot be read: it may say something that counts
 */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new Failure('config-unreadable', `cannot read ${file}: ${code ?? 'unknown'}`, { location: { file }, cause });
  }
}
