import { readEnv } from '../../src/core/env.ts';
import { commandContext } from './configuring.ts';
import { testDolt } from './dolt-binary.ts';
import type { TempFolder } from './temp-folder.ts';

/** A request to remove a peer, and the context of the folder `local`; its messages go to `warnings` and `said`. */
export function removing(folder: TempFolder, name: string, warnings: string[], said: string[] = []) {
  const context = { ...commandContext(folder.file('local'), { env: doltOnPath(), ceiling: folder.path, warnings }) };
  return {
    request: { name, overrides: {}, dolt: { source: 'auto' } } as const,
    context: {
      ...context,
      tempDir: folder.path,
      log: { ...context.log, info: (text: string) => void said.push(text) },
    },
  };
}

/** `add-peer` and `remove-peer` find Dolt on PATH. */
function doltOnPath() {
  return { PATH: `${testDolt().replace(/\/[^/]*$/, '')}:${readEnv()['PATH'] ?? ''}` };
}
