import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { reportResultSchema } from '../../src/contract/result.ts';
import { PLAIN_STYLE } from '../../src/report/text/table.ts';
import { prepared } from './command-line.ts';
import { commandContext } from './configuring.ts';
import { peer, runResult } from './results.ts';
import type { TempFolder } from './temp-folder.ts';

const origin = peer({ name: 'origin', role: 'primary' });
/** The result of one of three legs. */
export const leg = (number: number) =>
  runResult({ shard: `${number}/3`, selection: '0123456789ab', peers: [origin, peer({ name: `p${number}` })] });

/** Writes files: a text or bytes as they are, anything else as JSON. */
export async function put(folder: TempFolder, files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(folder.file(name)), { recursive: true });
    const bytes = typeof content === 'string' || content instanceof Buffer ? content : JSON.stringify(content);
    await writeFile(folder.file(name), bytes);
  }
}

/** Runs `report` in a folder. */
export async function ran(folder: TempFolder, args: readonly string[], ceiling: string | null = null) {
  const context = { ...commandContext(folder.path), ceiling, tempDir: folder.file('temp') };
  const { exitCode, rendered } = await prepared(['report', ...args]).run(context);
  return {
    exitCode,
    json: reportResultSchema.parse(rendered.json),
    rendered,
    text: rendered.text({ ...PLAIN_STYLE, showOrigin: false }),
  };
}
