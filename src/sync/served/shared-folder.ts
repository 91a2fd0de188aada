import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, toFailure } from '../../core/failure.ts';
import { isFile, isInside } from '../../core/files.ts';
import { refusedPath } from '../../dolt/failure-text.ts';
import type { UserServer } from '../../dolt/server/user-server.ts';

/** How commits go to a server that cannot use files of this user. */
export const USE_REMOTESAPI =
  'Start the server with `remotesapi: {port: 50051}` in its configuration (or `--remotesapi-port 50051`), and add `remotesapi: 50051` to `federation.server`.';

type Named = Pick<UserServer, 'name'>;

function unusable({ name }: Named, url: string, why: string, cause?: unknown): Failure {
  const message = `the server at ${name} cannot exchange commits through ${fileURLToPath(url)}: ${why}`;
  return new Failure('database-in-use', message, { hint: USE_REMOTESAPI, cause });
}

/** A failure of a server at a folder of ours: another user runs the server if the system refused the folder to it. */
export function failureAtFolder(thrown: unknown, server: Named, url: string): Failure {
  const failure = toFailure(thrown);
  const [folder, path] = [fileURLToPath(url), refusedPath(failure.message)];
  const isAbout = path !== null && (isInside(path, folder) || isInside(folder, path));
  return isAbout ? unusable(server, url, failure.message, failure) : failure;
}

/**
 * Requires that a server wrote to a folder of ours. In another container, it writes to another folder of this name.
 * @throws Failure `database-in-use`
 */
export async function requireWritten(server: Named, url: string): Promise<void> {
  if (await isFile(join(fileURLToPath(url), 'manifest'))) return;
  throw unusable(server, url, 'it wrote there, and nothing is there. It may run in another container');
}
