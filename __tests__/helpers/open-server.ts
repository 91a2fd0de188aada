import { readEnv } from '../../src/core/env.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { type EngineContext, openServer, type Server, type ServerOptions } from '../../src/dolt/server/server.ts';
import { testDolt } from './dolt-binary.ts';
import type { TempFolder } from './temp-folder.ts';

/** Opens a server of the run for the database `local` of a folder. */
export function openTestServer(folder: TempFolder, more: Partial<EngineContext & ServerOptions> = {}): Promise<Server> {
  const context: EngineContext = {
    env: readEnv(),
    userHome: true,
    tempDir: folder.file('tmp'),
    signal: new AbortController().signal,
    onResource() {},
    secrets: new Secrets(),
    ...more,
  };
  return openServer(context, { dolt: testDolt(), database: folder.file('local'), ...more });
}
