import { writeFile } from 'node:fs/promises';
import { testDolt } from './dolt-binary.ts';
import type { TempFolder } from './temp-folder.ts';

/** A Dolt with commands of a shell before its `dolt fsck`, which they can replace. */
export async function doltWithFsck(folder: TempFolder, commands: string): Promise<string> {
  const script = `#!/bin/sh\n[ "$1" != fsck ] || { ${commands}; }\nexec '${testDolt()}' "$@"\n`;
  await writeFile(folder.file('dolt'), script, { mode: 0o755 });
  return folder.file('dolt');
}
