import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is removed when the test's scope ends, even if the test throws. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  file(...parts: string[]): string;
}

/** @param parent the folder of the run for temporary files, unless the length of the path matters */
export async function tempFolder(parent = tmpdir()): Promise<TempFolder> {
  const path = await realpath(await mkdtemp(join(parent, 'df-test-')));
  return {
    path,
    file: (...parts) => join(path, ...parts),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** A folder below another one, for a command to start in. */
export function below(folder: TempFolder, ...parts: readonly string[]): TempFolder {
  return { ...folder, path: folder.file(...parts), file: (...more) => folder.file(...parts, ...more) };
}
