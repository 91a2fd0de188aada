import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readSmallText } from '../core/read-small.ts';
import { writeWhole } from '../core/write-whole.ts';

const capabilitiesSchema = z.strictObject({
  /** Whether it knows `s3://`. */
  s3: z.boolean(),
  /** Whether a session can say who committed and when. */
  committer: z.boolean(),
});
/** What a Dolt can that others cannot. */
export type Capabilities = Readonly<z.infer<typeof capabilitiesSchema>>;

/** Raised with every question that is added, so that older answers are asked anew. */
const FOLDER = 'dolt-capabilities-1';

/** What is known of an executable; null where nothing is, or where the file has changed since. */
export async function readCapabilities(executable: string, toolCacheDir: string): Promise<Capabilities | null> {
  try {
    const text = await readSmallText(await entry(executable, toolCacheDir));
    return capabilitiesSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Keeps what an executable answered. Where that cannot be written it is asked again, which takes a moment. */
export async function storeCapabilities(executable: string, known: Capabilities, toolCacheDir: string): Promise<void> {
  try {
    const file = await entry(executable, toolCacheDir);
    await mkdir(join(toolCacheDir, FOLDER), { recursive: true });
    await writeWhole(file, `${JSON.stringify(known)}\n`);
  } catch {
    // A read-only tool cache is a fine one.
  }
}

/** Path, size and time of a change tell one build from another, without reading 170 MB. */
async function entry(executable: string, toolCacheDir: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(executable);
  const key = createHash('sha256')
    .update(JSON.stringify([executable, size, mtimeMs, ino]))
    .digest('hex');
  return join(toolCacheDir, FOLDER, `${key}.json`);
}
