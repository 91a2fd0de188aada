import { dirname, join } from 'node:path';
import { Failure, toFailure } from '../../../core/failure.ts';
import { isFile, readSmallText } from '../../../core/files.ts';
import { judgeManifest, MANIFEST_BYTES } from '../../../dolt/database-files.ts';
import type { ScratchFolders } from './scratch-folders.ts';

/**
 * Refuses a kept exchange with a broken manifest, as a power failure leaves it. Dolt (2.3.0) only says `EOF`.
 * @throws Failure `corrupt`
 */
export async function requireExchangeManifest({ exchange }: Pick<ScratchFolders, 'exchange'>): Promise<void> {
  const file = join(exchange, 'manifest');
  if (!(await isFile(file)) || judgeManifest(await readSmallText(file, MANIFEST_BYTES)) !== 'corrupt') return;
  throw new Failure('corrupt', `${file} is not a manifest of Dolt`);
}

/** A failure of a run through a server. If the kept scratch folders are damaged, the database itself is not. */
export function damagedCopy(thrown: unknown, { exchange }: Pick<ScratchFolders, 'exchange'>): Failure {
  const failure = toFailure(thrown);
  const folder = dirname(exchange);
  const isOfCopy = [failure.message, failure.toolText ?? ''].some((text) => text.includes(folder));
  if (failure.code !== 'corrupt' || !isOfCopy) return failure;
  const message = `the copy in ${folder}, in which runs through a server work, is damaged: ${failure.toolText ?? failure.message}`;
  const hint = `The database of the server is not affected. Rename ${folder}: the next run makes a new copy.`;
  return new Failure('corrupt', message, { hint, cause: failure });
}
