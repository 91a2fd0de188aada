import type { Env } from '../core/env.ts';
import { type FolderPlace, inPrivateFolder } from '../core/private-folder.ts';
import { doltEnvironment, preparePrivateRoot } from './environment.ts';
import { type Finished, run } from './process.ts';

export interface PrivateRunContext extends FolderPlace {
  readonly env: Env;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 60_000;
/** The expected outputs are short, and the program may be no Dolt. */
const MAX_OUTPUT_BYTES = 64 * 1024;

/**
 * Runs one Dolt command in an empty private folder with private settings, and removes both. The command can access no
 * database and contacts no host.
 * @throws Failure as `run` does
 */
export async function runPrivately(
  executable: string,
  args: readonly string[],
  context: PrivateRunContext,
): Promise<Finished> {
  return await inPrivateFolder(context, 'ask', async (folder) => {
    const root = await preparePrivateRoot(folder);
    return await run(executable, args, {
      // It ends before its garbage matters, and collecting it takes a quarter of the time (2.3.0, measured).
      env: { ...doltEnvironment(context.env, root, { privateDir: folder, userHome: false }), GOGC: 'off' },
      cwd: folder,
      signal: context.signal,
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
  });
}
